/** What breakers tell, and how they look at one moment. */

import type { Refusal } from '../core/index.ts';
import type { Verdict } from './breaker-options.ts';
import type { BreakerMachine } from './breaker-machine.ts';
import type { BreakerState, StateChange } from './breaker-state.ts';
import type { Excess } from './machine-types.ts';

/** The breaker of which key, of a keyed breaker; undefined of a single one. */
interface Keyed {
  readonly key: string | undefined;
}

/** A change of state. */
export type Transition = StateChange & Keyed;

/** What a breaker tells its listeners. */
export interface BreakerEvents {
  /** The state changed. */
  transition: Transition;
  /** A call was turned away. */
  refused: Refusal & Keyed;
  /** A result of an earlier state came in and changed nothing. */
  late: Keyed & { readonly verdict: Verdict };
  /** In mode `observe-only`: the thresholds were crossed just now. */
  exceeded: Keyed & { readonly reason: Excess; readonly at: number };
  /** It should have opened, but as many of a keyed breaker's keys are open as may be. */
  capped: Keyed;
}

/** A breaker at one moment. The counts are those of the window in use: calls, or probes. */
export interface BreakerSnapshot {
  readonly state: BreakerState;
  /** Milliseconds since the state began. */
  readonly stateMs: number;
  /** Milliseconds until probes are let through; 0 unless open. */
  readonly retryAfterMs: number;
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
  /** 0–1; undefined while there are fewer calls than are needed for a verdict. */
  readonly failureRatio: number | undefined;
  readonly slowCallRatio: number | undefined;
  /** Mean duration of the calls in the window, ms; 0 without calls. */
  readonly meanMs: number;
  /** Calls turned away in this state. */
  readonly refused: number;
}

/** Looks at a breaker at `now`. */
export function snapshotOf(machine: BreakerMachine, now: number): BreakerSnapshot {
  machine.catchUp(now);
  const calls = machine.window.calls(now);
  const failures = machine.window.failures(now);
  const slow = machine.window.slow(now);
  const judged = calls > 0 && calls >= machine.callsNeeded(now);
  return {
    state: machine.state.kind,
    stateMs: now - machine.since,
    retryAfterMs: machine.retryAfterMs(now),
    calls,
    failures,
    slow,
    failureRatio: judged ? failures / calls : undefined,
    slowCallRatio: judged ? slow / calls : undefined,
    meanMs: calls === 0 ? 0 : machine.window.totalMs(now) / calls,
    refused: machine.refused,
  };
}

/**
 * Doors: the part of a policy that decides whether a call may pass and wants to know how it ended.
 *
 * A door answers with a pass, a refusal, or a promise of either. `core/flight.ts` derives `run` from
 * doors, one or many, so that a stack of them costs one promise and two clock reads.
 */

import type { Call } from './call.ts';
import type { CancelToken } from './cancellation.ts';
import type { RefusalCode } from './errors.ts';
import { isRejectedError, RejectedError, stackless } from './errors.ts';
import type { Runtime } from './runtime.ts';

/**
 * How a call ended, from a door's seat.
 *
 * - `success`, `failure`: the work answered, or failed (a time-out inside this door is a failure).
 * - `cancelled`: the caller, or a time limit outside this door, gave up; it counts neither for nor
 *   against anybody.
 * - `refused`: a policy further in turned the call away, or it was given up while it waited there; the
 *   work never ran.
 */
export type Outcome = 'success' | 'failure' | 'cancelled' | 'refused';

/** Leave to go on; `done` is called exactly once. */
export interface Pass {
  readonly ok: true;
  /** True when the pass is held until the work has settled, not only until the caller is answered. */
  readonly untilSettled?: boolean;
  /**
   * Ends the pass.
   *
   * @param outcome how the call ended
   * @param detail the value on success (of a stream: its last item), the error otherwise
   * @param now the time, where the caller has just read it
   */
  done(outcome: Outcome, detail?: unknown, now?: number): void;
}

/** The answer "no", as a value. */
export interface Refusal {
  readonly ok: false;
  readonly code: RefusalCode;
  /** Name of the policy that refuses. */
  readonly policy: string;
  /** Milliseconds after which asking again may succeed; 0 when unknown. */
  readonly retryAfterMs: number;
  /** The reason in words. */
  readonly message: string;
}

export type Entry = Pass | Refusal;

/** The pass of a door that does not care how the call ends. */
export const ADMITTED: Pass = Object.freeze({ ok: true, done: () => undefined });

/** What all stages of a flight have in common. */
interface StageBase {
  /** Names the policy in refusals, events and reports. */
  readonly name: string;
  /** What kind of policy this is; `compose` checks the order of kinds. */
  readonly kind: string;
  readonly runtime: Runtime;
}

/** A door. */
export interface Door extends StageBase {
  /**
   * Asks to pass. A waiting door answers with a promise; it watches the token under `call[TOKEN]`,
   * leaves its line when that is cancelled and then rejects with the token's reason.
   *
   * @param now the time, read once for a whole row of doors
   */
  enter(call: Call, now: number): Entry | Promise<Entry>;
}

/** A time limit: no door, but a bound on everything further in. */
export interface TimeLimit extends StageBase {
  /** Milliseconds from here to the answer. */
  readonly limitMs: number;
  /** Milliseconds from here to the first item of a stream, or to the answer if it is none. */
  readonly firstItemMs: number;
  /** Milliseconds that a stream may keep its reader waiting for a later item. */
  readonly idleMs: number;
  /** Milliseconds after the limit until work that ignores its signal is given up. */
  readonly abandonAfterMs: number;
}

export type Stage = Door | TimeLimit;

/** The key under which a policy shows the stage it is made of, for `compose` to fuse. */
export const STAGE: unique symbol = Symbol.for('tenfold.stage');

/** A policy that can be fused into a flight. */
export interface Staged {
  readonly [STAGE]: Stage;
}

/** The error a refusal becomes where the caller asked for a promise. It carries no stack. */
export function refusalError(refusal: Refusal): RejectedError {
  return stackless(
    () => new RejectedError(refusal.code, `${refusal.policy}: ${refusal.message}`, refusal),
  );
}

/** How a call that ended with `error` looks to the doors it had passed. */
export function outcomeOf(error: unknown, token: CancelToken | undefined): Outcome {
  if (token?.isCancelled === true) return 'cancelled';
  return isRejectedError(error) ? 'refused' : 'failure';
}

/** The same for a call whose work never began: to be given up then is to be turned away. */
export function outcomeAtDoor(error: unknown, token: CancelToken | undefined): Outcome {
  const outcome = outcomeOf(error, token);
  return outcome === 'cancelled' ? 'refused' : outcome;
}

/** True for a yes; asked before the rest, for the yes is the usual answer. */
export function isPass(entry: Entry | Promise<Entry>): entry is Pass {
  return (entry as Entry).ok;
}

/** True for an answer that is still to come. */
export function isPending(entry: Entry | Promise<Entry>): entry is Promise<Entry> {
  return (entry as Entry).ok === undefined;
}

/**
 * Virtual time: a runtime whose clock jumps from alarm to alarm.
 *
 * Real asynchronous code runs on it unchanged and deterministically: an alarm rings, everything it
 * set off runs to the end, the clock moves on. An hour of traffic takes seconds. (The idea is that
 * of FoundationDB's simulator and of madsim; here promises and the library's own alarms are all
 * there is to schedule.)
 */

import type { ProcessSignals, Runtime } from '../core/index.ts';
import { optionChecks } from '../core/index.ts';
import { simulation } from './simulation.ts';

export interface VirtualRuntimeOptions {
  /** Seeds every random stream. @default 1 */
  readonly seed?: number | string;
  /** Where `now()` begins, in ms. @default 0 */
  readonly startMs?: number;
  /** Where `wallTime()` begins, epoch ms. @default 2026-01-01T00:00:00Z */
  readonly wallStartMs?: number;
  /** Real milliseconds after which work that lets no virtual time pass counts as endless. @default 60_000 */
  readonly stuckAfterMs?: number;
  /** Virtual milliseconds of nothing but housekeeping after which a program counts as stalled. @default 86_400_000 */
  readonly idleLimitMs?: number;
  /** `turn` gives each alarm a turn of the event loop even where a faster way is there. @default 'auto' */
  readonly drain?: 'auto' | 'turn';
}

/** What a listener, a classifier or a background task threw. */
export interface Fault {
  readonly error: unknown;
  readonly origin: string;
  readonly at: number;
}

/** A runtime in virtual time. One run at a time. */
export interface VirtualRuntime extends Runtime {
  readonly seed: number | string;
  /** Everything that was reported, in order. */
  readonly faults: readonly Fault[];
  /**
   * Runs `program` to its end, letting virtual time pass whenever everybody waits.
   *
   * @returns what the program returns
   * @throws StalledError (`ERR_STALLED`) when nothing is left that could wake it: says who waits
   * @throws EndlessLoopError (`ERR_ENDLESS_LOOP`) when work goes on and time does not
   */
  run<T>(program: () => T | PromiseLike<T>): Promise<T>;
  /** Lets `ms` virtual milliseconds pass, and all that is due in them happen. */
  advance(ms: number): Promise<void>;
  /** Lets time pass until nothing but housekeeping (background alarms) is armed. */
  runToIdle(): Promise<void>;
  /** Sets what `signals()` answers from now on; what is not named stays. */
  script(signals: Partial<ProcessSignals>): void;
}

/**
 * Makes a runtime in virtual time.
 *
 * ```ts
 * import { virtualRuntime } from 'tenfold/sim';
 *
 * const runtime = virtualRuntime({ seed: 7 });
 * await runtime.run(() => runtime.sleep(3_600_000)); // an hour, at once
 * console.log(runtime.now()); // 3600000
 * ```
 */
export function virtualRuntime(options: VirtualRuntimeOptions = {}): VirtualRuntime {
  const check = optionChecks('virtualRuntime');
  check.known(options, ['seed', 'startMs', 'wallStartMs', 'stuckAfterMs', 'idleLimitMs', 'drain']);
  return simulation({
    seed: options.seed ?? 1,
    startMs: check.number('startMs', options.startMs ?? 0),
    wallStartMs: check.number('wallStartMs', options.wallStartMs ?? Date.UTC(2026, 0, 1)),
    stuckAfterMs: check.count('stuckAfterMs', options.stuckAfterMs ?? 60_000),
    idleLimitMs: check.positive('idleLimitMs', options.idleLimitMs ?? 86_400_000),
    drain: check.oneOf('drain', options.drain ?? 'auto', ['auto', 'turn']),
  });
}

/** The public shape of a runtime in virtual time. */

import type { ProcessSignals, Runtime } from '../core/index.ts';

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

/**
 * The one door for nondeterminism: clock, timers, random numbers, process signals and real I/O.
 *
 * Every primitive takes a `Runtime` and uses nothing else, so the objects a service runs in
 * production also run in virtual time (`tenfold/sim`).
 */

import type { Alarm } from './alarm.ts';

/** How loaded this process is; virtual runs script it. */
export interface ProcessSignals {
  /** How late the event loop runs its timers, mean of the last sampling window, in milliseconds. */
  readonly eventLoopDelayMs: number;
  /** CPU time of this process over elapsed time, 0–1 for one core; above 1 with busy threads. */
  readonly cpuRatio: number;
  /** Heap used over the heap limit, 0–1. */
  readonly heapRatio: number;
}

/** Somebody who can hold calls up, and says so when a virtual run can go no further. */
export interface WaitingParty {
  /** What waits and for what, in one line; undefined when nothing does. */
  waiting(): string | undefined;
}

/** Time, chance and the outside world, as a primitive sees them. */
export interface Runtime {
  /** Milliseconds with fractions, monotonic, arbitrary origin. */
  now(): number;
  /** Epoch milliseconds; for dates only (cron, `Retry-After`, dumps), never to measure. */
  wallTime(): number;
  /** Resolves after `ms`; rejects with `signal.reason` as soon as `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Resolves in another turn of the event loop, after I/O and timers had theirs: for long work that
   * gives way now and then. In virtual time, at the same instant after everything that is due.
   */
  yield(): Promise<void>;
  /** Rings `alarm` in `ms` milliseconds; an armed alarm is moved. `O(log n)`, no timer per call. */
  arm(alarm: Alarm, ms: number): void;
  /** Rings `alarm` at `at` on `now()`'s axis, for callers who have just read the clock. */
  armAt(alarm: Alarm, at: number): void;
  /** Disarms `alarm`; does nothing when it is not armed. */
  disarm(alarm: Alarm): void;
  /** A signal that aborts with a `TimeoutError` after `ms`. It does not keep the process alive. */
  timeoutSignal(ms: number): AbortSignal;
  /** A stream of numbers in [0, 1). Each request for a name opens a stream of its own. */
  random(name: string): () => number;
  /** Takes what a listener, a classifier or a background task threw; never throws. */
  report(error: unknown, origin: string): void;
  /** The process's load now. Sampled when asked, no timer of ours. */
  signals(): ProcessSignals;
  /** The door for real I/O: virtual time stands still until `promise` settles. */
  outside<T>(promise: PromiseLike<T>): Promise<T>;
  /** Makes `party` speak up when a virtual run can go no further; does nothing in real time. */
  enrol(party: WaitingParty): void;
}

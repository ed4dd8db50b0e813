/** The public shape of a work queue. */

import type { Call, Policy, Runtime, Slots, Staged, Work } from '../core/index.ts';
import type { Task } from './task.ts';

export interface WorkQueueOptions<R = undefined> {
  /** How many may run at once: a whole number of 1 or more, or a pool (any `Slots`) to run on. */
  readonly concurrency: number | Slots<R>;
  /** How many may wait; what comes beyond is refused with `ERR_QUEUE_FULL`. @default Infinity */
  readonly capacity?: number;
  /** Names the queue in refusals and reports. @default 'queue' */
  readonly name?: string;
  readonly runtime?: Runtime;
}

/** What `update` may change. */
export interface WorkQueueLimits {
  /** How many may run at once; only where `concurrency` is a number. Fewer interrupts nobody. */
  readonly concurrency?: number;
  /** How many may wait. Whoever waits already stays. */
  readonly capacity?: number;
}

/** A queue at one moment. */
export interface WorkQueueSnapshot {
  readonly waiting: number;
  readonly running: number;
  /** Slots there are, free or not. */
  readonly concurrency: number;
  readonly capacity: number;
  readonly isPaused: boolean;
  /** Since construction: entries, those started, refused for lack of room, expired in line. */
  readonly entered: number;
  readonly started: number;
  readonly refused: number;
  readonly expired: number;
}

export interface CloseOptions {
  /** How long the queue may go on working off what waits, in ms. @default Infinity: to the end */
  readonly graceMs?: number;
}

/** What a closed queue could not do. */
export interface CloseReport {
  /** Entries that still waited; each was rejected with `ERR_CLOSED`. */
  readonly waiting: number;
  /** Entries that still ran when the grace was over; they were not interrupted. */
  readonly running: number;
}

/** A priority queue of work. As a policy it holds its slot until the work has settled. */
export interface WorkQueue<R = undefined> extends Policy, Staged, AsyncDisposable {
  readonly name: string;
  /** Runs `work` when its turn comes, and answers with what it returns. */
  run<T>(work: Work<T, R>, call?: Call): Promise<T>;
  run<T>(work: Work<T>, call?: Call): Promise<T>;
  /** Puts `work` in line and answers at once with a handle on it. Never throws for a refusal. */
  add<T>(work: Work<T, R>, call?: Call): Task<T>;
  /** Starts nothing more; what runs goes on. */
  pause(): void;
  resume(): void;
  /** Resolves when nothing waits and nothing runs. */
  idle(): Promise<void>;
  update(limits: WorkQueueLimits): void;
  snapshot(): WorkQueueSnapshot;
  /**
   * Takes nothing more (`ERR_CLOSED`), works off what waits, and says what was left when the grace was
   * over. May be called again; the shortest grace counts.
   */
  close(options?: CloseOptions): Promise<CloseReport>;
}

/** The public shape of a pool. */

import type { Call, Lease, Policy, Runtime, Slots, Staged, Work } from '../core/index.ts';

export interface PoolOptions<R> {
  /**
   * Makes one worker; may take its time. `signal` aborts when the worker is no longer wanted.
   */
  readonly create: (context: { readonly signal: AbortSignal }) => R | PromiseLike<R>;
  /** Takes a worker down. What it throws is reported, and the worker counts as gone. @default nothing */
  readonly destroy?: (resource: R) => unknown;
  /**
   * Whether a worker may still be used, asked before each use; one that fails is destroyed. While an
   * asynchronous answer is on its way the worker is not lent. @default always
   */
  readonly validate?: (resource: R) => boolean | PromiseLike<boolean>;
  /** Fewest workers, kept ready. @default 0 */
  readonly min?: number;
  /** Most workers, 1 or more. */
  readonly max: number;
  /** How long a worker above `min` may be idle before it is destroyed, in ms. @default 30_000 */
  readonly idleMs?: number;
  /**
   * Wait after a failed `create`: `baseMs`, doubled with each failure in a row up to `maxMs`, drawn
   * between half and the whole. @default 100 and 10_000
   */
  readonly createBackoff?: { readonly baseMs?: number; readonly maxMs?: number };
  /** Failures of `create` in a row, with no worker alive, after which calls are refused. @default 3 */
  readonly createAttempts?: number;
  /** Names the pool in refusals and reports. @default 'pool' */
  readonly name?: string;
  readonly runtime?: Runtime;
}

/** New bounds; what is left out stays. */
export interface PoolResize {
  readonly min?: number;
  readonly max?: number;
  /** Exactly so many workers, within min and max; `undefined` gives the pool its own head again. */
  readonly target?: number | undefined;
}

/** A pool at one moment. */
export interface PoolSnapshot {
  readonly min: number;
  readonly max: number;
  readonly target: number | undefined;
  /** Workers that are there or on their way: idle, busy and starting. */
  readonly size: number;
  readonly idle: number;
  readonly busy: number;
  readonly starting: number;
  /** Busy workers that will be destroyed when they come back. */
  readonly draining: number;
  /** Calls waiting for a worker, here and in the queue in front. */
  readonly backlog: number;
  /** Busy over ready workers, 0–1; 0 when there are none. */
  readonly utilisation: number;
  /** Sums since construction: worker-milliseconds in use, and alive. */
  readonly busyMs: number;
  readonly aliveMs: number;
  /** Since construction. */
  readonly created: number;
  readonly destroyed: number;
  readonly createFailures: number;
}

export interface PoolCloseOptions {
  /** How long busy workers may go on, in ms. @default Infinity: to the end */
  readonly graceMs?: number;
}

/** What a closed pool could not wait for. */
export interface PoolCloseReport {
  /** Workers still busy when the grace was over; they were destroyed all the same. */
  readonly busy: number;
}

/** An elastic pool of anything that is made and destroyed. */
export interface Pool<R> extends Slots<R>, Policy, Staged, AsyncDisposable {
  readonly name: string;
  /** Leases a worker now, or answers undefined; a refusal when none can be had at present. */
  tryAcquire(call?: Call, now?: number): ReturnType<Slots<R>['tryAcquire']>;
  /**
   * Waits for a worker, in order of priority, then arrival.
   *
   * @throws RejectedError `ERR_EXPIRED` at the call's deadline, `ERR_UNAVAILABLE` when `create` keeps
   *   failing; `ClosedError` when the pool is closed; the signal's reason
   */
  acquire(call?: Call): Promise<Lease<R>>;
  /** Lends a worker to `work` for as long as it runs. */
  run<T>(work: Work<T, R>, call?: Call): Promise<T>;
  run<T>(work: Work<T>, call?: Call): Promise<T>;
  /** Asks for exactly `size` workers, within min and max: what a scaling engine calls. */
  apply(size: number): void;
  resize(limits: PoolResize): void;
  snapshot(): PoolSnapshot;
  /** Lends nothing more (`ERR_CLOSED`), waits for what is lent, destroys every worker. */
  close(options?: PoolCloseOptions): Promise<PoolCloseReport>;
}

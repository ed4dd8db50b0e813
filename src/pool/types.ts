/** The public shape of a pool. */

import type { Call, Lease, Policy, Runtime, Slots, Staged, Work } from '../core/index.ts';

/** What a worker is made under. */
export interface CreateContext {
  /** Aborts when the worker is no longer wanted, or takes too long. */
  readonly signal: AbortSignal;
  /** What the worker must be able to do; undefined: anything. */
  readonly speciality: string | undefined;
}

/** When a worker that comes back is destroyed instead of lent again; another takes its place if needed. */
export interface RecycleOptions<R> {
  /** How often a worker is lent, 1 or more. @default Infinity */
  readonly maxUses?: number;
  /**
   * How long a worker lives, in ms above 0, drawn between 0.9 of it and the whole, so that workers made
   * together do not go together. An idle one goes at once, a busy one when it comes back.
   * @default Infinity
   */
  readonly maxLifetimeMs?: number;
  /** How much memory a worker may hold by `bytesOf`, in bytes. @default Infinity */
  readonly maxBytes?: number;
  /** Memory of a worker as the host last heard of it, in bytes; goes with `maxBytes`. */
  readonly bytesOf?: (resource: R) => number;
  /** True destroys the worker whose work failed with `error`. @default never */
  readonly afterFailure?: (error: unknown, resource: R) => boolean;
}

/** What workers can do, and what work asks for. */
export interface SpecialityOptions<R> {
  /** What a call asks for; undefined: anybody will do. @default its `kind` */
  readonly of?: (call: Call) => string | undefined;
  /**
   * Whether a worker can do it, asked once for each worker and speciality. Then `create` must heed
   * `speciality`: what it makes instead counts as a failure. @default everybody can do everything
   */
  readonly canDo?: (resource: R, speciality: string) => boolean;
  /**
   * What each speciality is sure of, as a part of the pool's size (`target`, or `max`), 0–1, together at
   * most 1. What a speciality does not use is lent to the others, and is its own again as work ends.
   * @default nothing is sure
   */
  readonly shares?: Readonly<Record<string, number>>;
}

/** Who has to go when there are too many workers: idle ones first, then busy ones, when they come back. */
export interface PoolScaleInRules<R> {
  /** Which of two goes first: negative for `a`. @default who has idled longest */
  readonly victim?: (a: R, b: R) => number;
  /** True keeps a worker, this time: a voice call, a job without a checkpoint. @default nobody */
  readonly veto?: (resource: R) => boolean;
}

export interface PoolOptions<R> {
  /** Makes one worker; may take its time. */
  readonly create: (context: CreateContext) => R | PromiseLike<R>;
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
  /** Free workers kept beyond those that are busy, up to `max`; 0 or more. @default 0 */
  readonly spares?: number;
  /** How long a worker above `min` may be idle before it is destroyed, in ms. @default 30_000 */
  readonly idleMs?: number;
  /** How long `create` may take, in ms; then it counts as failed. @default Infinity */
  readonly createTimeoutMs?: number;
  /** How long `destroy` may take, in ms; then it is reported and waited for no more. @default Infinity */
  readonly destroyTimeoutMs?: number;
  /** How long `validate` may take, in ms; then the worker is not fit. @default Infinity */
  readonly validateTimeoutMs?: number;
  /**
   * Wait after a failed `create`: `baseMs`, doubled with each failure in a row up to `maxMs`, drawn
   * between half and the whole. @default 100 and 10_000
   */
  readonly createBackoff?: { readonly baseMs?: number; readonly maxMs?: number };
  /** Failures of `create` in a row, with no worker alive, after which calls are refused. @default 3 */
  readonly createAttempts?: number;
  /** @default workers are kept until they idle */
  readonly recycle?: RecycleOptions<R>;
  /** @default anybody will do for anything */
  readonly specialities?: SpecialityOptions<R>;
  /** @default the longest idle go first */
  readonly scaleIn?: PoolScaleInRules<R>;
  /**
   * Reports a lease that is not back after so long, in ms, once, with the stack of its acquisition;
   * costs that stack on every lease. @default Infinity: not looked for
   */
  readonly leakAfterMs?: number;
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
  /** Leases reported by `leakAfterMs` that are not back. */
  readonly leaks: number;
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
  /**
   * Resolves when there are `min` workers (or `target`) at least: for warming up before taking load.
   *
   * @throws RejectedError `ERR_UNAVAILABLE` when `create` keeps failing; `ClosedError` when closed
   */
  ready(): Promise<void>;
  /**
   * Lets a worker go for good, and replaces it if it is needed: for a worker that announces its end (a
   * spot notice, a `SIGTERM`). An idle one goes at once, a busy one when it comes back, or when
   * `noticeMs` is over, with its work.
   *
   * @returns false when it is not a worker of this pool
   */
  retire(resource: R, notice?: { readonly noticeMs?: number }): boolean;
  snapshot(): PoolSnapshot;
  /**
   * Lends nothing more (`ERR_CLOSED`), waits for what is lent, destroys every worker and waits until
   * they are down, all within the grace.
   */
  close(options?: PoolCloseOptions): Promise<PoolCloseReport>;
}

/**
 * Slots: the port between a line of waiting work and what works it off.
 *
 * A queue's concurrency is a number or a `Slots`. A pool implements it, so that work waits in one
 * place, in priority order; a second line inside the pool would undo the order of the first.
 */

import type { Call } from './call.ts';
import type { Outcome } from './door.ts';

/** A leased thing. `release` is idempotent. */
export interface Lease<R> extends Disposable {
  readonly resource: R;
  /** Gives the thing back. A failed outcome lets the owner decide whether to keep it. */
  release(outcome?: Outcome, detail?: unknown, now?: number): void;
}

/** What a queue asks for room. */
export interface Slots<R = unknown> {
  /**
   * Leases a slot fit for `call` now, or answers undefined. Asking in vain is a sign of demand: an
   * elastic pool may start to grow because of it.
   */
  tryAcquire(call: Call, now: number): Lease<R> | undefined;
  /** Slots that exist now, free or not. */
  readonly size: number;
  /**
   * Calls `listener` whenever a slot may have become free: after a release, a growth, a change of
   * limits. One queue at most listens.
   *
   * @param backlog tells the owner of the slots how many calls wait for one
   */
  attach(listener: () => void, backlog: () => number): Disposable;
}

/** One worker of a pool, and the lease on it. */

import type { Lease, Outcome } from '../core/index.ts';

/**
 * Where a worker is in its life.
 *
 * - `starting`: being made. `checking`: its validity is being asked. `idle`: ready, free.
 * - `busy`: lent. `draining`: lent, and destroyed when it comes back. `gone`: no part of the pool.
 */
export type WorkerState = 'starting' | 'checking' | 'idle' | 'busy' | 'draining' | 'gone';

export class Worker<R> {
  state: WorkerState = 'starting';
  /** There once it has been made. */
  resource: R | undefined = undefined;
  /** Since when it is in this state, in ms. */
  since: number;
  isMade = false;
  /** When `validate` last found it good, in ms; a worker just made is good. */
  checkedAt = -1;
  readonly abort: AbortController = new AbortController();

  constructor(now: number) {
    this.since = now;
  }
}

/** Who takes workers back. */
export interface Lender<R> {
  takeBack(worker: Worker<R>, outcome: Outcome, now: number | undefined): void;
}

/** A worker lent; given back once however often `release` is called. */
export class WorkerLease<R> implements Lease<R> {
  readonly ok = true;
  readonly resource: R;
  private readonly lender: Lender<R>;
  private worker: Worker<R> | undefined;

  constructor(lender: Lender<R>, worker: Worker<R>) {
    this.lender = lender;
    this.worker = worker;
    this.resource = worker.resource as R;
  }

  release(outcome: Outcome = 'success', _detail?: unknown, now?: number): void {
    const { worker } = this;
    if (worker === undefined) return;
    this.worker = undefined;
    this.lender.takeBack(worker, outcome, now);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }
}

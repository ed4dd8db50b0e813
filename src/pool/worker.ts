/** One worker of a pool, and the lease on it. */

import type { Alarm, Lease, Outcome } from '../core/index.ts';

/**
 * Where a worker is in its life.
 *
 * - `starting`: being made. `checking`: its validity is being asked. `idle`: ready, free.
 * - `busy`: lent. `draining`: lent, and destroyed when it comes back. `gone`: no part of the pool.
 */
export type WorkerState = 'starting' | 'checking' | 'idle' | 'busy' | 'draining' | 'gone';

export class Worker<R> implements Alarm {
  /** Rings at the end of its lifetime. */
  alarmId = -1;
  readonly background = true;
  state: WorkerState = 'starting';
  /** There once it has been made. */
  resource: R | undefined = undefined;
  /** Since when it is in this state, in ms. */
  since: number;
  isMade = false;
  /** When `validate` last found it good, in ms; a worker just made is good. */
  checkedAt = -1;
  /** Times it was lent. */
  uses = 0;
  /** True once it is told to go for good: it is not taken back when the pool is to grow again. */
  isRetired = false;
  /** What it was made for; undefined: for anything. */
  readonly madeFor: string | undefined;
  /** What it can do, as far as it was asked. */
  readonly abilities: Map<string, boolean> = new Map<string, boolean>();
  /** What it is lent for; '' for anything. */
  lot = '';
  /** Watches its lease, where leaks are looked for. */
  leak: Alarm | undefined = undefined;
  readonly abort: AbortController = new AbortController();
  private readonly grewOld: (worker: Worker<R>, now: number) => void;

  constructor(
    now: number,
    madeFor: string | undefined,
    grewOld: (worker: Worker<R>, now: number) => void,
  ) {
    this.since = now;
    this.madeFor = madeFor;
    this.grewOld = grewOld;
  }

  ring(now: number): void {
    this.grewOld(this, now);
  }
}

/** Who takes workers back. */
export interface Lender<R> {
  takeBack(worker: Worker<R>, end: { outcome: Outcome; detail: unknown }, now?: number): void;
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

  release(outcome: Outcome = 'success', detail?: unknown, now?: number): void {
    const { worker } = this;
    if (worker === undefined) return;
    this.worker = undefined;
    this.lender.takeBack(worker, { outcome, detail }, now);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }
}

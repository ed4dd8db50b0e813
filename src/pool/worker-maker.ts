/** Makes workers and takes them down, and knows when making them is in vain. */

import type { Alarm, Runtime } from '../core/index.ts';
import { TimeoutError } from '../core/index.ts';
import type { CreateBackoff } from './create-backoff.ts';
import { createDelayMs } from './create-backoff.ts';
import type { CreateContext } from './types.ts';
import type { Worker } from './worker.ts';

export interface WorkerMakerOptions<R> {
  readonly create: (context: CreateContext) => R | PromiseLike<R>;
  readonly destroy: (resource: R) => unknown;
  readonly createTimeoutMs: number;
  readonly createBackoff: CreateBackoff;
  readonly createAttempts: number;
  readonly name: string;
  readonly runtime: Runtime;
}

/** How making a worker ended: `unwanted` when its signal had aborted meanwhile. */
export type Making = 'made' | 'failed' | 'unwanted';

/** How making workers of one sort has gone of late. */
interface Health {
  failuresInRow: number;
  /** No worker is begun before this time, in ms. */
  retryAt: number;
}

export class WorkerMaker<R> {
  created = 0;
  destroyed = 0;
  failures = 0;
  private readonly options: WorkerMakerOptions<R>;
  private readonly draw: () => number;
  /** Whether a made worker can do what it was made for. */
  private readonly isAsAsked: (worker: Worker<R>) => boolean;
  /** By what workers are made for; a sort that goes well is not listed. */
  private readonly health = new Map<string, Health>();
  private readonly takingDown = new Set<Promise<void>>();

  constructor(options: WorkerMakerOptions<R>, isAsAsked: (worker: Worker<R>) => boolean) {
    this.options = options;
    this.isAsAsked = isAsAsked;
    this.draw = options.runtime.random('pool create back-off');
  }

  /** How often in a row making a worker for `lot` has failed. */
  failuresInRow(lot: string): number {
    return this.health.get(lot)?.failuresInRow ?? 0;
  }

  /** When a worker for `lot` may be begun, in ms. */
  retryAt(lot: string): number {
    return this.health.get(lot)?.retryAt ?? -Infinity;
  }

  /** True while making workers for `lot` has failed too often in a row and is left alone. */
  isBroken(lot: string, now: number): boolean {
    return this.failuresInRow(lot) >= this.options.createAttempts && now < this.retryAt(lot);
  }

  async make(worker: Worker<R>): Promise<Making> {
    const { signal } = worker.abort;
    try {
      await this.create(worker);
      if (!signal.aborted && !this.isAsAsked(worker)) {
        void this.takeDown(worker);
        throw new TypeError(`create made a worker that cannot do ${worker.madeFor}`);
      }
    } catch (error) {
      if (signal.aborted && !(error instanceof TimeoutError)) return 'unwanted';
      this.failed(worker, error);
      return 'failed';
    }
    this.health.delete(worker.madeFor ?? '');
    if (!signal.aborted) return 'made';
    void this.takeDown(worker);
    return 'unwanted';
  }

  /** Destroys a worker, or stops one that is being made. */
  discard(worker: Worker<R>): void {
    if (worker.isMade) void this.takeDown(worker);
    else worker.abort.abort();
  }

  /** Resolves when everything that was discarded is down. */
  async allDown(): Promise<void> {
    await Promise.all(this.takingDown);
  }

  /** Passes on what a callback of the user's threw. */
  report(error: unknown, callback: string): void {
    this.options.runtime.report(error, `${this.options.name}: ${callback}`);
  }

  private async create(worker: Worker<R>): Promise<void> {
    const { createTimeoutMs, runtime } = this.options;
    const context = { signal: worker.abort.signal, speciality: worker.madeFor };
    const making = this.arrive(worker, context);
    if (createTimeoutMs === Infinity) return making;
    let limit: Alarm | undefined;
    const tooLong = new Promise<never>((_resolve, reject) => {
      limit = { alarmId: -1, ring: () => reject(this.timedOut(worker)) };
      runtime.arm(limit, createTimeoutMs);
    });
    try {
      await Promise.race([making, tooLong]);
    } finally {
      if (limit !== undefined && limit.alarmId >= 0) runtime.disarm(limit);
    }
  }

  private async arrive(worker: Worker<R>, context: CreateContext): Promise<void> {
    worker.resource = await this.options.create(context);
    worker.isMade = true;
    this.created++;
    // Too late for its time-out: nobody waits for it any more.
    if (context.signal.reason instanceof TimeoutError) void this.takeDown(worker);
  }

  private timedOut(worker: Worker<R>): TimeoutError {
    const { createTimeoutMs } = this.options;
    const error = new TimeoutError(
      `create took longer than ${createTimeoutMs} ms`,
      createTimeoutMs,
    );
    worker.abort.abort(error);
    return error;
  }

  private failed(worker: Worker<R>, error: unknown): void {
    const { createBackoff, runtime } = this.options;
    const lot = worker.madeFor ?? '';
    const failuresInRow = this.failuresInRow(lot) + 1;
    this.failures++;
    const delayMs = createDelayMs(createBackoff, failuresInRow, this.draw());
    this.health.set(lot, { failuresInRow, retryAt: runtime.now() + delayMs });
    this.report(error, 'create');
  }

  private async takeDown(worker: Worker<R>): Promise<void> {
    this.destroyed++;
    const down = this.destroy(worker);
    this.takingDown.add(down);
    await down;
    this.takingDown.delete(down);
  }

  private async destroy(worker: Worker<R>): Promise<void> {
    try {
      await this.options.destroy(worker.resource as R);
    } catch (error) {
      this.report(error, 'destroy');
    }
  }
}

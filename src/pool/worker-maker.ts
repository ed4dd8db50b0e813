/** Makes workers and takes them down, and knows when making them is in vain. */

import type { Runtime } from '../core/index.ts';
import { TimeoutError } from '../core/index.ts';
import type { CreateBackoff } from './create-backoff.ts';
import { createDelayMs } from './create-backoff.ts';
import type { CreateContext } from './types.ts';
import { within } from './within.ts';
import type { Worker } from './worker.ts';

export interface WorkerMakerOptions<R> {
  readonly create: (context: CreateContext) => R | PromiseLike<R>;
  readonly destroy: (resource: R) => unknown;
  readonly createTimeoutMs: number;
  readonly destroyTimeoutMs: number;
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
  /** What is being made and taken down. */
  private readonly underWay = new Set<Promise<unknown>>();

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

  make(worker: Worker<R>): Promise<Making> {
    return this.follow(this.tryToMake(worker));
  }

  /** How many are being made or taken down. */
  get busy(): number {
    return this.underWay.size;
  }

  private async tryToMake(worker: Worker<R>): Promise<Making> {
    const { signal } = worker.abort;
    try {
      await this.create(worker);
      if (!signal.aborted && !this.isAsAsked(worker)) {
        void this.takeDown(worker);
        throw new TypeError(`create made a worker that cannot do ${worker.madeFor}`);
      }
    } catch (error) {
      if (signal.aborted && !(signal.reason instanceof TimeoutError)) return 'unwanted';
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

  /** Resolves when everything that was discarded is down, also what was still being made. */
  async allDown(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  /** Passes on what a callback of the user's threw. */
  report(error: unknown, callback: string): void {
    this.options.runtime.report(error, `${this.options.name}: ${callback}`);
  }

  private async create(worker: Worker<R>): Promise<void> {
    const { createTimeoutMs, runtime } = this.options;
    const { signal } = worker.abort;
    let isTooLate = false;
    const arrive = async (): Promise<void> => {
      worker.resource = await this.options.create({ signal, speciality: worker.madeFor });
      worker.isMade = true;
      this.created++;
      if (isTooLate) void this.takeDown(worker);
    };
    const tooLong = (): Error => {
      isTooLate = true;
      const error = timedOut('create', createTimeoutMs);
      worker.abort.abort(error);
      return error;
    };
    await within(arrive(), { ms: createTimeoutMs, runtime, tooLong });
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

  private takeDown(worker: Worker<R>): Promise<void> {
    this.destroyed++;
    return this.follow(this.destroy(worker));
  }

  private async destroy(worker: Worker<R>): Promise<void> {
    const { destroyTimeoutMs, runtime } = this.options;
    const down = async (): Promise<unknown> => this.options.destroy(worker.resource as R);
    const tooLong = (): Error => timedOut('destroy', destroyTimeoutMs);
    try {
      await within(down(), { ms: destroyTimeoutMs, runtime, tooLong });
    } catch (error) {
      this.report(error, 'destroy');
    }
  }

  /** @param step never rejects */
  private async follow<T>(step: Promise<T>): Promise<T> {
    this.underWay.add(step);
    const end = await step;
    this.underWay.delete(step);
    return end;
  }
}

/** What a callback is told that took too long. */
export function timedOut(callback: string, ms: number): TimeoutError {
  return new TimeoutError(`${callback} took longer than ${ms} ms`, ms);
}

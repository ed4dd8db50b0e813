/** Makes workers and takes them down, and knows when making them is in vain. */

import type { Runtime } from '../core/index.ts';
import type { CreateBackoff } from './create-backoff.ts';
import { createDelayMs } from './create-backoff.ts';
import type { Worker } from './worker.ts';

export interface WorkerMakerOptions<R> {
  readonly create: (context: { readonly signal: AbortSignal }) => R | PromiseLike<R>;
  readonly destroy: (resource: R) => unknown;
  readonly createBackoff: CreateBackoff;
  readonly createAttempts: number;
  readonly name: string;
  readonly runtime: Runtime;
}

/** How making a worker ended: `unwanted` when its signal had aborted meanwhile. */
export type Making = 'made' | 'failed' | 'unwanted';

export class WorkerMaker<R> {
  created = 0;
  destroyed = 0;
  failures = 0;
  failuresInRow = 0;
  /** No worker is begun before this time, in ms. */
  retryAt = 0;
  private readonly options: WorkerMakerOptions<R>;
  private readonly draw: () => number;

  constructor(options: WorkerMakerOptions<R>) {
    this.options = options;
    this.draw = options.runtime.random('pool create back-off');
  }

  /** How many may be begun at once: after a failure one goes first, to see whether it can be done. */
  get mostAtOnce(): number {
    return this.failuresInRow > 0 ? 1 : Infinity;
  }

  /** True while `create` has failed too often in a row and is left alone. */
  isBroken(now: number): boolean {
    return this.failuresInRow >= this.options.createAttempts && now < this.retryAt;
  }

  async make(worker: Worker<R>): Promise<Making> {
    const { signal } = worker.abort;
    try {
      worker.resource = await this.options.create({ signal });
      worker.isMade = true;
    } catch (error) {
      if (signal.aborted) return 'unwanted';
      this.failed(error);
      return 'failed';
    }
    this.created++;
    this.failuresInRow = 0;
    if (!signal.aborted) return 'made';
    void this.takeDown(worker);
    return 'unwanted';
  }

  /** Destroys a worker, or stops one that is being made. */
  discard(worker: Worker<R>): void {
    if (worker.isMade) void this.takeDown(worker);
    else worker.abort.abort();
  }

  /** Passes on what a callback of the user's threw. */
  report(error: unknown, callback: string): void {
    this.options.runtime.report(error, `${this.options.name}: ${callback}`);
  }

  private failed(error: unknown): void {
    const { createBackoff, runtime } = this.options;
    this.failures++;
    this.failuresInRow++;
    this.retryAt = runtime.now() + createDelayMs(createBackoff, this.failuresInRow, this.draw());
    this.report(error, 'create');
  }

  private async takeDown(worker: Worker<R>): Promise<void> {
    this.destroyed++;
    try {
      await this.options.destroy(worker.resource as R);
    } catch (error) {
      this.report(error, 'destroy');
    }
  }
}

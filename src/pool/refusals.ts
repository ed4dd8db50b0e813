/** What a pool answers when it lends nothing. */

import type { Refusal } from '../core/index.ts';
import { ClosedError, refusalError, stackless } from '../core/index.ts';
import type { RejectedError } from '../core/index.ts';

/** The refusals of the pool of that name. */
export class PoolRefusals {
  private readonly policy: string;

  constructor(name: string) {
    this.policy = name;
  }

  closed(): Refusal {
    return this.unavailable('the pool is closed', 0);
  }

  closedError(): ClosedError {
    return stackless(() => new ClosedError(`${this.policy} is closed`));
  }

  /** `create` has failed so often that it is left alone for a while. */
  broken(failures: number, retryAfterMs: number): Refusal {
    const message = `no worker, and create has failed ${failures} times in a row`;
    return this.unavailable(message, retryAfterMs);
  }

  expiredError(deadline: number): RejectedError {
    const message = `the deadline (${deadline} ms) passed before a worker was free`;
    const { policy } = this;
    return refusalError({ ok: false, code: 'ERR_EXPIRED', policy, retryAfterMs: 0, message });
  }

  private unavailable(message: string, retryAfterMs: number): Refusal {
    return { ok: false, code: 'ERR_UNAVAILABLE', policy: this.policy, retryAfterMs, message };
  }
}

/** What a pool answers when it lends nothing. */

import type { Call, Refusal } from '../core/index.ts';
import { ClosedError, OptionError, ownSignal, refusalError, stackless } from '../core/index.ts';
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

  /** Why a call need not ask at all: it is none, was given up, or comes too late. */
  objectionTo(call: Call, now: number): { readonly reason: unknown } | undefined {
    const mistake = this.mistakeIn(call);
    if (mistake !== undefined) return { reason: mistake };
    const signal = ownSignal(call);
    if (signal?.aborted === true) return { reason: signal.reason };
    const { deadline = Infinity } = call;
    return deadline <= now ? { reason: this.expiredError(deadline) } : undefined;
  }

  private mistakeIn(call: Call): OptionError | undefined {
    if (typeof call !== 'object' || call === null) {
      return new OptionError(`${this.policy}: call`, 'an object', call);
    }
    const { priority = 0, deadline = 0 } = call;
    if (isNoNumber(priority)) {
      return new OptionError(`${this.policy}: call.priority`, 'a number', priority);
    }
    if (isNoNumber(deadline)) {
      return new OptionError(`${this.policy}: call.deadline`, 'a number', deadline);
    }
    return undefined;
  }

  private unavailable(message: string, retryAfterMs: number): Refusal {
    return { ok: false, code: 'ERR_UNAVAILABLE', policy: this.policy, retryAfterMs, message };
  }
}

function isNoNumber(value: unknown): boolean {
  return typeof value !== 'number' || Number.isNaN(value);
}

/** What a queue answers when it turns somebody away. */

import type { Call, Refusal, RefusalCode } from '../core/index.ts';
import { ClosedError, OptionError, stackless } from '../core/index.ts';

/** The refusals of the queue of that name. */
export class Refusals {
  private readonly policy: string;

  constructor(name: string) {
    this.policy = name;
  }

  expired(deadline: number): Refusal {
    return this.refusal(
      'ERR_EXPIRED',
      `the deadline (${deadline} ms) passed before a slot was free`,
    );
  }

  waitedLongest(maxWaitMs: number): Refusal {
    return this.refusal('ERR_EXPIRED', `waited ${maxWaitMs} ms, the longest that anybody may`);
  }

  hopeless(startBy: number, startAt: number): Refusal {
    const at = Math.round(startAt);
    const message = `would start at about ${at} ms, but must by ${Math.round(startBy)} ms`;
    return this.refusal('ERR_EXPIRED', message);
  }

  full(waiting: number, retryAfterMs: number): Refusal {
    return this.refusal('ERR_QUEUE_FULL', `${waiting} are waiting, as many as may`, retryAfterMs);
  }

  evicted(): Refusal {
    return this.refusal('ERR_QUEUE_FULL', 'gave way to another when the line was full');
  }

  overloaded(waitedMs: number): Refusal {
    const message = `waited ${Math.round(waitedMs)} ms in a line that stands`;
    return this.refusal('ERR_OVERLOADED', message);
  }

  closedError(): ClosedError {
    return stackless(() => new ClosedError(`${this.policy} is closed`));
  }

  priorityError(priority: unknown): OptionError {
    return new OptionError(`${this.policy}: call.priority`, 'a number', priority);
  }

  /** What is wrong with the numbers of a call; undefined when nothing is. */
  mistakeIn({ priority = 0, deadline = 0 }: Call): OptionError | undefined {
    if (isNoNumber(priority)) return this.priorityError(priority);
    if (isNoNumber(deadline)) {
      return new OptionError(`${this.policy}: call.deadline`, 'a number', deadline);
    }
    return undefined;
  }

  /** What is wrong with a task: its work, its priority or its times. */
  wrong(
    { work, priority, call }: { readonly work: unknown; readonly priority: unknown; call: Call },
    startAt: unknown,
  ): OptionError {
    if (typeof work !== 'function') {
      return new OptionError(`${this.policy}: work`, 'a function', work);
    }
    const { deadline } = call;
    const mistake = this.mistakeIn({ priority: priority as number, deadline });
    if (mistake !== undefined) return mistake;
    return new OptionError(`${this.policy}: call.startAt`, 'a finite number', startAt);
  }

  private refusal(code: RefusalCode, message: string, retryAfterMs = 0): Refusal {
    return { ok: false, code, policy: this.policy, retryAfterMs, message };
  }
}

export function isNoNumber(value: unknown): boolean {
  return typeof value !== 'number' || value !== value;
}

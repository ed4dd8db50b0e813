/**
 * Retry: one more attempt after a failure, within bounds of number, time and budget.
 */

import type { Call, Emitter, EventSource, Policy, Runtime, Work } from '../core/index.ts';
import {
  emitter,
  flightCall,
  flightRunner,
  isRejectedError,
  isThenable,
  optionChecks,
  retryAfterMs,
  sleepOn,
  systemRuntime,
  TOKEN,
} from '../core/index.ts';
import type { BackoffOptions, BackoffShape } from './backoff.ts';
import { BACKOFF_OPTIONS, backoffMs, backoffShape } from './backoff.ts';
import type { RetryBudget } from './retry-budget.ts';
import { checkedBudget, hasLeave } from './retry-budget.ts';

/** How an attempt ended. */
export interface AttemptEnd {
  readonly outcome: 'success' | 'failure';
  /** The value, or the error. */
  readonly detail: unknown;
  /** Which attempt it was, from 1. */
  readonly attempt: number;
}

/** Why no further attempt is made. */
export type GiveUpReason = 'attempts' | 'budget' | 'deadline' | 'retry-after';

export interface RetryEvents {
  /** An attempt is about to be made, after the wait. */
  retry: AttemptEnd & { readonly delayMs: number };
  /** An attempt that should be followed by another is not; its end is the caller's answer. */
  'gave-up': AttemptEnd & { readonly reason: GiveUpReason };
}

export interface RetryOptions extends BackoffOptions {
  /** Attempts in all, the first included; 1 or more. @default 3 */
  readonly attempts?: number;
  /**
   * Whether this end calls for another attempt; asked about every end, results included.
   *
   * @default every failure but a refusal by a policy, which would only meet the same again
   */
  readonly retryIf?: (end: AttemptEnd) => boolean;
  /**
   * How long the failure asks its caller to stay away, in ms: the least wait. Longer than
   * `maxDelayMs`, it is not waited for. @default what `Retry-After` and its like say (`retryAfterMs`)
   */
  readonly retryAfter?: (detail: unknown) => number | undefined;
  /** Asked before each attempt after the first. @default no bound */
  readonly budget?: RetryBudget;
  /** Names the policy in events and reports. @default 'retry' */
  readonly name?: string;
  readonly runtime?: Runtime;
}

/** What a retry policy has done so far. */
export interface RetrySnapshot {
  readonly calls: number;
  /** Attempts after the first. */
  readonly retries: number;
  /** Calls answered with an end that called for another attempt. */
  readonly gaveUp: number;
}

export interface Retry extends Policy, EventSource<RetryEvents> {
  readonly name: string;
  readonly kind: 'retry';
  readonly runtime: Runtime;
  snapshot(): RetrySnapshot;
}

/**
 * Makes a retry policy. The caller gets the last attempt's own value or error. Each attempt is a call of
 * its own further in, numbered by `call.attempt`. While it waits nothing is held, an abort answers the
 * caller at once, and no attempt is begun that could not start before `call.deadline`. A stream counts
 * as answered when it is handed out.
 *
 * ```ts
 * import { compose, retry, timeout } from 'tenfold';
 *
 * const patient = compose(retry({ attempts: 3, delayMs: 50 }), timeout({ ms: 1_000 }));
 * const which: number = await patient.run(async ({ attempt }) => attempt);
 * ```
 *
 * @throws OptionError for an option out of range
 */
export function retry(options: RetryOptions = {}): Retry {
  return new Retrier(options);
}

const OWN_OPTIONS = ['attempts', 'retryIf', 'retryAfter', 'budget', 'name', 'runtime'] as const;

class Retrier implements Retry {
  readonly name: string;
  readonly kind = 'retry';
  readonly run: Policy['run'];
  readonly on: Retry['on'];
  readonly runtime: Runtime;
  private readonly options: RetryOptions;
  private readonly attempts: number;
  private readonly backoff: BackoffShape;
  private readonly random: () => number;
  private readonly events: Emitter<RetryEvents>;
  private calls = 0;
  private retries = 0;
  private gaveUp = 0;

  constructor(options: RetryOptions) {
    const check = optionChecks('retry');
    check.known(options, [...BACKOFF_OPTIONS, ...OWN_OPTIONS]);
    if (options.retryIf !== undefined) check.callable('retryIf', options.retryIf);
    if (options.retryAfter !== undefined) check.callable('retryAfter', options.retryAfter);
    checkedBudget(check, options.budget);
    this.options = options;
    this.name = check.text('name', options.name ?? 'retry');
    this.runtime = options.runtime ?? systemRuntime();
    this.attempts = check.count('attempts', options.attempts ?? 3);
    this.backoff = backoffShape(check, options);
    this.random = this.runtime.random(`${this.name} jitter`);
    this.events = emitter(this.runtime, this.name);
    this.on = (name, listener) => this.events.on(name, listener);
    const fly = flightRunner([], this.runtime);
    this.run = <T>(work: Work<T>, call?: Call) => fly((inner) => this.start(work, inner), call);
  }

  snapshot(): RetrySnapshot {
    return { calls: this.calls, retries: this.retries, gaveUp: this.gaveUp };
  }

  /** The first attempt; most calls need no more, and pay for no loop. */
  private start<T>(work: Work<T>, call: Call): Promise<T> {
    const { budget, retryIf } = this.options;
    this.calls++;
    budget?.begin();
    return attemptOf(work, call, 1).then(
      (value) => {
        if (retryIf !== undefined) {
          return this.goOn(work, call, { outcome: 'success', detail: value, attempt: 1 });
        }
        budget?.end();
        return value;
      },
      (error: unknown) => this.goOn(work, call, { outcome: 'failure', detail: error, attempt: 1 }),
    );
  }

  /** Answers with this end, or makes attempts until one is good enough. */
  private async goOn<T>(work: Work<T>, call: Call, first: AttemptEnd): Promise<T> {
    try {
      let end = first;
      for (let delayMs: number | undefined = 0; ;) {
        delayMs = this.wantsMore(end, call) ? this.delayAfter(end, delayMs, call) : undefined;
        if (delayMs === undefined) return answerOf<T>(end);
        end = await this.attemptAfter(delayMs, { work, call, end });
      }
    } finally {
      this.options.budget?.end();
    }
  }

  private async attemptAfter<T>(delayMs: number, failed: Failed<T>): Promise<AttemptEnd> {
    const { work, call, end } = failed;
    const attempt = end.attempt + 1;
    const token = call[TOKEN];
    try {
      if (delayMs > 0) await sleepOn(this.runtime, delayMs, token);
      if (token?.isCancelled === true) throw token.reason;
      this.retries++;
      if (this.events.has('retry')) this.events.emit('retry', { ...end, delayMs });
      return await attemptOf(work, call, attempt).then(
        (detail) => ({ outcome: 'success', detail, attempt }),
        (detail: unknown) => ({ outcome: 'failure', detail, attempt }),
      );
    } finally {
      this.options.budget?.giveBack();
    }
  }

  private wantsMore(end: AttemptEnd, call: Call): boolean {
    if (call[TOKEN]?.isCancelled === true) return false;
    const { retryIf } = this.options;
    if (retryIf === undefined) return end.outcome === 'failure' && !isRejectedError(end.detail);
    try {
      const wants: unknown = retryIf(end);
      if (isThenable(wants)) throw new TypeError('retryIf must answer at once, not with a promise');
      return Boolean(wants);
    } catch (error) {
      this.runtime.report(error, `${this.name}: retryIf`);
      return false;
    }
  }

  /** The wait before the next attempt, or undefined when there is to be none. */
  private delayAfter(end: AttemptEnd, previousMs: number, call: Call): number | undefined {
    if (end.attempt >= this.attempts) return this.giveUp(end, 'attempts');
    const askedMs = this.askedMs(end.detail);
    if (askedMs > this.backoff.maxDelayMs) return this.giveUp(end, 'retry-after');
    const ownMs = backoffMs(this.backoff, end.attempt, previousMs, this.random);
    const delayMs = Math.max(ownMs, askedMs);
    if (call.deadline !== undefined && this.runtime.now() + delayMs >= call.deadline) {
      return this.giveUp(end, 'deadline');
    }
    if (!hasLeave(this.options.budget, this)) return this.giveUp(end, 'budget');
    return delayMs;
  }

  private askedMs(detail: unknown): number {
    const { retryAfter } = this.options;
    try {
      const ms =
        (retryAfter === undefined ? retryAfterMs(detail, this.runtime) : retryAfter(detail)) ?? 0;
      if (Number.isNaN(ms)) throw new TypeError('retryAfter must answer with a number, not NaN');
      return ms;
    } catch (error) {
      this.runtime.report(error, `${this.name}: retryAfter`);
      return 0;
    }
  }

  private giveUp(end: AttemptEnd, reason: GiveUpReason): undefined {
    this.gaveUp++;
    if (this.events.has('gave-up')) this.events.emit('gave-up', { ...end, reason });
  }
}

/** A call whose last attempt ended so that another may follow. */
interface Failed<T> {
  readonly work: Work<T>;
  readonly call: Call;
  readonly end: AttemptEnd;
}

function answerOf<T>(end: AttemptEnd): T {
  if (end.outcome === 'failure') throw end.detail;
  return end.detail as T;
}

/** One attempt, as a promise whatever the work does. */
function attemptOf<T>(work: Work<T>, call: Call, attempt: number): Promise<T> {
  try {
    return Promise.resolve(work(flightCall(call, call[TOKEN], attempt), undefined));
  } catch (error) {
    return Promise.reject(error);
  }
}

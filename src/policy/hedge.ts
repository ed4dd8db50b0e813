/**
 * Hedge: when an answer is late, ask once more and take what comes first.
 *
 * Dean and Barroso, "The Tail at Scale" (CACM 56/2, 2013), "hedged requests": deferring the second
 * request until the first is slower than the 95th percentile costs about 5 % more load and cuts most of
 * the tail. The budget keeps that true when everything is slow.
 */

import type { Alarm, Call, CancelHook, CancelToken, Policy } from '../core/index.ts';
import type { Runtime, Work } from '../core/index.ts';
import {
  cancelToken,
  closeStream,
  flightCall,
  flightRunner,
  optionChecks,
  systemRuntime,
  TOKEN,
} from '../core/index.ts';
import type { RecentQuantile } from './recent-quantile.ts';
import { recentQuantile } from './recent-quantile.ts';
import type { RetryBudget } from './retry-budget.ts';
import { checkedBudget, hasLeave } from './retry-budget.ts';

export interface HedgeOptions {
  /** Milliseconds without an answer after which another attempt is begun; 0 or more. @default 1_000 */
  readonly delayMs?: number;
  /**
   * Takes this quantile (0–1) of recent latencies as the delay instead; `delayMs` then holds until
   * `minimumCalls` were seen. @default undefined
   */
  readonly quantile?: number;
  /** Least delay in ms where it is a quantile. @default 1 */
  readonly minDelayMs?: number;
  /** Latencies needed before the quantile counts; 1 or more. @default 20 */
  readonly minimumCalls?: number;
  /** How far back latencies are remembered, in ms: between one and two times this. @default 30_000 */
  readonly windowMs?: number;
  /** Attempts in all, the first included; 2 or more. @default 2 */
  readonly attempts?: number;
  /** Asked before each attempt after the first; best one of its own. @default no bound */
  readonly budget?: RetryBudget;
  /** Names the policy. @default 'hedge' */
  readonly name?: string;
  readonly runtime?: Runtime;
}

/** What a hedge has done so far. */
export interface HedgeSnapshot {
  readonly calls: number;
  /** Attempts after the first. */
  readonly hedges: number;
  /** Calls answered by an attempt after the first. */
  readonly hedgesWon: number;
  /** Attempts the budget refused. */
  readonly refused: number;
  /** The delay in force now, in ms. */
  readonly delayMs: number;
}

export interface Hedge extends Policy {
  readonly name: string;
  readonly kind: 'hedge';
  readonly runtime: Runtime;
  snapshot(): HedgeSnapshot;
}

/**
 * Makes a hedging policy, for work that may run twice without harm. The first answer wins; the other
 * attempts' signals abort, with an `AbortError`, and what they hold is held until they settle. A failure is the
 * answer only when no other attempt is under way. Each attempt is a call of its own further in,
 * numbered by `call.attempt`. One alarm per call, no timer.
 *
 * ```ts
 * import { hedge, retryBudget } from 'tenfold';
 *
 * const prompt = hedge({ quantile: 0.95, delayMs: 200, budget: retryBudget({ ratio: 0.1 }) });
 * const answer: string = await prompt.run(async () => 'soon');
 * ```
 *
 * @throws OptionError for an option out of range
 */
export function hedge(options: HedgeOptions = {}): Hedge {
  return new Hedger(options);
}

const OPTIONS = [
  'delayMs',
  'quantile',
  'minDelayMs',
  'minimumCalls',
  'windowMs',
  'attempts',
  'budget',
  'name',
  'runtime',
] as const;

class Hedger implements Hedge {
  readonly name: string;
  readonly kind = 'hedge';
  readonly run: Policy['run'];
  readonly runtime: Runtime;
  readonly attempts: number;
  readonly budget: RetryBudget | undefined;
  calls = 0;
  hedges = 0;
  hedgesWon = 0;
  refused = 0;
  private readonly fixedMs: number;
  private readonly minDelayMs: number;
  private readonly latencies: RecentQuantile | undefined;

  constructor(options: HedgeOptions) {
    const check = optionChecks('hedge');
    check.known(options, OPTIONS);
    this.name = check.text('name', options.name ?? 'hedge');
    this.runtime = options.runtime ?? systemRuntime();
    this.attempts = check.number('attempts', options.attempts ?? 2, { min: 2, integer: true });
    this.budget = checkedBudget(check, options.budget);
    this.fixedMs = check.nonNegative('delayMs', options.delayMs ?? 1_000);
    this.minDelayMs = check.nonNegative('minDelayMs', options.minDelayMs ?? 1);
    const minimum = check.count('minimumCalls', options.minimumCalls ?? 20);
    const spanMs = check.positive('windowMs', options.windowMs ?? 30_000);
    if (options.quantile !== undefined) {
      const quantile = check.ratio('quantile', options.quantile);
      this.latencies = recentQuantile({ quantile, minimum, spanMs });
    }
    const fly = flightRunner([], this.runtime);
    this.run = <T>(work: Work<T>, call?: Call) =>
      fly((inner) => new HedgedCall(this, work, inner).start(), call);
  }

  snapshot(): HedgeSnapshot {
    const { calls, hedges, hedgesWon, refused } = this;
    return { calls, hedges, hedgesWon, refused, delayMs: this.delayMs(this.runtime.now()) };
  }

  delayMs(now: number): number {
    const recent = this.latencies?.value(now);
    return recent === undefined ? this.fixedMs : Math.max(this.minDelayMs, recent);
  }

  /**
   * Remembers how long the first attempt took, or how long it had taken when another one won: that is
   * past the delay, and so leaves the quantile where it is.
   */
  learn(ms: number, now: number): void {
    this.latencies?.record(ms, now);
  }
}

/** One call and its attempts. */
class HedgedCall<T> implements Alarm, CancelHook {
  alarmId = -1;
  hookToken: CancelToken | undefined = undefined;
  hookPrevious: CancelHook | undefined = undefined;
  hookNext: CancelHook | undefined = undefined;
  private readonly hedger: Hedger;
  private readonly work: Work<T>;
  private readonly call: Call;
  private readonly startedAt: number;
  /** The tokens of the attempts, in order. */
  private readonly tokens: CancelToken[] = [];
  private running = 0;
  private over = false;
  private resolve!: (value: T) => void;
  private reject!: (error: unknown) => void;

  constructor(hedger: Hedger, work: Work<T>, call: Call) {
    this.hedger = hedger;
    this.work = work;
    this.call = call;
    this.startedAt = hedger.runtime.now();
  }

  start(): Promise<T> {
    const { hedger } = this;
    hedger.calls++;
    hedger.budget?.begin();
    const promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.call[TOKEN]?.add(this);
    this.begin();
    this.awaitLateness(this.startedAt);
    return promise;
  }

  /** The answer is late. */
  ring(now: number): void {
    const { hedger } = this;
    if (!hasLeave(hedger.budget, hedger)) {
      hedger.refused++;
      return;
    }
    hedger.hedges++;
    this.begin();
    this.awaitLateness(now);
  }

  cancelled(reason: unknown): void {
    this.finish(reason);
    this.reject(reason);
  }

  private awaitLateness(now: number): void {
    if (this.over || this.tokens.length >= this.hedger.attempts) return;
    this.hedger.runtime.armAt(this, now + this.hedger.delayMs(now));
  }

  private begin(): void {
    const token = cancelToken();
    const index = this.tokens.push(token) - 1;
    this.running++;
    let answer: T | PromiseLike<T>;
    try {
      answer = this.work(flightCall(this.call, token, index + 1), undefined);
    } catch (error) {
      this.lose(index, error);
      return;
    }
    Promise.resolve(answer).then(
      (value) => this.win(index, value),
      (error: unknown) => this.lose(index, error),
    );
  }

  private win(index: number, value: T): void {
    this.end(index);
    if (this.over) {
      closeStream(value);
      return;
    }
    this.learn();
    if (index > 0) this.hedger.hedgesWon++;
    this.finish(this.tokens.length > 1 ? lost() : undefined, index);
    this.resolve(value);
  }

  private lose(index: number, error: unknown): void {
    this.end(index);
    if (this.over || this.running > 0) return;
    this.learn();
    this.finish(error);
    this.reject(error);
  }

  private learn(): void {
    const now = this.hedger.runtime.now();
    this.hedger.learn(now - this.startedAt, now);
  }

  /** An attempt has settled. */
  private end(index: number): void {
    this.running--;
    if (index > 0) this.hedger.budget?.giveBack();
  }

  /** The caller is answered; every attempt but the winner is told. */
  private finish(reason: unknown, winner = -1): void {
    if (this.over) return;
    this.over = true;
    this.hedger.runtime.disarm(this);
    this.hookToken?.remove(this);
    this.hedger.budget?.end();
    for (let i = 0; i < this.tokens.length; i++) {
      if (i !== winner) this.tokens[i]?.cancel(reason);
    }
  }
}

/** Made only for attempts that are told: it costs more than the whole call. */
function lost(): DOMException {
  return new DOMException('another attempt answered first', 'AbortError');
}

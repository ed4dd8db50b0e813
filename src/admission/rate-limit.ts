/**
 * A rate algorithm as a limit: finds the row of a call and the units it costs. One row for a single
 * limiter, a table of rows by key for a keyed one.
 */

import type { Call, Pass } from '../core/index.ts';
import { ADMITTED, costOf, OptionError } from '../core/index.ts';
import type { Limit, Reason } from './limit.ts';
import type { Allowance } from './limiter.ts';
import type { RateRule } from './rate/rule.ts';

/** Where the rows of calls are. */
export interface Rows {
  /** The row of the call; of a call never seen, a row that has spent nothing. */
  find(call: Call): number;
  /** The row of the call to write to, made if need be. Rows found before are no longer valid. */
  open(call: Call, now: number): number;
}

/** The one row of a limiter without keys. */
export function singleRow(rule: RateRule, now: number): Rows {
  rule.rows = new Float64Array(rule.width);
  rule.start(0, now);
  return { find: () => 0, open: () => 0 };
}

export class RateLimit implements Limit {
  readonly parts = 1;
  private readonly subject: string;
  private readonly rule: RateRule;
  private readonly rows: Rows;
  private readonly unit: string | undefined;

  constructor(subject: string, rule: RateRule, rows: Rows, unit: string | undefined) {
    this.subject = subject;
    this.rule = rule;
    this.rows = rows;
    this.unit = unit;
  }

  count(call: Call, ahead: Float64Array, sign: 1 | -1): void {
    ahead[0] = (ahead[0] as number) + sign * this.cost(call);
  }

  waitMs(call: Call, ahead: Float64Array, now: number): number {
    return this.rule.waitMs(this.rows.find(call), this.cost(call), ahead[0] as number, now);
  }

  admit(call: Call, now: number): Pass {
    const cost = this.cost(call);
    if (cost > 0) this.rule.spend(this.rows.open(call, now), cost, now);
    return ADMITTED;
  }

  explain(call: Call, waitMs: number): Reason {
    const { limit, windowMs } = this.rule.rate;
    const what = this.unit ?? 'calls';
    const message =
      waitMs === Infinity
        ? `a cost of ${this.cost(call)} ${what} never fits a limit of ${limit}`
        : `the limit of ${limit} ${what} in ${windowMs} ms is spent`;
    return { code: 'ERR_RATE_LIMITED', message };
  }

  peek(call: Call, ahead: Float64Array, now: number): Allowance {
    const at = this.rows.find(call);
    return {
      limit: this.rule.rate.limit,
      remaining: this.rule.remaining(at, now) - (ahead[0] as number),
      resetMs: this.rule.resetMs(at, now),
      retryAfterMs: this.waitMs(call, ahead, now),
    };
  }

  /** Spends (`sign` 1) or gives back (-1) what `call` costs, without asking. */
  adjust(call: Call, sign: 1 | -1, now: number): void {
    this.rule.spend(this.rows.open(call, now), sign * this.cost(call), now);
  }

  private cost(call: Call): number {
    const cost = costOf(call, this.unit);
    if (cost >= 0) return cost;
    throw new OptionError(`${this.subject}: call.cost`, 'a number of 0 or more', cost);
  }
}

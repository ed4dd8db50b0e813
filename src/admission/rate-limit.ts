/**
 * A rate algorithm as a limit: knows the units a call costs and the row they are spent from.
 */

import type { Call, Pass } from '../core/index.ts';
import { ADMITTED, costOf, OptionError } from '../core/index.ts';
import type { KeyTable } from './key-table.ts';
import { PRISTINE } from './key-table.ts';
import type { Ahead, Allowance, Limit, Reason } from './limit.ts';
import { nobody } from './limit.ts';
import type { RateRule } from './rate/rule.ts';

/** A limit on a rate, single or by key. */
export interface RateLimit extends Limit {
  readonly rule: RateRule;
}

/** What single and keyed limits have in common. */
class Costs {
  readonly rule: RateRule;
  private readonly name: string;
  private readonly unit: string | undefined;

  constructor(name: string, rule: RateRule, unit: string | undefined) {
    this.name = name;
    this.rule = rule;
    this.unit = unit;
  }

  cost(call: Call): number {
    const cost = costOf(call, this.unit);
    if (cost >= 0) return cost;
    throw new OptionError(`${this.name}: call.cost`, 'a number of 0 or more', cost);
  }

  nobody(): Ahead {
    return nobody();
  }

  count(call: Call, ahead: Ahead, sign: 1 | -1): void {
    ahead.units += sign * this.cost(call);
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

  protected allowance(at: number, retryAfterMs: number, ahead: number, now: number): Allowance {
    const { limit, windowMs } = this.rule.rate;
    return {
      name: this.name,
      unit: this.unit ?? 'requests',
      limit,
      windowMs,
      remaining: this.rule.remaining(at, now) - ahead,
      resetMs: this.rule.resetMs(at, now),
      retryAfterMs,
    };
  }
}

/** One row for all calls. */
export class SingleRateLimit extends Costs implements RateLimit {
  constructor(name: string, rule: RateRule, unit: string | undefined, now: number) {
    super(name, rule, unit);
    rule.rows = new Float64Array(rule.width);
    rule.start(0, now);
  }

  waitMs(call: Call, ahead: Ahead, now: number): number {
    return this.rule.waitMs(0, this.cost(call), ahead.units, now);
  }

  admit(call: Call, now: number): Pass {
    this.rule.spend(0, this.cost(call), now);
    return ADMITTED;
  }

  enter(call: Call, ahead: Ahead, now: number): Pass | number {
    const waitMs = this.rule.take(0, this.cost(call), ahead.units, now);
    return waitMs === 0 ? ADMITTED : waitMs;
  }

  peek(call: Call, ahead: Ahead, now: number): Allowance {
    return this.allowance(0, this.waitMs(call, ahead, now), ahead.units, now);
  }

  adjust(call: Call, sign: 1 | -1, now: number): void {
    this.rule.spend(0, sign * this.cost(call), now);
  }
}

/** A row for each key. */
export class KeyedRateLimit extends Costs implements RateLimit {
  private readonly table: KeyTable;
  private readonly keyOf: (call: Call) => string;

  constructor(
    name: string,
    table: KeyTable,
    unit: string | undefined,
    keyOf: (call: Call) => string,
  ) {
    super(name, table.rule, unit);
    this.table = table;
    this.keyOf = keyOf;
  }

  waitMs(call: Call, ahead: Ahead, now: number): number {
    const at = this.table.find(this.keyOf(call), now);
    return this.rule.waitMs(at, this.cost(call), ahead.units, now);
  }

  admit(call: Call, now: number): Pass {
    const cost = this.cost(call);
    if (cost > 0) this.rule.spend(this.table.open(this.keyOf(call), now), cost, now);
    return ADMITTED;
  }

  enter(call: Call, ahead: Ahead, now: number): Pass | number {
    const cost = this.cost(call);
    const key = this.keyOf(call);
    const at = this.table.find(key, now);
    if (at !== PRISTINE) {
      const waitMs = this.rule.take(at, cost, ahead.units, now);
      return waitMs === 0 ? ADMITTED : waitMs;
    }
    const waitMs = this.rule.waitMs(at, cost, ahead.units, now);
    if (waitMs > 0) return waitMs;
    if (cost > 0) this.rule.spend(this.table.open(key, now), cost, now);
    return ADMITTED;
  }

  peek(call: Call, ahead: Ahead, now: number): Allowance {
    const at = this.table.find(this.keyOf(call), now);
    return this.allowance(at, this.waitMs(call, ahead, now), ahead.units, now);
  }

  adjust(call: Call, sign: 1 | -1, now: number): void {
    const at = this.table.open(this.keyOf(call), now);
    this.rule.spend(at, sign * this.cost(call), now);
  }
}

/**
 * A rate algorithm as a limit: knows the units a call costs and the row they are spent from.
 */

import type { Call, Outcome, Pass } from '../core/index.ts';
import { ADMITTED } from '../core/index.ts';
import { checkedCost, namesCost } from './cost.ts';
import type { KeyTable } from './key-table.ts';
import { PRISTINE } from './key-table.ts';
import type { Ahead, Allowance, Limit, Reason, Shell } from './limit.ts';
import { nobody } from './limit.ts';
import type { RateRule } from './rate/rule.ts';
import type { Settlement, Settler } from './settlement.ts';
import { SettlingPass } from './settlement.ts';

/** What a rate limit is made of. */
export interface RateSetup {
  readonly name: string;
  readonly rule: RateRule;
  readonly unit: string | undefined;
  /** How estimates become real costs; undefined where costs are known beforehand. */
  readonly settlement: Settlement | undefined;
}

/** What single and keyed limits have in common. */
export abstract class RateLimit implements Limit, Settler {
  readonly rule: RateRule;
  readonly settlement: Settlement | undefined;
  /** Set once, by whoever makes both. */
  declare shell: Shell;
  private readonly name: string;
  private readonly unit: string | undefined;

  constructor({ name, rule, unit, settlement }: RateSetup) {
    this.name = name;
    this.rule = rule;
    this.unit = unit;
    this.settlement = settlement;
  }

  abstract waitMs(call: Call, ahead: Ahead, now: number): number;
  abstract admit(call: Call, now: number): Pass;
  abstract enter(call: Call, ahead: Ahead, now: number): Pass | number;
  abstract peek(call: Call, ahead: Ahead, now: number): Allowance;
  /** Where the row of `call` begins, to be written to. */
  protected abstract rowOf(call: Call, now: number): number;

  nobody(): Ahead {
    return nobody();
  }

  count(call: Call, ahead: Ahead, sign: 1 | -1): void {
    const cost = this.cost(call);
    ahead.units += sign * cost;
    if (sign === 1) this.settlement?.hold(call, cost);
    else this.settlement?.release(call);
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

  adjust(call: Call, sign: 1 | -1, now: number): void {
    const cost = this.cost(call);
    const at = this.rowOf(call, now);
    if (sign === 1) this.rule.spend(at, cost, now);
    else this.rule.giveBack(at, cost, now, now);
  }

  settle(pass: SettlingPass, outcome: Outcome, detail: unknown, at: number | undefined): void {
    const { call, estimate, since } = pass;
    const now = at ?? this.shell.now();
    const ended = { call, estimate, ranMs: now - since };
    const actual = this.settlement?.actual(ended, outcome, detail) ?? estimate;
    if (actual === estimate) return;
    const row = this.rowOf(call, now);
    if (actual > estimate) this.rule.spend(row, actual - estimate, now);
    else {
      this.rule.giveBack(row, estimate - actual, since, now);
      this.shell.pump(now);
    }
  }

  protected cost(call: Call): number {
    if (this.settlement !== undefined && !namesCost(call, this.unit)) {
      return this.settlement.estimate(call, this.rule.rate.limit);
    }
    return checkedCost(this.name, call, this.unit);
  }

  protected pass(call: Call, cost: number, now: number): Pass {
    return this.settlement === undefined ? ADMITTED : new SettlingPass(this, call, cost, now);
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
export class SingleRateLimit extends RateLimit {
  constructor(setup: RateSetup, now: number) {
    super(setup);
    this.rule.rows = new Float64Array(this.rule.width);
    this.rule.start(0, now);
  }

  waitMs(call: Call, ahead: Ahead, now: number): number {
    return this.rule.waitMs(0, this.cost(call), ahead.units, now);
  }

  admit(call: Call, now: number): Pass {
    const cost = this.cost(call);
    this.rule.spend(0, cost, now);
    return this.pass(call, cost, now);
  }

  enter(call: Call, ahead: Ahead, now: number): Pass | number {
    const cost = this.cost(call);
    const waitMs = this.rule.take(0, cost, ahead.units, now);
    return waitMs === 0 ? this.pass(call, cost, now) : waitMs;
  }

  peek(call: Call, ahead: Ahead, now: number): Allowance {
    return this.allowance(0, this.waitMs(call, ahead, now), ahead.units, now);
  }

  protected rowOf(): number {
    return 0;
  }
}

/** A row for each key. */
export class KeyedRateLimit extends RateLimit {
  private readonly table: KeyTable;
  private readonly keyOf: (call: Call) => string;

  constructor(setup: RateSetup, table: KeyTable, keyOf: (call: Call) => string) {
    super(setup);
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
    return this.pass(call, cost, now);
  }

  enter(call: Call, ahead: Ahead, now: number): Pass | number {
    const cost = this.cost(call);
    const key = this.keyOf(call);
    const at = this.table.find(key, now);
    if (at !== PRISTINE) {
      const waitMs = this.rule.take(at, cost, ahead.units, now);
      return waitMs === 0 ? this.pass(call, cost, now) : waitMs;
    }
    const waitMs = this.rule.waitMs(at, cost, ahead.units, now);
    if (waitMs > 0) return waitMs;
    if (cost > 0) this.rule.spend(this.table.open(key, now), cost, now);
    return this.pass(call, cost, now);
  }

  peek(call: Call, ahead: Ahead, now: number): Allowance {
    const at = this.table.find(this.keyOf(call), now);
    return this.allowance(at, this.waitMs(call, ahead, now), ahead.units, now);
  }

  protected rowOf(call: Call, now: number): number {
    return this.table.open(this.keyOf(call), now);
  }
}

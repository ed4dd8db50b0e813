/**
 * The verbs all rate limiters share, single or keyed, derived from a limit behind an entrance.
 */

import { flightRunner, OptionError, optionChecks, STAGE } from '../core/index.ts';
import type { Entrance } from './entrance.ts';
import { NO_CALL } from './gate.ts';
import type { CostOptions, GateOptions, LimiterDump, RateLimiter } from './limiter.ts';
import type { RateLimit, RateSetup } from './rate-limit.ts';
import { checkedRate } from './rate/checked-rate.ts';
import type { Rate, RateRule } from './rate/rule.ts';
import { Settlement } from './settlement.ts';

/** A limit behind an entrance, as its verbs see it. */
export interface Built {
  readonly entrance: Entrance;
  readonly limit: RateLimit;
}

/** Names of the options of {@link CostOptions}, for `known` checks. */
export const COST_OPTIONS = ['unit', 'settle'] as const;

/** What a rate limit is made of, from the options of `factory`. */
export function rateSetup(
  factory: string,
  rule: RateRule,
  { name = factory, unit, settle }: GateOptions & CostOptions,
): RateSetup {
  if (unit !== undefined) optionChecks(factory).text('unit', unit);
  const settlement = settle === undefined ? undefined : new Settlement(factory, settle);
  return { name, rule, unit, settlement };
}

export function rateVerbs({ entrance }: Built): RateLimiter {
  return {
    name: entrance.name,
    tryTake: (call) => entrance.tryEnter(call),
    take: (call) => entrance.pass(call),
    reserve: (call) => entrance.book(call),
    peek: (call) => entrance.peek(call),
    penalty: (call = NO_CALL) => entrance.adjust(call, 1),
    reward: (call = NO_CALL) => entrance.adjust(call, -1),
    on: (name, listener) => entrance.events.on(name, listener),
    run: flightRunner([entrance]),
    [STAGE]: entrance,
  };
}

/** Puts other numbers in force; those who wait are looked at anew. */
export function retune({ entrance, limit: { rule } }: Built, rate: Rate): void {
  const { kind } = rule.rate;
  if (checkedRate(entrance.name, 'update', rate).kind !== kind) {
    throw new OptionError(`${entrance.name}: update`, `a rate of kind '${kind}'`, rate.kind);
  }
  const now = entrance.now();
  rule.retune(rate, now);
  entrance.pump(now);
}

/** The state of `rows` (key and where the row begins), free of this process's clock. */
export function dumpRows(
  { entrance, limit: { rule } }: Built,
  rows: Iterable<readonly [string, number]>,
): LimiterDump {
  const now = entrance.now();
  const dumped: [string, ...number[]][] = [];
  for (const [key, at] of rows) dumped.push([key, ...rule.save(at, now)]);
  return { kind: rule.rate.kind, wallTime: entrance.runtime.wallTime(), rows: dumped };
}

/** Writes dumped rows back; the time that passed since the dump counts as refill. */
export function restoreRows(
  { entrance, limit: { rule } }: Built,
  dump: LimiterDump,
  rowOf: (key: string, now: number) => number,
): void {
  checkDump(`${entrance.name}: restore`, dump, rule.rate.kind);
  const now = entrance.now();
  const dumpedAt = now - Math.max(0, entrance.runtime.wallTime() - dump.wallTime);
  for (const [key, ...numbers] of dump.rows) rule.load(rowOf(key, now), numbers, dumpedAt);
  entrance.pump(now);
}

/** What comes from a file or over a wire may be anything, and half a dump is not restored. */
function checkDump(subject: string, dump: LimiterDump, kind: string): void {
  const check = optionChecks(subject);
  check.known(dump, ['kind', 'wallTime', 'rows']);
  if (dump.kind !== kind) check.refuse('kind', `'${kind}'`, dump.kind);
  check.number('wallTime', dump.wallTime);
  const { rows } = dump;
  if (!Array.isArray(rows)) check.refuse('rows', 'rows of a key and numbers', rows);
  rows.forEach((row: readonly unknown[], i) => {
    const isRow = Array.isArray(row) && typeof row[0] === 'string';
    if (!isRow || !row.slice(1).every(Number.isFinite)) {
      check.refuse(`rows[${i}]`, 'a key and numbers', row);
    }
  });
}

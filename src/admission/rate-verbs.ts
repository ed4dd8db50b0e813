/**
 * The verbs all rate limiters share, single or keyed, derived from a limit behind an entrance.
 */

import { flightRunner, OptionError, STAGE } from '../core/index.ts';
import type { Entrance } from './entrance.ts';
import { NO_CALL } from './gate.ts';
import type { CostOptions, GateOptions, LimiterDump, RateLimiter } from './limiter.ts';
import type { RateLimit, RateSetup } from './rate-limit.ts';
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
  if (rate.kind !== rule.rate.kind) {
    throw new OptionError(
      `${entrance.name}: update`,
      `a rate of kind '${rule.rate.kind}'`,
      rate.kind,
    );
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
  if (dump.kind !== rule.rate.kind) {
    throw new OptionError(
      `${entrance.name}: restore`,
      `a dump of kind '${rule.rate.kind}'`,
      dump.kind,
    );
  }
  for (const [key, ...numbers] of dump.rows) {
    if (numbers.every(Number.isFinite)) continue;
    throw new OptionError(`${entrance.name}: restore`, `numbers in the row of '${key}'`, numbers);
  }
  const now = entrance.now();
  const dumpedAt = now - Math.max(0, entrance.runtime.wallTime() - dump.wallTime);
  for (const [key, ...numbers] of dump.rows) rule.load(rowOf(key, now), numbers, dumpedAt);
  entrance.pump(now);
}

/**
 * One rate for each key: tenants, users, addresses, by the million.
 */

import type { Call } from '../core/index.ts';
import { optionChecks, systemRuntime } from '../core/index.ts';
import { Entrance, LIMITER_OPTIONS } from './entrance.ts';
import { KeyTable } from './key-table.ts';
import type {
  CostOptions,
  Decisions,
  LimiterDump,
  LimiterOptions,
  RateLimiter,
} from './limiter.ts';
import { KeyedRateLimit } from './rate-limit.ts';
import { COST_OPTIONS, dumpRows, rateSetup, rateVerbs, restoreRows, retune } from './rate-verbs.ts';
import { checkedRate } from './rate/checked-rate.ts';
import type { Rate } from './rate/rule.ts';

/** Options of {@link keyedLimiter}. */
export interface KeyedLimiterOptions extends LimiterOptions, CostOptions {
  /** What each key may do: `bucket(…)` unless you have a reason. */
  readonly rate: Rate;
  /** What calls are told apart by. @default the call's key, '' where it has none */
  readonly keyOf?: (call: Call) => string;
  /**
   * Keys remembered at most, 1–16,000,000. A key that owes nothing is forgotten anyway; beyond this
   * number, so is one that owes little. @default 1_000_000
   */
  readonly maxKeys?: number;
}

/** A limiter of one rate for each key. */
export interface KeyedLimiter extends RateLimiter {
  /** Changes the numbers of all keys live; what has been spent stays spent. */
  update(rate: Rate): void;
  /** Forgets a key, as if it had spent nothing; false when it was not remembered. */
  forget(key: string): boolean;
  /** Keys remembered, and what was decided so far. Of one key, `peek({ key })` tells more. */
  snapshot(): KeyedSnapshot;
  /** The state of all keys, to be restored in another process. `O(keys)`. */
  dump(): LimiterDump;
  /** Takes over a dump of a limiter of the same algorithm. `O(keys)`. */
  restore(dump: LimiterDump): void;
}

/** How a keyed limiter stands. */
export interface KeyedSnapshot extends Decisions {
  readonly name: string;
  /** What each key may spend at once. */
  readonly limit: number;
  /** Keys remembered now. */
  readonly keys: number;
  /** Keys forgotten while they still owed something, for want of room. Raise `maxKeys` if it grows. */
  readonly forgottenEarly: number;
  /** With `settle`: by class, what a call that names no cost is taken to cost. */
  readonly estimates: Readonly<Record<string, number>>;
}

/**
 * Limits each key to a rate of its own, in about 40 bytes a key of ten characters. Keys that owe nothing are forgotten
 * as others are used, without a timer.
 *
 * ```ts
 * import { bucket, keyedLimiter } from 'tenfold/admission';
 *
 * const perTenant = keyedLimiter({
 *   rate: bucket({ capacity: 20_000, refillPerSecond: 2_000 }),
 *   unit: 'tokens',
 *   keyOf: (call) => call.tenant ?? 'anonymous',
 * });
 * const answer = perTenant.tryTake({ tenant: 'acme', cost: { tokens: 1_900 } });
 * if (!answer.ok) console.log(`${answer.message}; retry in ${answer.retryAfterMs} ms`);
 * ```
 *
 * @throws OptionError when an option is out of range
 */
export function keyedLimiter(options: KeyedLimiterOptions): KeyedLimiter {
  const check = optionChecks('keyedLimiter');
  check.known(options, ['rate', 'keyOf', 'maxKeys', ...COST_OPTIONS, ...LIMITER_OPTIONS]);
  const { keyOf = ({ key = '' }: Call) => key, maxKeys = 1_000_000 } = options;
  check.callable('keyOf', keyOf);
  check.number('maxKeys', maxKeys, { min: 1, max: 16_000_000, integer: true });
  const runtime = options.runtime ?? systemRuntime();
  const now = runtime.now();
  const rule = checkedRate('keyedLimiter', 'rate', options.rate).rule(now);
  const table = new KeyTable({ rule, maxKeys, random: runtime.random('key hash'), now });
  const limit = new KeyedRateLimit(rateSetup('keyedLimiter', rule, options), table, keyOf);
  const entrance = new Entrance({ factory: 'keyedLimiter', options, limit, lineOf: keyOf });
  limit.shell = entrance;
  const built = { entrance, limit };
  return {
    ...rateVerbs(built),
    update: (next) => retune(built, next),
    forget: (key) => table.delete(key),
    snapshot: () => ({
      ...entrance.decisions(), // first, as bookings may be granted
      name: entrance.name,
      limit: rule.rate.limit,
      keys: table.size,
      forgottenEarly: table.forgottenEarly,
      estimates: limit.settlement?.estimates() ?? {},
    }),
    dump: () => dumpRows(built, table.entries()),
    restore: (dump) => restoreRows(built, dump, (key, at) => table.open(key, at)),
  };
}

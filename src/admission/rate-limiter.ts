/**
 * One rate for all calls: any rate algorithm behind the entrance all limiters share.
 */

import { optionChecks, systemRuntime } from '../core/index.ts';
import { Entrance, LIMITER_OPTIONS } from './entrance.ts';
import type {
  CostOptions,
  Decisions,
  LimiterDump,
  LimiterOptions,
  RateLimiter,
} from './limiter.ts';
import { SingleRateLimit } from './rate-limit.ts';
import type { BucketRate } from './rate/bucket.ts';
import { bucket } from './rate/bucket.ts';
import { COST_OPTIONS, dumpRows, rateSetup, rateVerbs, restoreRows, retune } from './rate-verbs.ts';
import { checkedRate } from './rate/checked-rate.ts';
import type { Rate } from './rate/rule.ts';

/** Options of {@link rateLimiter}. */
export interface RateLimiterOptions extends LimiterOptions, CostOptions {
  /** The algorithm and its numbers: `bucket(…)`, `fixedWindow(…)` and so on. */
  readonly rate: Rate;
}

/** Options of {@link tokenBucket}. */
export interface TokenBucketOptions extends LimiterOptions, CostOptions, BucketRate {}

/** A limiter of one rate for all calls. */
export interface SingleLimiter extends RateLimiter {
  /** Changes the numbers live; what has been spent stays spent. The algorithm stays. */
  update(rate: Rate): void;
  /** Limit, what is left of it, and what was decided so far. */
  snapshot(): SingleSnapshot;
  /** The state, to be restored in another process. */
  dump(): LimiterDump;
  /** Takes over a dump of a limiter of the same algorithm. */
  restore(dump: LimiterDump): void;
}

/** A token bucket. */
export interface TokenBucket extends Omit<SingleLimiter, 'update'> {
  /** Changes capacity or refill live; tokens in hand stay in hand, up to the capacity. */
  update(numbers: Partial<BucketRate>): void;
}

/** How a limiter of one rate stands. */
export interface SingleSnapshot extends Decisions {
  readonly name: string;
  readonly limit: number;
  readonly remaining: number;
  /** With `settle`: by class, what a call that names no cost is taken to cost. */
  readonly estimates: Readonly<Record<string, number>>;
}

/**
 * Limits all calls together to one rate.
 *
 * ```ts
 * import { bucket, rateLimiter } from 'tenfold/admission';
 *
 * const limiter = rateLimiter({ rate: bucket({ capacity: 100, refillPerSecond: 10 }) });
 * if (!limiter.tryTake().ok) console.log('come back later');
 * ```
 */
export function rateLimiter(options: RateLimiterOptions): SingleLimiter {
  optionChecks('rateLimiter').known(options, ['rate', ...COST_OPTIONS, ...LIMITER_OPTIONS]);
  return build('rateLimiter', checkedRate('rateLimiter', 'rate', options.rate), options);
}

/**
 * A token bucket: bursts up to `capacity`, `refillPerSecond` in the long run. A decision costs one
 * clock read and a few nanoseconds, and allocates nothing unless it is a refusal.
 *
 * ```ts
 * import { tokenBucket } from 'tenfold';
 *
 * const bucket = tokenBucket({ capacity: 20, refillPerSecond: 10 });
 * const answer = bucket.tryTake({ cost: 3 });
 * if (!answer.ok) console.log(`retry in ${answer.retryAfterMs} ms`);
 * ```
 *
 * @throws OptionError when an option is out of range
 */
export function tokenBucket(options: TokenBucketOptions): TokenBucket {
  optionChecks('tokenBucket').known(options, [
    'capacity',
    'refillPerSecond',
    ...COST_OPTIONS,
    ...LIMITER_OPTIONS,
  ]);
  const { capacity, refillPerSecond } = options;
  let numbers: BucketRate = { capacity, refillPerSecond };
  const limiter = build('tokenBucket', bucket(numbers), options);
  return {
    ...limiter,
    update(changed) {
      optionChecks(`${limiter.name}: update`).known(changed, ['capacity', 'refillPerSecond']);
      const next = { ...numbers, ...changed };
      limiter.update(bucket(next));
      numbers = next;
    },
  };
}

function build(factory: string, rate: Rate, options: LimiterOptions & CostOptions): SingleLimiter {
  const now = (options.runtime ?? systemRuntime()).now();
  const rule = rate.rule(now);
  const limit = new SingleRateLimit(rateSetup(factory, rule, options), now);
  const entrance = (limit.shell = new Entrance({ factory, options, limit }));
  const built = { entrance, limit };
  return {
    ...rateVerbs(built),
    update: (next) => retune(built, next),
    snapshot: () => ({
      ...entrance.decisions(), // first, as bookings may be granted
      name: entrance.name,
      limit: rule.rate.limit,
      remaining: rule.remaining(0, entrance.now()),
      estimates: limit.settlement?.estimates() ?? {},
    }),
    dump: () => dumpRows(built, [['', 0]]),
    restore: (dump) => restoreRows(built, dump, () => 0),
  };
}

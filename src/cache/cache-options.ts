/** The options of a cache, and the one place where they are checked. */

import type { OptionChecks, Policy, Runtime } from '../core/index.ts';
import { optionChecks, systemRuntime } from '../core/index.ts';
import type { Bus } from './bus.ts';
import type { EvictionPolicy } from './eviction.ts';
import { wTinyLfu } from './memory/w-tiny-lfu.ts';
import type { TierOptions, TierRules } from './tier-options.ts';
import { tierRules } from './tier-options.ts';
import type { Tier } from './tier.ts';

/** The memory of the process. */
export interface MemoryOptions<V> {
  /** Entries at most, 1 to 2²⁴ (a JavaScript Map holds no more). @default 10_000, unless `maxWeight` is given */
  readonly maxEntries?: number;
  /** Sum of weights at most, in the unit of `weigh`; instead of `maxEntries`. */
  readonly maxWeight?: number;
  /** Weight of a value, such as its bytes; 0 or more. Needed with `maxWeight`. */
  readonly weigh?: (value: V, key: string) => number;
  /** Longest time an entry is fresh in memory, ms. @default Infinity, so that the entry's own counts */
  readonly ttlMs?: number;
  /** Who goes when it is full. @default wTinyLfu() */
  readonly eviction?: EvictionPolicy;
  /** Weighs what an entry cost to load against its weight when it comes to who goes. @default false */
  readonly costAware?: boolean;
}

export interface CacheOptions<V> {
  /** Prefix of keys and tags in the tiers, and name in events. @default 'cache' */
  readonly name?: string;
  /** The memory of the process; false: none. @default { maxEntries: 10_000 } */
  readonly memory?: MemoryOptions<V> | false;
  /** The tiers below it, nearest first. @default none */
  readonly tiers?: readonly (Tier | TierOptions)[];
  /** Tells other processes' memories what is no longer true. @default none */
  readonly bus?: Bus;
  /** While the bus is lost, memory is fresh for this long, ms. @default 1_000 */
  readonly busLostTtlMs?: number;
  /** How long a value is fresh, ms; Infinity: for good. @default 60_000 */
  readonly ttlMs?: number;
  /** Each life is shortened by a random part of itself, up to this ratio, 0–1: no wave of expiries. @default 0 */
  readonly ttlJitterRatio?: number;
  /** How long "nothing there" is remembered, ms; 0: not at all. @default 0 */
  readonly negativeTtlMs?: number;
  /** How long a load's error is answered to others without loading again, ms; 0: not at all. @default 0 */
  readonly errorTtlMs?: number;
  /** How long after it was fresh a value is served while another is loaded, ms. @default 0 */
  readonly staleWhileRevalidateMs?: number;
  /** How long after it was fresh a value is served because loading fails, ms. @default 0 */
  readonly staleIfErrorMs?: number;
  /** After a failed load, stale values are served for this long without another attempt, ms. @default 1_000 */
  readonly retryAfterErrorMs?: number;
  /** Answers stale, if possible, when loading takes longer, ms. @default Infinity */
  readonly softTimeoutMs?: number;
  /** Answers stale, or rejects, when loading takes longer, ms. @default Infinity */
  readonly hardTimeoutMs?: number;
  /** A load that takes longer is given up, and its signal aborts, ms. @default 30_000 */
  readonly loadTimeoutMs?: number;
  /**
   * Refreshes before the end, the likelier the nearer it is and the longer loading takes (XFetch's β); 0:
   * never. @default 0
   */
  readonly earlyRefreshBeta?: number;
  /** What every load runs through: a bulkhead so that a cold cache does not flatten its source, a breaker. @default nothing */
  readonly loads?: Policy;
  /** Version of the values' shape, a whole number. @default 1 */
  readonly version?: number;
  /** Brings a value of an older version up to date; throws where it cannot. @default older values are misses */
  readonly migrate?: (value: unknown, from: number) => V;
  readonly runtime?: Runtime;
}

/** The same, complete. */
export interface CacheRules<V> {
  readonly name: string;
  readonly memory: MemoryRules<V>;
  readonly tiers: readonly TierRules[];
  readonly bus: Bus | undefined;
  readonly busLostTtlMs: number;
  readonly ttlMs: number;
  readonly ttlJitterRatio: number;
  readonly negativeTtlMs: number;
  readonly errorTtlMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly retryAfterErrorMs: number;
  readonly softTimeoutMs: number;
  readonly hardTimeoutMs: number;
  readonly loadTimeoutMs: number;
  readonly earlyRefreshBeta: number;
  readonly loads: Policy | undefined;
  readonly version: number;
  readonly migrate: ((value: unknown, from: number) => V) | undefined;
  readonly runtime: Runtime;
}

export interface MemoryRules<V> {
  readonly maxEntries: number;
  readonly maxWeight: number;
  readonly weigh: ((value: V, key: string) => number) | undefined;
  readonly ttlMs: number;
  readonly eviction: EvictionPolicy;
  readonly costAware: boolean;
}

const MOST_ENTRIES = 2 ** 24;

const KNOWN: readonly (keyof CacheOptions<unknown>)[] = [
  'name',
  'memory',
  'tiers',
  'bus',
  'busLostTtlMs',
  'ttlMs',
  'ttlJitterRatio',
  'negativeTtlMs',
  'errorTtlMs',
  'staleWhileRevalidateMs',
  'staleIfErrorMs',
  'retryAfterErrorMs',
  'softTimeoutMs',
  'hardTimeoutMs',
  'loadTimeoutMs',
  'earlyRefreshBeta',
  'loads',
  'version',
  'migrate',
  'runtime',
];

/** Checks the options and fills in the defaults. */
export function cacheRules<V>(options: CacheOptions<V>): CacheRules<V> {
  const check = optionChecks('cache');
  check.known(options, KNOWN);
  const { bus, loads, migrate, tiers = [] } = options;
  if (loads !== undefined) check.methods('loads', loads, ['run']);
  if (migrate !== undefined) check.callable('migrate', migrate);
  if (bus !== undefined) check.methods('bus', bus, ['publish', 'subscribe']);
  if (!Array.isArray(tiers)) check.refuse('tiers', 'an array of tiers', tiers);
  const orNone = (
    name:
      | 'negativeTtlMs'
      | 'errorTtlMs'
      | 'staleWhileRevalidateMs'
      | 'staleIfErrorMs'
      | 'retryAfterErrorMs',
    ms: number,
  ): number => check.number(name, options[name] ?? ms, { min: 0, infinite: true });
  const limit = (
    name: 'softTimeoutMs' | 'hardTimeoutMs' | 'loadTimeoutMs' | 'ttlMs',
    ms: number,
  ): number => check.durationMs(name, options[name] ?? ms);
  return {
    name: check.text('name', options.name ?? 'cache'),
    memory: memoryRules(check, options.memory),
    tiers: tiers.map((tier, i) => tierRules(`cache.tiers[${i}]`, tier as Tier | TierOptions)),
    bus,
    busLostTtlMs: check.nonNegative('busLostTtlMs', options.busLostTtlMs ?? 1_000),
    ttlMs: limit('ttlMs', 60_000),
    ttlJitterRatio: check.ratio('ttlJitterRatio', options.ttlJitterRatio ?? 0),
    negativeTtlMs: orNone('negativeTtlMs', 0),
    errorTtlMs: orNone('errorTtlMs', 0),
    staleWhileRevalidateMs: orNone('staleWhileRevalidateMs', 0),
    staleIfErrorMs: orNone('staleIfErrorMs', 0),
    retryAfterErrorMs: orNone('retryAfterErrorMs', 1_000),
    softTimeoutMs: limit('softTimeoutMs', Infinity),
    hardTimeoutMs: limit('hardTimeoutMs', Infinity),
    loadTimeoutMs: limit('loadTimeoutMs', 30_000),
    earlyRefreshBeta: check.nonNegative('earlyRefreshBeta', options.earlyRefreshBeta ?? 0),
    loads,
    version: check.number('version', options.version ?? 1, {
      min: 0,
      max: 2 ** 32 - 1,
      integer: true,
    }),
    migrate,
    runtime: options.runtime ?? systemRuntime(),
  };
}

function memoryRules<V>(
  check: OptionChecks,
  given: MemoryOptions<V> | false | undefined,
): MemoryRules<V> {
  if (given !== undefined && given !== false && (typeof given !== 'object' || given === null))
    check.refuse('memory', 'options, or false', given);
  const options: MemoryOptions<V> = given === false || given === undefined ? {} : given;
  check.known(options, ['maxEntries', 'maxWeight', 'weigh', 'ttlMs', 'eviction', 'costAware']);
  const { weigh, maxWeight, eviction = wTinyLfu(), costAware = false } = options;
  if (typeof costAware !== 'boolean') check.refuse('memory.costAware', 'true or false', costAware);
  return {
    maxEntries: given === false ? 0 : maxEntriesOf(check, options),
    maxWeight: maxWeight === undefined ? Infinity : check.positive('memory.maxWeight', maxWeight),
    weigh,
    ttlMs: check.durationMs('memory.ttlMs', options.ttlMs ?? Infinity),
    eviction: check.methods('memory.eviction', eviction, ['create']),
    costAware,
  };
}

/** The bound of entries; none where weight is bounded. */
function maxEntriesOf<V>(check: OptionChecks, options: MemoryOptions<V>): number {
  const { weigh, maxWeight, maxEntries } = options;
  if (maxWeight !== undefined && maxEntries !== undefined) {
    check.refuse('memory.maxWeight', 'absent where maxEntries is given', maxWeight);
  }
  if ((maxWeight === undefined) !== (weigh === undefined)) {
    check.refuse('memory.weigh', 'given with maxWeight, and only then', weigh);
  }
  if (weigh !== undefined) check.callable('memory.weigh', weigh);
  if (maxWeight !== undefined) return Infinity;
  const range = { min: 1, max: MOST_ENTRIES, integer: true };
  return check.number('memory.maxEntries', maxEntries ?? 10_000, range);
}

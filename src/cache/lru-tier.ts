/**
 * A cache that the host already has, as a tier: lru-cache, or anything with the same four methods.
 */

import type { Tier, TierEntry } from './tier.ts';
import { optionChecks } from '../core/index.ts';

/** What is used of an lru-cache instance (versions 7 and later). */
export interface LruLike {
  get(key: string, options?: { updateAgeOnGet?: boolean }): unknown;
  set(key: string, value: unknown, options?: { ttl?: number }): unknown;
  delete(key: string): boolean;
  getRemainingTTL(key: string): number;
}

/** Tags whose counters are kept; beyond it, the tags invalidated longest ago share one. */
const MOST_TAGS = 10_000;

/**
 * Makes a tier of an existing lru-cache instance. Its bounds, `dispose` and the like stay as they are;
 * its values become envelopes (`{ value, … }`), and its keys begin with the cache's name. With
 * `memory: false` it is the only memory.
 *
 * ```ts
 * import { LRUCache } from 'lru-cache';
 * import { cache, lruTier } from 'tenfold/cache';
 *
 * const existing = new LRUCache<string, object>({ max: 500 });
 * const pages = cache<string>({ memory: false, tiers: [lruTier(existing)] });
 * await pages.set('home', '<h1>Hello</h1>');
 * ```
 */
export function lruTier(instance: LruLike): Tier {
  optionChecks('lruTier').methods('', instance, ['get', 'set', 'delete', 'getRemainingTTL']);
  const lru = instance;
  const versions = new Map<string, number>();
  let latest = 0;
  /** What tags without a counter count as: never less than a counter that was forgotten. */
  let floor = 0;
  const entryOf = (key: string): TierEntry | undefined => {
    // What is left of its time tells how old an entry is: reading must not lengthen it.
    const payload = lru.get(key, { updateAgeOnGet: false });
    if (payload === undefined) return undefined;
    return { payload, remainingMs: lru.getRemainingTTL(key) };
  };
  return {
    name: 'lru-cache',
    holds: 'values',
    read: async (keys, tags) => ({
      entries: keys.map(entryOf),
      versions: tags.map((tag) => versions.get(tag) ?? floor),
    }),
    write: async (writes) =>
      writes.map(({ key, payload, ttlMs }) => {
        lru.set(key, payload, ttlMs === Infinity ? { ttl: 0 } : { ttl: Math.ceil(ttlMs) });
        return true;
      }),
    remove: async (keys) => {
      for (const key of keys) lru.delete(key);
    },
    bump: async (tags) => {
      for (const tag of tags) {
        versions.delete(tag);
        versions.set(tag, ++latest);
      }
      for (const [oldest, version] of versions) {
        if (versions.size <= MOST_TAGS) break;
        versions.delete(oldest);
        floor = version;
      }
    },
  };
}

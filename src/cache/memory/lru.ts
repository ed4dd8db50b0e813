/**
 * Plain least-recently-used order, by the package lru-cache itself: the only file that imports it.
 */

import { LRUCache } from 'lru-cache';
import type { EvictionPolicy } from '../eviction.ts';

/**
 * Evicts what was not used for longest. Right for loads in which what was used lately is used soon
 * again, and nothing else counts; elsewhere `wTinyLfu` hits more often (docs/cache.md).
 *
 * ```ts
 * import { cache, lru } from 'tenfold/cache';
 *
 * const recent = cache<string>({ memory: { maxEntries: 1_000, eviction: lru() } });
 * await recent.set('key', 'value');
 * ```
 */
export function lru(): EvictionPolicy {
  return {
    name: 'lru',
    create: (space) => {
      const order = new LRUCache<number, true>({
        // lru-cache refuses a size of 0, and a size without a bound of sizes.
        ...(space.maxWeight === Infinity
          ? { max: space.maxEntries }
          : {
              maxSize: space.maxWeight,
              sizeCalculation: (_: true, slot: number) =>
                Math.max(1, Math.ceil(space.weight(slot))),
            }),
        dispose: (_, slot, reason) => {
          if (reason === 'evict') space.evict(slot);
        },
      });
      const add = (slot: number): void => {
        order.set(slot, true);
        if (!order.has(slot)) space.evict(slot); // larger than all there is room for
      };
      return {
        used: (slot) => void order.get(slot),
        added: add,
        rewritten: (slot) => {
          order.delete(slot);
          add(slot);
        },
        removed: (slot) => void order.delete(slot),
        reserve: () => undefined,
        clear: () => order.clear(),
        describe: () => ({}),
      };
    },
  };
}

// Replays a trace through an eviction policy, on the port itself: slots and hashes, no values.
import type { EvictionPolicy } from '../../src/cache/index.ts';
import { seededRandom, xxh32 } from '../../src/core/index.ts';

const FIRST_SLOT = 3;

/** Share of the requests, 0–1, that would have been hits in a memory of `size` entries. */
export function traceHitRatio(keys: Uint32Array, size: number, policy: EvictionPolicy): number {
  const slots = new Map<number, number>();
  const keyOf: number[] = [];
  const hashOf: number[] = [];
  const free: number[] = [];
  const random = seededRandom('trace');
  let length = FIRST_SLOT;
  const order = policy.create({
    maxEntries: size,
    maxWeight: Infinity,
    hash: (slot) => hashOf[slot] as number,
    weight: () => 1,
    costAware: false,
    worth: () => 1,
    expired: () => false,
    random,
    evict: (slot) => {
      slots.delete(keyOf[slot] as number);
      free.push(slot);
    },
  });
  order.reserve(size + FIRST_SLOT + 1);
  let hits = 0;
  for (const key of keys) {
    const known = slots.get(key);
    if (known !== undefined) {
      hits++;
      order.used(known);
      continue;
    }
    const slot = free.pop() ?? length++;
    keyOf[slot] = key;
    hashOf[slot] = xxh32(String(key));
    slots.set(key, slot);
    order.added(slot);
  }
  return hits / keys.length;
}

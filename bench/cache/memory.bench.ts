import { LRUCache } from 'lru-cache';
import type { Cache } from '../../src/cache/index.ts';
import { cache } from '../../src/cache/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';
import { bytesHeld } from '../harness/memory.ts';
import { keyName } from './keys.ts';

const benchmark: Benchmark = {
  question: 'What does an entry weigh, over its key and its value?',
  decision: 'How many entries fit into a process.',
  measure: async () => {
    const entries = 200_000;
    const keys = Array.from({ length: entries }, (_, id) => keyName(id));
    // Flat strings, so that none is made so within the measurement.
    for (const key of keys) key.charCodeAt(0);
    const value = {};
    const filled = (count: number): Cache<object> => {
      const one = cache<object>({ ttlMs: 3_600_000, memory: { maxEntries: count } });
      for (const key of keys.slice(0, count)) void one.set(key, value);
      // Read as well, so that the ghosts are full.
      for (const key of keys.slice(0, count)) one.peek(key);
      return one;
    };
    filled(20_000); // compiled code is no part of an entry
    const ours = await bytesHeld(() => filled(entries));
    const lru = await bytesHeld(() => {
      const one = new LRUCache<string, object>({ max: entries, ttl: 3_600_000 });
      for (const key of keys) one.set(key, value);
      return one;
    });
    const map = await bytesHeld(() => new Map(keys.map((key) => [key, value])));
    return {
      'bytes an entry': ours / entries,
      'lru-cache with a TTL': lru / entries,
      Map: map / entries,
    };
  },
  goals: [
    {
      id: 'bytes-per-entry',
      says: 'an entry with a TTL and no tags weighs at most 90 bytes over its key and value',
      value: (figure) => figure('bytes an entry'),
      atMost: 90,
      unit: 'bytes',
    },
  ],
};

export default benchmark;

import { LRUCache } from 'lru-cache';
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
    const ours = await bytesHeld(() => {
      const one = cache<object>({ ttlMs: 3_600_000, memory: { maxEntries: entries } });
      for (const key of keys) void one.set(key, value);
      // Twice, so that the ghosts are full as well.
      for (const key of keys) one.peek(key);
      return one;
    });
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

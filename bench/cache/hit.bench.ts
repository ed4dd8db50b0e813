import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { createCache } from 'cache-manager';
import { Cacheable, CacheableMemory, Keyv } from 'cacheable';
import { LRUCache } from 'lru-cache';
import type { Cache } from '../../src/cache/index.ts';
import { cache } from '../../src/cache/index.ts';
import { systemRuntime } from '../../src/core/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';
import { keyName, zipfKeys } from './keys.ts';

const ENTRIES = 100_000;
const TTL_MS = 3_600_000;
const keys = zipfKeys(ENTRIES);
const at = (i: number): string => keys[i & (keys.length - 1)] as string;
const value = { name: 'value' };
const load = async (): Promise<object> => value;

function filledCache(clock: 'precise' | 'coarse' = 'precise'): Cache<object> {
  const runtime = systemRuntime({ clock });
  const one = cache<object>({ ttlMs: TTL_MS, memory: { maxEntries: ENTRIES }, runtime });
  for (let i = 0; i < ENTRIES; i++) void one.set(keyName(i), value);
  return one;
}

function filledLru(ttl: number): LRUCache<string, object> {
  const one = new LRUCache<string, object>({
    max: ENTRIES,
    ...(ttl > 0 ? { ttl } : {}),
    fetchMethod: load,
  });
  for (let i = 0; i < ENTRIES; i++) one.set(keyName(i), value);
  return one;
}

/** The memory that cacheable and cache-manager name for bounded caches; their default has no bound. */
function boundedMemory(): Keyv {
  return new Keyv({ store: new CacheableMemory({ lruSize: ENTRIES, useClone: false }) });
}

const benchmark: Benchmark = {
  question: 'What does a hit in memory cost, over 100,000 keys asked for by Zipf’s law?',
  decision: 'Whether the whole read path can stand where a plain LRU stood.',
  apart: true,
  contenders: {
    'tenfold get': {
      async: true,
      setup: () => {
        const one = filledCache();
        return { run: (i) => one.get(at(i), load) };
      },
    },
    'tenfold get, coarse clock': {
      async: true,
      setup: () => {
        const one = filledCache('coarse');
        return { run: (i) => one.get(at(i), load) };
      },
    },
    'tenfold peek': {
      setup: () => {
        const one = filledCache();
        return { run: (i) => one.peek(at(i)) };
      },
    },
    'lru-cache get': {
      setup: () => {
        const one = filledLru(0);
        return { run: (i) => one.get(at(i)) };
      },
    },
    'lru-cache get, with a TTL': {
      setup: () => {
        const one = filledLru(TTL_MS);
        return { run: (i) => one.get(at(i)) };
      },
    },
    'lru-cache fetch, with a TTL': {
      async: true,
      setup: () => {
        const one = filledLru(TTL_MS);
        return { run: (i) => one.fetch(at(i)) };
      },
    },
    'bentocache getOrSet': {
      async: true,
      setup: async () => {
        const store = bentostore().useL1Layer(
          memoryDriver({ maxItems: ENTRIES, serialize: false }),
        );
        const one = new BentoCache({ default: 'memory', stores: { memory: store } });
        for (let i = 0; i < ENTRIES; i++) await one.set({ key: keyName(i), value, ttl: TTL_MS });
        return {
          run: (i) => one.getOrSet({ key: at(i), factory: load, ttl: TTL_MS }),
          teardown: () => one.disconnectAll(),
        };
      },
    },
    'cacheable getOrSet': {
      async: true,
      setup: async () => {
        const one = new Cacheable({ ttl: TTL_MS, primary: boundedMemory() });
        for (let i = 0; i < ENTRIES; i++) await one.set(keyName(i), value);
        return { run: (i) => one.getOrSet(at(i), load), teardown: () => one.disconnect() };
      },
    },
    'cache-manager wrap': {
      async: true,
      setup: async () => {
        const one = createCache({ ttl: TTL_MS, stores: [boundedMemory()] });
        for (let i = 0; i < ENTRIES; i++) await one.set(keyName(i), value);
        return { run: (i) => one.wrap(at(i), load) };
      },
    },
    'cache-manager wrap, no bound': {
      async: true,
      setup: async () => {
        const one = createCache({ ttl: TTL_MS });
        for (let i = 0; i < ENTRIES; i++) await one.set(keyName(i), value);
        return { run: (i) => one.wrap(at(i), load) };
      },
    },
  },
  goals: [
    {
      id: 'get-against-lru-cache',
      says: 'get costs at most 6 times the synchronous get of lru-cache without a TTL',
      value: (ns) => ns('tenfold get') / ns('lru-cache get'),
      atMost: 6,
    },
    {
      id: 'peek-against-lru-cache',
      says: 'peek costs at most 2.5 times the get of lru-cache without a TTL',
      value: (ns) => ns('tenfold peek') / ns('lru-cache get'),
      atMost: 2.5,
    },
    {
      id: 'get-against-bentocache',
      says: 'on the coarse clock get is at least 10 times as fast as bentocache’s getOrSet',
      value: (ns) => ns('bentocache getOrSet') / ns('tenfold get, coarse clock'),
      atLeast: 10,
    },
    {
      id: 'get-against-cacheable',
      says: 'on the coarse clock get is at least 10 times as fast as cacheable’s getOrSet',
      value: (ns) => ns('cacheable getOrSet') / ns('tenfold get, coarse clock'),
      atLeast: 10,
    },
    {
      id: 'get-against-cache-manager',
      says: 'on the coarse clock get is at least 10 times as fast as cache-manager’s wrap over a bounded memory',
      value: (ns) => ns('cache-manager wrap') / ns('tenfold get, coarse clock'),
      atLeast: 10,
    },
  ],
};

export default benchmark;

import { LRUCache } from 'lru-cache';
import { cache } from '../../src/cache/index.ts';
import { seededRandom, zipf } from '../../src/core/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';
import { keyName } from './keys.ts';

const KEYS = 1_000_000;
const ENTRIES = 100_000;
const TTL_MS = 3_600_000;
const OPERATIONS = 1_000_000;

interface Churn {
  readonly ns: number;
  readonly hitRatio: number;
}

/** Nanoseconds per read-through of `read`, which says whether it hit, after a warm-up on other draws. */
async function churn(
  { warmUp, keys }: { readonly warmUp: readonly string[]; readonly keys: readonly string[] },
  read: (key: string) => boolean | Promise<boolean>,
): Promise<Churn> {
  for (const key of warmUp) {
    const hit = read(key);
    if (typeof hit !== 'boolean') await hit;
  }
  let hits = 0;
  const from = performance.now();
  for (const key of keys) {
    const hit = read(key);
    if (typeof hit === 'boolean' ? hit : await hit) hits++;
  }
  return { ns: ((performance.now() - from) * 1e6) / keys.length, hitRatio: hits / keys.length };
}

const value = { name: 'value' };

function ourSync(): (key: string) => boolean {
  const one = cache<object>({ ttlMs: TTL_MS, memory: { maxEntries: ENTRIES } });
  return (key) => {
    if (one.peek(key) !== undefined) return true;
    void one.set(key, value);
    return false;
  };
}

function theirSync(): (key: string) => boolean {
  const one = new LRUCache<string, object>({ max: ENTRIES, ttl: TTL_MS });
  return (key) => {
    if (one.get(key) !== undefined) return true;
    one.set(key, value);
    return false;
  };
}

function ourAsync(): (key: string) => Promise<boolean> {
  const one = cache<object>({ ttlMs: TTL_MS, memory: { maxEntries: ENTRIES } });
  return async (key) => {
    let hit = true;
    await one.get(key, () => {
      hit = false;
      return value;
    });
    return hit;
  };
}

function theirAsync(): (key: string) => Promise<boolean> {
  let hit = true;
  const fetchMethod = (): object => {
    hit = false;
    return value;
  };
  const one = new LRUCache<string, object>({ max: ENTRIES, ttl: TTL_MS, fetchMethod });
  return async (key) => {
    hit = true;
    await one.fetch(key);
    return hit;
  };
}

const benchmark: Benchmark = {
  question:
    'What does a read-through cost when a tenth of the keys has room, and how often does it hit?',
  decision: 'Whether a better hit ratio is paid for with a slower cache.',
  measure: async ({ quick }) => {
    const draw = zipf(KEYS, 0.99);
    const random = seededRandom('churn');
    const count = quick ? OPERATIONS / 2 : OPERATIONS;
    const drawn = (): string[] => Array.from({ length: count }, () => keyName(draw(random)));
    const keys = { warmUp: drawn(), keys: drawn() };
    const sync = [await churn(keys, ourSync()), await churn(keys, theirSync())] as const;
    const async = [await churn(keys, ourAsync()), await churn(keys, theirAsync())] as const;
    return {
      'tenfold peek and set, ns': sync[0].ns,
      'lru-cache get and set, ns': sync[1].ns,
      'tenfold get with a loader, ns': async[0].ns,
      'lru-cache fetch, ns': async[1].ns,
      'tenfold hit ratio': sync[0].hitRatio,
      'lru-cache hit ratio': sync[1].hitRatio,
    };
  },
  goals: [
    {
      id: 'sync-churn',
      says: 'peek and set are not slower than get and set of lru-cache with a TTL',
      value: (figure) => figure('tenfold peek and set, ns') / figure('lru-cache get and set, ns'),
      atMost: 1,
    },
    {
      id: 'async-churn',
      says: 'get with a loader is not slower than fetch of lru-cache with a TTL',
      value: (figure) => figure('tenfold get with a loader, ns') / figure('lru-cache fetch, ns'),
      atMost: 1,
    },
  ],
};

export default benchmark;

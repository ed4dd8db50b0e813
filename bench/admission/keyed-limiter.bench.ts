import { RateLimiterMemory } from 'rate-limiter-flexible';
import { bucket, keyedLimiter } from '../../src/admission/index.ts';
import { systemRuntime } from '../../src/core/index.ts';
import type { Benchmark, Contender } from '../harness/benchmark.ts';

/** Keys in an order that no cache can foresee, the same for everybody. */
function shuffledKeys(count: number): string[] {
  const keys = Array.from({ length: count }, (_, i) => `user:${i}`);
  let random = 1;
  for (let i = count - 1; i > 0; i--) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    const j = random % (i + 1);
    [keys[i], keys[j]] = [keys[j] as string, keys[i] as string];
  }
  return keys;
}

const TEN_THOUSAND = 10_000;
const A_MILLION = 1_000_000;

const ours = (count: number, clock: 'precise' | 'coarse'): Contender => ({
  setup: () => {
    const keys = shuffledKeys(count);
    const limiter = keyedLimiter({
      rate: bucket({ capacity: 1e9, refillPerSecond: 1e-3 }),
      maxKeys: 2 * count,
      runtime: systemRuntime({ clock }),
    });
    for (const key of keys) limiter.tryTake({ key });
    return { run: (i) => limiter.tryTake({ key: keys[i % count] as string }) };
  },
});

const theirs = (count: number): Contender => ({
  async: true,
  setup: async () => {
    const keys = shuffledKeys(count);
    // duration 0 never expires: no timer per key, which is its fastest configuration.
    const limiter = new RateLimiterMemory({ points: 1e9, duration: 0 });
    for (const key of keys) await limiter.consume(key);
    return { run: (i) => limiter.consume(keys[i % count] as string) };
  },
});

const benchmark: Benchmark = {
  question: 'What does a decision for one of many keys cost?',
  decision: 'Whether every user can have a limit of his own in the memory of one process.',
  apart: true,
  contenders: {
    'tenfold, 10k keys': ours(TEN_THOUSAND, 'precise'),
    'tenfold, 10k keys, coarse clock': ours(TEN_THOUSAND, 'coarse'),
    'rate-limiter-flexible, 10k keys': theirs(TEN_THOUSAND),
    'tenfold, 1M keys': ours(A_MILLION, 'precise'),
    'tenfold, 1M keys, coarse clock': ours(A_MILLION, 'coarse'),
    'rate-limiter-flexible, 1M keys': theirs(A_MILLION),
  },
  goals: [
    {
      id: '10k',
      says: 'at 10k keys at least 3× as fast as rate-limiter-flexible in memory',
      value: (ns) => ns('rate-limiter-flexible, 10k keys') / ns('tenfold, 10k keys'),
      atLeast: 3,
    },
    {
      id: '1m',
      says: 'at 1M keys at least 3× as fast as rate-limiter-flexible in memory',
      value: (ns) => ns('rate-limiter-flexible, 1M keys') / ns('tenfold, 1M keys'),
      atLeast: 3,
    },
  ],
};

export default benchmark;

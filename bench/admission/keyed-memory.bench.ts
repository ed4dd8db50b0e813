import { RateLimiterMemory } from 'rate-limiter-flexible';
import { bucket, keyedLimiter } from '../../src/admission/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';
import { bytesHeld } from '../harness/memory.ts';

const benchmark: Benchmark = {
  question: 'What does a key weigh, its string included?',
  decision: 'How many users one process can hold limits for.',
  measure: async ({ quick }) => {
    const keys = quick ? 100_000 : 1_000_000;
    const ours = await bytesHeld(() => {
      const limiter = keyedLimiter({
        rate: bucket({ capacity: 10, refillPerSecond: 1e-3 }),
        maxKeys: keys,
      });
      for (let i = 0; i < keys; i++) limiter.tryTake({ key: `user:${i}` });
      return limiter;
    });
    const theirs = await bytesHeld(async () => {
      const limiter = new RateLimiterMemory({ points: 10, duration: 0 });
      for (let i = 0; i < keys; i++) await limiter.consume(`user:${i}`);
      return limiter;
    });
    return { 'bytes per key': ours / keys, 'rate-limiter-flexible': theirs / keys };
  },
  goals: [
    {
      id: 'bytes-per-key',
      says: 'a key weighs at most 100 bytes',
      value: (figure) => figure('bytes per key'),
      atMost: 100,
      unit: 'bytes',
    },
    {
      id: 'against-rate-limiter-flexible',
      says: 'a key weighs at most a quarter of a key of rate-limiter-flexible',
      value: (figure) => figure('bytes per key') / figure('rate-limiter-flexible'),
      atMost: 0.25,
    },
  ],
};

export default benchmark;

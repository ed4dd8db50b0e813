import { RateLimiter } from 'limiter';
import { tokenBucket } from '../../src/admission/index.ts';
import { systemRuntime } from '../../src/core/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';

const options = { capacity: 1e9, refillPerSecond: 1e9 };

const benchmark: Benchmark = {
  question: 'What does one decision of the token bucket cost?',
  decision: 'Whether a limiter can stand before every call.',
  apart: true,
  contenders: {
    'tryTake, system clock': {
      setup: () => {
        const limiter = tokenBucket(options);
        return { run: () => limiter.tryTake() };
      },
    },
    'tryTake, coarse clock': {
      setup: () => {
        const limiter = tokenBucket({ ...options, runtime: systemRuntime({ clock: 'coarse' }) });
        return { run: () => limiter.tryTake() };
      },
    },
    'tryTake with a cost, coarse clock': {
      setup: () => {
        const runtime = systemRuntime({ clock: 'coarse' });
        const limiter = tokenBucket({ ...options, unit: 'tokens', runtime });
        return { run: (i) => limiter.tryTake({ tenant: 'acme', cost: { tokens: i & 1023 } }) };
      },
    },
    'a refusal, coarse clock': {
      setup: () => {
        const runtime = systemRuntime({ clock: 'coarse' });
        const limiter = tokenBucket({ capacity: 1, refillPerSecond: 1e-9, runtime });
        return { run: () => limiter.tryTake() };
      },
    },
    'limiter tryRemoveTokens': {
      setup: () => {
        const limiter = new RateLimiter({ tokensPerInterval: 1e9, interval: 'second' });
        return { run: () => limiter.tryRemoveTokens(1) };
      },
    },
  },
  goals: [
    {
      id: 'try-take',
      says: 'tryTake costs at most 1.3 clock reads on the system clock',
      value: (ns) => ns('tryTake, system clock') / ns('clock read'),
      atMost: 1.3,
    },
    {
      id: 'coarse',
      says: 'tryTake costs at most 15 ns on the coarse clock',
      value: (ns) => ns('tryTake, coarse clock'),
      atMost: 15,
      unit: 'ns',
    },
    {
      id: 'against-limiter',
      says: 'on the coarse clock at least 4× as fast as limiter',
      value: (ns) => ns('limiter tryRemoveTokens') / ns('tryTake, coarse clock'),
      atLeast: 4,
    },
  ],
};

export default benchmark;

import { RateLimiterMemory, RateLimiterUnion } from 'rate-limiter-flexible';
import type { Call, Pass } from '../../src/core/index.ts';
import { systemRuntime } from '../../src/core/index.ts';
import {
  bucket,
  concurrencyLimiter,
  jointLimiter,
  rateLimiter,
} from '../../src/admission/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';

const plenty = bucket({ capacity: 1e9, refillPerSecond: 1e9 });
const call: Call = { tenant: 'acme', cost: { requests: 1, tokens: 900 } };

function limiters(clock: 'precise' | 'coarse') {
  const runtime = systemRuntime({ clock });
  return {
    requests: rateLimiter({ rate: plenty, unit: 'requests', runtime }),
    tokens: rateLimiter({ rate: plenty, unit: 'tokens', runtime }),
    inFlight: concurrencyLimiter({ limit: 64, runtime }),
  };
}

const benchmark: Benchmark = {
  question: 'What does it cost to decide by three limits at once, all or nothing?',
  decision: 'Whether requests, tokens and places can be one decision before every call.',
  apart: true,
  contenders: {
    'joint, enter and done': {
      setup: () => {
        const joint = jointLimiter({ limiters: Object.values(limiters('precise')) });
        return { run: () => (joint.tryEnter(call) as Pass).done('success') };
      },
    },
    'joint, coarse clock': {
      setup: () => {
        const joint = jointLimiter({ limiters: Object.values(limiters('coarse')) });
        return { run: () => (joint.tryEnter(call) as Pass).done('success') };
      },
    },
    'one after the other, nothing given back on a refusal': {
      setup: () => {
        const { requests, tokens, inFlight } = limiters('precise');
        return {
          run: () => {
            if (!requests.tryTake(call).ok || !tokens.tryTake(call).ok) return;
            (inFlight.tryEnter(call) as Pass).done('success');
          },
        };
      },
    },
    'rate-limiter-flexible, union of two': {
      async: true,
      setup: () => {
        const one = new RateLimiterMemory({ keyPrefix: 'r', points: 1e9, duration: 0 });
        const other = new RateLimiterMemory({ keyPrefix: 't', points: 1e15, duration: 0 });
        const union = new RateLimiterUnion(one, other);
        return { run: () => union.consume('acme', 1) };
      },
    },
  },
  goals: [
    {
      id: 'against-union',
      says: 'at least 3× as fast as a union of two in rate-limiter-flexible, which is not atomic',
      value: (ns) => ns('rate-limiter-flexible, union of two') / ns('joint, enter and done'),
      atLeast: 3,
    },
  ],
};

export default benchmark;

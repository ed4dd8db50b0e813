import type { Pass } from '../../src/core/index.ts';
import { systemRuntime } from '../../src/core/index.ts';
import { adaptive, concurrencyLimiter, vegas } from '../../src/admission/index.ts';
import type { ConcurrencyLimit } from '../../src/admission/index.ts';
import type { Benchmark, Contender } from '../harness/benchmark.ts';

/** Enter and done, with eight in flight all the time. */
const cycle = (limit: number | ConcurrencyLimit, clock: 'precise' | 'coarse'): Contender => ({
  setup: () => {
    const limiter = concurrencyLimiter({ limit, runtime: systemRuntime({ clock }) });
    const passes = Array.from({ length: 8 }, () => limiter.tryEnter() as Pass);
    return {
      run: (i) => {
        (passes[i & 7] as Pass).done('success');
        passes[i & 7] = limiter.tryEnter() as Pass;
      },
    };
  },
});

const benchmark: Benchmark = {
  question: 'What does it cost to pass a concurrency limiter and to leave it?',
  decision: 'Whether an adaptive limit can stand before every call.',
  apart: true,
  contenders: {
    'adaptive, enter and done': cycle(adaptive({ min: 10 }), 'precise'),
    'adaptive, coarse clock': cycle(adaptive({ min: 10 }), 'coarse'),
    'vegas, enter and done': cycle(vegas({ min: 10 }), 'precise'),
    'fixed, enter and done': cycle(64, 'precise'),
  },
  goals: [
    {
      id: 'enter-and-done',
      says: 'two clock reads and at most 60 ns',
      value: (ns) => ns('adaptive, enter and done') - 2 * ns('clock read'),
      atMost: 60,
      unit: 'ns',
    },
  ],
};

export default benchmark;

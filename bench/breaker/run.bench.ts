import {
  circuitBreaker as cockatielBreaker,
  ConsecutiveBreaker,
  handleAll,
  SamplingBreaker,
} from 'cockatiel';
import OpossumBreaker from 'opossum';
import { circuitBreaker } from '../../src/breaker/index.ts';
import { systemRuntime } from '../../src/core/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';

const answer = async (): Promise<number> => 1;

const benchmark: Benchmark = {
  question: 'What does a healthy call through a breaker cost?',
  decision: 'Whether a breaker can stand before every call, also before cheap ones.',
  apart: true,
  contenders: {
    'tenfold, coarse clock': {
      async: true,
      setup: () => {
        const breaker = circuitBreaker({ runtime: systemRuntime({ clock: 'coarse' }) });
        return { run: () => breaker.run(answer) };
      },
    },
    'tenfold, system clock': {
      async: true,
      setup: () => {
        const breaker = circuitBreaker();
        return { run: () => breaker.run(answer) };
      },
    },
    'cockatiel SamplingBreaker': {
      async: true,
      setup: () => {
        const breaker = cockatielBreaker(handleAll, {
          halfOpenAfter: 5_000,
          breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 2 }),
        });
        return { run: () => breaker.execute(answer) };
      },
    },
    'cockatiel ConsecutiveBreaker': {
      async: true,
      setup: () => {
        const breaker = cockatielBreaker(handleAll, {
          halfOpenAfter: 5_000,
          breaker: new ConsecutiveBreaker(5),
        });
        return { run: () => breaker.execute(answer) };
      },
    },
    opossum: {
      async: true,
      setup: () => {
        const breaker = new OpossumBreaker(answer, {
          timeout: false,
          errorThresholdPercentage: 50,
          volumeThreshold: 20,
          resetTimeout: 5_000,
          rollingPercentilesEnabled: false,
        });
        return { run: () => breaker.fire(), teardown: () => breaker.shutdown() };
      },
    },
  },
  goals: [
    {
      id: 'against-cockatiel',
      says: 'on the coarse clock at least twice as fast as cockatiel’s sampling breaker',
      value: (ns) => ns('cockatiel SamplingBreaker') / ns('tenfold, coarse clock'),
      atLeast: 2,
    },
    {
      id: 'against-opossum',
      says: 'on the coarse clock at least four times as fast as opossum',
      value: (ns) => ns('opossum') / ns('tenfold, coarse clock'),
      atLeast: 4,
    },
    {
      id: 'system-clock',
      says: 'on the system clock at most 60 ns over one await and two clock reads',
      value: (ns) => ns('tenfold, system clock') - ns('bare await') - 2 * ns('clock read'),
      atMost: 60,
      unit: 'ns',
    },
  ],
};

export default benchmark;

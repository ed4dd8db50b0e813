import { circuitBreaker, keyedBreakers } from '../../src/breaker/index.ts';
import type { CircuitBreaker } from '../../src/breaker/index.ts';
import type { Entry, Runtime } from '../../src/core/index.ts';
import { systemRuntime } from '../../src/core/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';

const count = 1_000;
const calls = Array.from({ length: count }, (_, i) => ({ key: `tenant ${i}` }));
const coarse = (): Runtime => systemRuntime({ clock: 'coarse' });

/** One good call through a door. */
function pass(entry: Entry): boolean {
  if (entry.ok) entry.done('success');
  return entry.ok;
}

const benchmark: Benchmark = {
  question: 'What does the door of a keyed breaker cost, beside one breaker and a map of breakers?',
  decision: 'Whether there may be a breaker for every tenant, model and endpoint.',
  apart: true,
  contenders: {
    'tenfold, 1,000 keys': {
      setup: () => {
        const breakers = keyedBreakers({ runtime: coarse() });
        return { run: (i) => pass(breakers.tryEnter(calls[i % count])) };
      },
    },
    'tenfold, one breaker': {
      setup: () => {
        const breaker = circuitBreaker({ runtime: coarse() });
        return { run: () => pass(breaker.tryEnter()) };
      },
    },
    'a Map of breakers, without any bound': {
      setup: () => {
        const runtime = coarse();
        const breakers = new Map(calls.map(({ key }) => [key, circuitBreaker({ runtime })]));
        return {
          run: (i) => {
            const { key } = calls[i % count] as { key: string };
            return pass((breakers.get(key) as CircuitBreaker).tryEnter());
          },
        };
      },
    },
  },
  goals: [
    {
      id: 'against-a-map',
      says: 'bounds and idle eviction cost at most half as much again as a bare map of breakers',
      value: (ns) => ns('tenfold, 1,000 keys') / ns('a Map of breakers, without any bound'),
      atMost: 1.5,
    },
  ],
};

export default benchmark;

import {
  CircuitState,
  circuitBreaker as cockatielBreaker,
  handleAll,
  SamplingBreaker,
} from 'cockatiel';
import OpossumBreaker from 'opossum';
import { circuitBreaker } from '../../src/breaker/index.ts';
import type { CircuitBreaker } from '../../src/breaker/index.ts';
import { systemRuntime } from '../../src/core/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';

const answer = async (): Promise<number> => 1;

function openBreaker(): CircuitBreaker {
  const breaker = circuitBreaker({ runtime: systemRuntime({ clock: 'coarse' }) });
  breaker.trip(1e9);
  return breaker;
}

const benchmark: Benchmark = {
  question: 'What does the synchronous door cost, and what does a refusal cost?',
  decision: 'Whether a breaker sheds load much faster than the load comes.',
  apart: true,
  contenders: {
    'tenfold door': {
      setup: () => {
        const breaker = circuitBreaker({ runtime: systemRuntime({ clock: 'coarse' }) });
        return {
          run: () => {
            const entry = breaker.tryEnter();
            if (entry.ok) entry.done('success');
            return entry.ok;
          },
        };
      },
    },
    'tenfold door, open': {
      setup: () => {
        const breaker = openBreaker();
        return { run: () => breaker.tryEnter().ok };
      },
    },
    'tenfold run, open': {
      async: true,
      setup: () => {
        const breaker = openBreaker();
        return { run: () => breaker.run(answer).catch(() => 0) };
      },
    },
    'cockatiel, open': {
      async: true,
      setup: () => {
        const breaker = cockatielBreaker(handleAll, {
          halfOpenAfter: 1e9,
          breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 2 }),
          initialState: { ownState: { state: CircuitState.Open, openedAt: Date.now() } },
        });
        return { run: () => breaker.execute(answer).catch(() => 0) };
      },
    },
    'opossum, open': {
      async: true,
      setup: () => {
        const breaker = new OpossumBreaker(answer, {
          timeout: false,
          resetTimeout: 1e9,
          rollingPercentilesEnabled: false,
        });
        breaker.open();
        return { run: () => breaker.fire().catch(() => 0), teardown: () => breaker.shutdown() };
      },
    },
  },
  goals: [
    {
      id: 'door',
      says: 'tryEnter and done cost at most 60 ns on the coarse clock',
      value: (ns) => ns('tenfold door'),
      atMost: 60,
      unit: 'ns',
    },
    {
      id: 'open-door-against-cockatiel',
      says: 'the open door refuses at least 20 times as fast as cockatiel',
      value: (ns) => ns('cockatiel, open') / ns('tenfold door, open'),
      atLeast: 20,
    },
    {
      id: 'open-door-against-opossum',
      says: 'the open door refuses at least 20 times as fast as opossum',
      value: (ns) => ns('opossum, open') / ns('tenfold door, open'),
      atLeast: 20,
    },
    {
      id: 'open-run-against-cockatiel',
      says: 'run refuses at least three times as fast as cockatiel',
      value: (ns) => ns('cockatiel, open') / ns('tenfold run, open'),
      atLeast: 3,
    },
    {
      id: 'open-run-against-opossum',
      says: 'run refuses at least three times as fast as opossum',
      value: (ns) => ns('opossum, open') / ns('tenfold run, open'),
      atLeast: 3,
    },
  ],
};

export default benchmark;

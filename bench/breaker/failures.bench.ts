import OpossumBreaker from 'opossum';
import { circuitBreaker } from '../../src/breaker/index.ts';
import { systemRuntime } from '../../src/core/index.ts';
import type { Benchmark, Contender } from '../harness/benchmark.ts';

/** A failed call through a breaker that holds `calls` calls, and does not open. */
function tenfold(calls: number): Contender {
  return {
    setup: () => {
      const runtime = systemRuntime({ clock: 'coarse' });
      const breaker = circuitBreaker({ windowCalls: calls, mode: 'forced-closed', runtime });
      const run = (): boolean => {
        const entry = breaker.tryEnter();
        if (entry.ok) entry.done('failure');
        return entry.ok;
      };
      for (let i = 0; i < calls; i++) run();
      return { run };
    },
  };
}

/** The same through opossum, with a good call beside each bad one so that it does not open. */
function opossum(calls: number): Contender {
  return {
    async: true,
    setup: async () => {
      let failing = false;
      const breaker = new OpossumBreaker(
        async () => {
          if (failing) throw new Error('boom');
        },
        { timeout: false, errorThresholdPercentage: 100, rollingCountTimeout: 3_600_000 },
      );
      for (let i = 0; i < calls; i++) await breaker.fire();
      failing = true;
      return { run: () => breaker.fire().catch(() => 0), teardown: () => breaker.shutdown() };
    },
  };
}

const benchmark: Benchmark = {
  question: 'What does a failed call cost, by how many calls the window holds?',
  decision: 'Whether a window may be as large as the traffic needs while everything fails.',
  apart: true,
  contenders: {
    'tenfold, 100 calls': tenfold(100),
    'tenfold, 1,000 calls': tenfold(1_000),
    'tenfold, 100,000 calls': tenfold(100_000),
    // Its window goes by time and cannot be bounded: the calls it is timed with come on top.
    'opossum, 1,000 calls and more': opossum(1_000),
  },
  goals: [
    {
      id: 'independent-of-window',
      says: 'a failure costs the same with 1,000 times the window, within 30 %',
      value: (ns) => ns('tenfold, 100,000 calls') / ns('tenfold, 100 calls'),
      atMost: 1.3,
    },
    {
      id: 'against-opossum',
      says: 'at least 100 times as fast as opossum with as many calls or more',
      value: (ns) => ns('opossum, 1,000 calls and more') / ns('tenfold, 1,000 calls'),
      atLeast: 100,
    },
  ],
};

export default benchmark;

import { tokenBucket } from '../../src/admission/index.ts';
import { circuitBreaker } from '../../src/breaker/index.ts';
import type { Policy } from '../../src/core/index.ts';
import { bulkhead, compose, timeout } from '../../src/policy/index.ts';
import { workQueue } from '../../src/queue/index.ts';
import type { Benchmark, Prepared } from '../harness/benchmark.ts';

/** Calls that are alive, and share the signal, while the measured ones come and go. */
const live = 1_000;

/** Five real policies on the system clock. */
function guarded(): Policy {
  return compose(
    tokenBucket({ capacity: 1e12, refillPerSecond: 1e12 }),
    workQueue({ concurrency: 1e6 }),
    bulkhead({ concurrency: 1e6 }),
    circuitBreaker(),
    timeout({ ms: 3_600_000 }),
  );
}

const work = async (): Promise<number> => 1;

/** A guard under a thousand calls that go on, with the caller's signal or without. */
function amongLiveCalls(signal: AbortSignal | undefined): Prepared {
  const guard = guarded();
  let end = (_value: number): void => undefined;
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  const call = signal === undefined ? {} : { signal };
  for (let i = 0; i < live; i++) void guard.run(() => ended, call);
  return {
    run: () => guard.run(work, call),
    teardown: () => end(1),
  };
}

const benchmark: Benchmark = {
  question: 'What do five policies in a row cost, and what does a shared signal add?',
  decision: 'Whether every call of a service may go through the whole row.',
  contenders: {
    'five policies': {
      async: true,
      setup: () => {
        const guard = guarded();
        return { run: () => guard.run(work) };
      },
    },
    '1,000 live calls': { async: true, setup: () => amongLiveCalls(undefined) },
    '1,000 live calls, one signal': {
      async: true,
      setup: () => amongLiveCalls(new AbortController().signal),
    },
  },
  apart: true,
  goals: [
    {
      id: 'five-policies',
      says: 'compose of five real policies costs at most 0.7 µs',
      value: (ns) => ns('five policies'),
      atMost: 700,
      unit: 'ns',
      calibration: 'bare await',
    },
    {
      id: 'shared-signal',
      says: 'one signal shared by 1,000 live calls costs at most 1.5×',
      value: (ns) => ns('1,000 live calls, one signal') / ns('1,000 live calls'),
      atMost: 1.5,
    },
  ],
};

export default benchmark;

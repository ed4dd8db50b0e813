import { tokenBucket } from '../../src/admission/index.ts';
import { circuitBreaker } from '../../src/breaker/index.ts';
import { compose, timeout } from '../../src/policy/index.ts';
import { workQueue } from '../../src/queue/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';

/** Requests per run; ten arrive per virtual millisecond at 64 workers, most of whom are busy. */
const requests = 20_000;

interface Backend {
  readonly readsSignal: boolean;
}

/** Sends every request through bucket, four-level queue, breaker and time limit to a backend. */
async function wired({ readsSignal }: Backend): Promise<void> {
  const runtime = virtualRuntime();
  const serviceMs = runtime.random('service');
  const guard = compose(
    tokenBucket({ capacity: 2_000, refillPerSecond: 9_800, runtime }),
    workQueue({ concurrency: 64, capacity: 5_000, runtime }),
    circuitBreaker({ runtime }),
    timeout({ ms: 50, runtime }),
  );
  const request = async (priority: number): Promise<void> => {
    try {
      await guard.run(
        async (call) => {
          if (readsSignal) call.signal.throwIfAborted();
          await runtime.sleep(2 + 6 * serviceMs());
          if (serviceMs() < 0.02) throw new Error('backend');
        },
        { priority },
      );
    } catch {
      // Refused and failed requests are part of the load.
    }
  };
  await runtime.run(async () => {
    const all: Promise<void>[] = [];
    for (let i = 0; i < requests; i++) {
      all.push(request(i & 3));
      if (i % 10 === 9) await runtime.sleep(1);
    }
    await Promise.all(all);
  });
}

const benchmark: Benchmark = {
  question: 'How many fully wired requests does a real second of virtual time hold?',
  decision: 'Whether the guards may stay in the simulation, or must be modelled instead.',
  contenders: {
    'limiter, queue, breaker, timeout': {
      async: true,
      batch: requests,
      setup: () => ({ run: () => wired({ readsSignal: false }) }),
    },
    'the same, work reads its signal': {
      async: true,
      batch: requests,
      setup: () => ({ run: () => wired({ readsSignal: true }) }),
    },
  },
  apart: true,
  goals: [
    {
      id: 'wired-per-second',
      says: 'at least 450k wired requests per real second',
      value: (ns) => 1e9 / ns('limiter, queue, breaker, timeout'),
      atLeast: 450_000,
      unit: 'per second',
      calibration: 'bare await',
    },
    {
      id: 'wired-with-signals-per-second',
      says: 'at least 190k where every request reads its AbortSignal',
      value: (ns) => 1e9 / ns('the same, work reads its signal'),
      atLeast: 190_000,
      unit: 'per second',
      calibration: 'bare await',
      nodeMajor: 20,
    },
  ],
};

export default benchmark;

import FakeTimers from '@sinonjs/fake-timers';
import { virtualRuntime } from '../../src/sim/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';

/** Requests per run; ten arrive per virtual millisecond, so that about 150 are alive at any time. */
const requests = 20_000;

/** A request of two waits, as every simulator runs it; the sleeps are the simulator's own. */
async function simple(sleep: (ms: number) => Promise<void>): Promise<void> {
  const request = async (): Promise<void> => {
    await sleep(5);
    await sleep(10);
  };
  const all: Promise<void>[] = [];
  for (let i = 0; i < requests; i++) {
    all.push(request());
    if (i % 10 === 9) await sleep(1);
  }
  await Promise.all(all);
}

async function inVirtualTime(drain: 'auto' | 'turn'): Promise<void> {
  const runtime = virtualRuntime({ drain });
  await runtime.run(() => simple((ms) => runtime.sleep(ms)));
}

async function onFakeTimers(): Promise<void> {
  const clock = FakeTimers.createClock(0, 1e9);
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => void clock.setTimeout(() => resolve(), ms));
  const done = simple(sleep);
  await clock.runAllAsync();
  await done;
}

const benchmark: Benchmark = {
  question: 'How many simple requests (two waits each) does a real second of virtual time hold?',
  decision: 'Whether an hour of traffic at ten times the load fits into a unit test.',
  contenders: {
    tenfold: {
      async: true,
      batch: requests,
      setup: () => ({ run: () => inVirtualTime('auto') }),
    },
    'a turn per alarm': {
      async: true,
      batch: requests,
      setup: () => ({ run: () => inVirtualTime('turn') }),
    },
    '@sinonjs/fake-timers': {
      async: true,
      batch: requests,
      setup: () => ({ run: onFakeTimers }),
    },
  },
  apart: true,
  goals: [
    {
      id: 'simple-per-second',
      says: 'at least 1M simple requests per real second',
      value: (ns) => 1e9 / ns('tenfold'),
      atLeast: 1_000_000,
      unit: 'per second',
      calibration: 'bare await',
    },
    {
      id: 'against-fake-timers',
      says: 'at least 4× @sinonjs/fake-timers on the same program',
      value: (ns) => ns('@sinonjs/fake-timers') / ns('tenfold'),
      atLeast: 4,
    },
  ],
};

export default benchmark;

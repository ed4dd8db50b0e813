import fastq from 'fastq';
import pLimit from 'p-limit';
import PQueue from 'p-queue';
import { workQueue } from '../../src/queue/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';

const TASKS = 200_000;
const YIELD_AFTER_MS = 10;
const work = async (): Promise<number> => 1;

/** The longest time between two turns of the event loop while `drain` goes on, in ms. */
async function longestGap(drain: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let isOver = false;
  const look = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await new Promise((resolve) => setImmediate(resolve));
  last = performance.now();
  longest = 0;
  await drain();
  look();
  isOver = true;
  return longest;
}

/** Everything is added while the queue stands, then drained: only the draining is looked at. */
async function ours(): Promise<number> {
  const queue = workQueue({ concurrency: 8, yieldAfterMs: YIELD_AFTER_MS });
  queue.pause();
  for (let i = 0; i < TASKS; i++) void queue.run(work);
  globalThis.gc?.();
  return longestGap(async () => {
    queue.resume();
    await queue.idle();
  });
}

async function pQueue(): Promise<number> {
  const queue = new PQueue({ concurrency: 8, autoStart: false });
  for (let i = 0; i < TASKS; i++) void queue.add(work);
  globalThis.gc?.();
  return longestGap(async () => {
    queue.start();
    await queue.onIdle();
  });
}

async function fast(): Promise<number> {
  const queue = fastq.promise(work, 8);
  queue.pause();
  const jobs: Promise<number>[] = [];
  for (let i = 0; i < TASKS; i++) jobs.push(queue.push(i));
  globalThis.gc?.();
  return longestGap(async () => {
    queue.resume();
    await jobs.at(-1);
    if (!queue.idle()) await queue.drained();
  });
}

async function limit(): Promise<number> {
  const run = pLimit(8);
  return longestGap(() => Promise.all(Array.from({ length: TASKS }, () => run(work))));
}

const benchmark: Benchmark = {
  question: 'How long is the event loop blocked while 200,000 trivial tasks are drained?',
  decision: 'Whether a burst in the queue may cost other requests their time-outs.',
  measure: async () => ({
    'tenfold ms': await ours(),
    'fastq ms': await fast(),
    'p-limit ms': await limit(),
    'p-queue ms': await pQueue(),
  }),
  goals: [
    {
      id: 'gap',
      says: 'never longer than yieldAfterMs + 5 ms',
      value: (figure) => figure('tenfold ms') - YIELD_AFTER_MS,
      atMost: 5,
      unit: 'count',
    },
  ],
};

export default benchmark;

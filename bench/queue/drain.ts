// Adds a backlog to a stopped queue, starts it and waits until it has drained: what each task costs,
// from adding it to its answer.

import { AsyncLocalStorage } from 'node:async_hooks';
import Bottleneck from 'bottleneck';
import fastq from 'fastq';
import pLimit from 'p-limit';
import PQueue from 'p-queue';
import { workQueue } from '../../src/queue/index.ts';

export type Drain = () => Promise<void>;

const CONCURRENCY = 8;
const work = async (): Promise<number> => 1;

/** Priorities that do not depend on chance: spread evenly, in no order. */
export function priorities(count: number, levels: number): Int32Array {
  let state = 12345;
  return Int32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % levels;
  });
}

export function ours(count: number, levels: number): Drain {
  const given = priorities(count, levels);
  return async () => {
    // One turn, as the rivals have it: they never give way.
    const queue = workQueue({ concurrency: CONCURRENCY, yieldAfterMs: Infinity });
    queue.pause();
    const calls = Array.from({ length: levels }, (_, priority) => ({ priority }));
    let last: Promise<unknown> | undefined;
    for (let i = 0; i < count; i++) last = queue.run(work, calls[given[i] as number]);
    queue.resume();
    await last;
    await queue.idle();
  };
}

/** The same inside a context that must be kept. Before Node 24 that slows the whole process down. */
export function inContext(drain: Drain): Drain {
  const storage = new AsyncLocalStorage<string>();
  return () => storage.run('request', drain);
}

export function pQueue(count: number, levels: number): Drain {
  const given = priorities(count, levels);
  return async () => {
    const queue = new PQueue({ concurrency: CONCURRENCY, autoStart: false });
    for (let i = 0; i < count; i++) void queue.add(work, { priority: given[i] as number });
    queue.start();
    await queue.onIdle();
  };
}

export function fastQueue(count: number): Drain {
  return async () => {
    const queue = fastq.promise(work, CONCURRENCY);
    queue.pause();
    let last: Promise<unknown> | undefined;
    for (let i = 0; i < count; i++) last = queue.push(i);
    queue.resume();
    await last;
    if (!queue.idle()) await queue.drained();
  };
}

export function limit(count: number): Drain {
  return async () => {
    const run = pLimit(CONCURRENCY);
    const jobs: Promise<unknown>[] = [];
    for (let i = 0; i < count; i++) jobs.push(run(work));
    await Promise.all(jobs);
  };
}

/** Bottleneck starts each task from a timer of its own: milliseconds a task, so only a few of them. */
export function bottleneck(count: number): Drain {
  return async () => {
    const limiter = new Bottleneck({ maxConcurrent: CONCURRENCY });
    await Promise.all(Array.from({ length: count }, () => limiter.schedule(work)));
  };
}

/** Nanoseconds a task, the best of `rounds`, since what disturbs only ever adds. */
export async function nsPerTask(drain: Drain, count: number, rounds: number): Promise<number> {
  let best = Infinity;
  for (let i = 0; i < rounds; i++) {
    globalThis.gc?.();
    const start = process.hrtime.bigint();
    await drain();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / count);
  }
  return best;
}

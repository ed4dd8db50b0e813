import PQueue from 'p-queue';
import { workQueue } from '../../src/queue/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';
import { bytesHeld } from '../harness/memory.ts';
import { priorities } from './drain.ts';

const WAITING = 50_000;
const never = (): Promise<void> => new Promise(() => undefined);
const work = async (): Promise<number> => 1;
const REASON = new Error('given up'); // one for all: making it costs more than leaving the line
const ignore = (): void => undefined;

const micros = (start: bigint, count: number): number =>
  Number(process.hrtime.bigint() - start) / 1_000 / count;

/** Time to move and to abort one of 50,000 that wait, in µs. */
function ours(count: number): { move: number; abort: number } {
  const queue = workQueue({ concurrency: 1 });
  void queue.run(never);
  const given = priorities(WAITING, 10);
  const controllers = Array.from({ length: WAITING }, () => new AbortController());
  const tasks = controllers.map(({ signal }, i) => {
    const task = queue.add(work, { priority: given[i] as number, signal });
    task.promise.catch(ignore);
    return task;
  });
  const pick = (i: number): number => (i * 7919) % WAITING;
  let start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) tasks[pick(i)]?.setPriority(i % 10);
  const move = micros(start, count);
  start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) controllers[pick(i)]?.abort(REASON);
  return { move, abort: micros(start, count) };
}

function pQueue(count: number): { move: number; abort: number } {
  const queue = new PQueue({ concurrency: 1 });
  void queue.add(never);
  const given = priorities(WAITING, 10);
  const controllers = Array.from({ length: WAITING }, () => new AbortController());
  controllers.forEach(({ signal }, i) => {
    queue.add(work, { priority: given[i] as number, id: `${i}`, signal }).catch(ignore);
  });
  const pick = (i: number): number => (i * 7919) % WAITING;
  let start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) queue.setPriority(`${pick(i)}`, i % 10);
  const move = micros(start, count);
  start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) controllers[pick(i)]?.abort(REASON);
  return { move, abort: micros(start, count) };
}

const benchmark: Benchmark = {
  question: 'What does it cost to move or abort one of 50,000 that wait, and what does one weigh?',
  decision: 'Whether callers may give up and change their minds freely in a deep queue.',
  measure: async ({ quick }) => {
    const many = quick ? 5_000 : 20_000;
    const few = quick ? 200 : 1_000;
    ours(2_000);
    const mine = ours(many);
    const theirs = pQueue(few);
    const count = 100_000;
    const bytes = await bytesHeld(() => {
      const queue = workQueue({ concurrency: 1 });
      queue.pause();
      for (let i = 0; i < count; i++) void queue.run(work);
      return queue;
    });
    return {
      'setPriority µs': mine.move,
      'abort µs': mine.abort,
      'p-queue setPriority µs': theirs.move,
      'p-queue abort µs': theirs.abort,
      'bytes a waiting task': bytes / count,
    };
  },
  goals: [
    {
      id: 'set-priority',
      says: 'setPriority at 50,000 waiting at least 100 times p-queue',
      value: (figure) => figure('p-queue setPriority µs') / figure('setPriority µs'),
      atLeast: 100,
    },
    {
      id: 'abort',
      says: 'abort at 50,000 waiting at least 100 times p-queue',
      value: (figure) => figure('p-queue abort µs') / figure('abort µs'),
      atLeast: 100,
    },
    {
      id: 'bytes',
      says: 'a waiting task weighs at most 400 bytes',
      value: (figure) => figure('bytes a waiting task'),
      atMost: 400,
      unit: 'bytes',
    },
  ],
};

export default benchmark;

import type { Benchmark, Contender } from '../harness/benchmark.ts';
import type { Drain } from './drain.ts';
import { fastQueue, inContext, limit, ours, pQueue } from './drain.ts';

const TASKS = 1_000;

const draining = (drain: Drain): Contender => ({
  async: true,
  batch: TASKS,
  setup: () => ({ run: drain }),
});

const benchmark: Benchmark = {
  question: 'What does a task cost from adding to answering, with a thousand waiting?',
  decision: 'Whether a queue can stand before every call.',
  apart: true,
  contenders: {
    tenfold: draining(ours(TASKS, 1)),
    'tenfold, 10 priorities': draining(ours(TASKS, 10)),
    'tenfold, context kept': draining(inContext(ours(TASKS, 1))),
    fastq: draining(fastQueue(TASKS)),
    'p-limit': draining(limit(TASKS)),
    'p-queue': draining(pQueue(TASKS, 1)),
    'p-queue, 10 priorities': draining(pQueue(TASKS, 10)),
  },
  goals: [
    {
      id: 'task',
      says: 'at most 250 ns a task',
      value: (ns) => ns('tenfold'),
      atMost: 250,
      unit: 'ns',
    },
    {
      id: 'task-10-priorities',
      says: 'at most 250 ns a task with 10 priorities',
      value: (ns) => ns('tenfold, 10 priorities'),
      atMost: 250,
      unit: 'ns',
    },
    {
      id: 'against-fastq',
      says: 'not slower than fastq, first come, first served',
      value: (ns) => ns('fastq') / ns('tenfold'),
      atLeast: 1,
    },
  ],
};

export default benchmark;

import type { Benchmark } from '../harness/benchmark.ts';
import { bottleneck, fastQueue, limit, nsPerTask, ours, pQueue } from './drain.ts';

const DEEP = 100_000;

const benchmark: Benchmark = {
  question: 'What does a task cost with a hundred thousand to a million waiting?',
  decision: 'Whether the queue survives the very hour it is there for.',
  repeats: 3,
  measure: async ({ quick }) => {
    const rounds = quick ? 1 : 3;
    const figures: Record<string, number> = {};
    const rivals = {
      tenfold: ours(DEEP, 1),
      'tenfold, 10 priorities': ours(DEEP, 10),
      'tenfold, 1000 priorities': ours(DEEP, 1_000),
      fastq: fastQueue(DEEP),
      'p-limit': limit(DEEP),
    };
    for (const [name, drain] of Object.entries(rivals)) {
      await drain();
      figures[name] = await nsPerTask(drain, DEEP, rounds);
    }
    // Seconds each: once is enough, and with so wide a gap exact enough.
    figures['p-queue, 10 priorities'] = await nsPerTask(pQueue(DEEP, 10), DEEP, 1);
    figures['p-queue, 1000 priorities'] = await nsPerTask(pQueue(DEEP, 1_000), DEEP, 1);
    figures['bottleneck, 100 tasks'] = await nsPerTask(bottleneck(100), 100, 1);
    const million = quick ? 200_000 : 1_000_000;
    figures['tenfold, 1000 priorities, a million'] = await nsPerTask(
      ours(million, 1_000),
      million,
      rounds,
    );
    return figures;
  },
  goals: [
    {
      id: 'deep',
      says: 'at most 1.3 µs a task at 100,000 with random priorities',
      value: (ns) => ns('tenfold, 1000 priorities'),
      atMost: 1_300,
      unit: 'ns',
    },
    {
      id: 'a-million',
      says: 'at most 1.3 µs a task at a million with random priorities',
      value: (ns) => ns('tenfold, 1000 priorities, a million'),
      atMost: 1_300,
      unit: 'ns',
    },
    {
      id: 'p-queue-10',
      says: 'at least 20 times p-queue with 10 priorities',
      value: (ns) => ns('p-queue, 10 priorities') / ns('tenfold, 10 priorities'),
      atLeast: 20,
    },
    {
      id: 'p-queue-1000',
      says: 'at least 30 times p-queue with 1000 priorities',
      value: (ns) => ns('p-queue, 1000 priorities') / ns('tenfold, 1000 priorities'),
      atLeast: 30,
    },
    {
      id: 'fastq-deep',
      says: 'not slower than fastq, first come, first served',
      value: (ns) => ns('fastq') / ns('tenfold'),
      atLeast: 1,
    },
  ],
};

export default benchmark;

import { seededRandom } from '../../src/core/index.ts';
import { mergeTop } from '../../src/shard/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';

interface Hit {
  readonly id: number;
  readonly score: number;
}

const byScore = (a: Hit, b: Hit): number => b.score - a.score;
const random = seededRandom(1);
const lists = Array.from({ length: 20 }, () =>
  Array.from({ length: 100 }, (_, id) => ({ id, score: random() })).sort(byScore),
);

const benchmark: Benchmark = {
  question: 'What does it cost to take the best of 20 shards with 100 sorted hits each?',
  decision: 'Whether gathering may happen on the event loop.',
  contenders: {
    'tenfold, best 10': { setup: () => ({ run: () => mergeTop(lists, 10, byScore) }) },
    'concat and sort, best 10': {
      setup: () => ({ run: () => lists.flat().sort(byScore).slice(0, 10) }),
    },
    // The case we lose ground in: everything is wanted, so nothing can be left out.
    'tenfold, all 2,000': { setup: () => ({ run: () => mergeTop(lists, 2_000, byScore) }) },
  },
  goals: [
    {
      id: 'merge-top',
      says: 'the best 10 of 20 × 100 come at least 50× as fast as by concat and sort',
      value: (ns) => ns('concat and sort, best 10') / ns('tenfold, best 10'),
      atLeast: 50,
    },
  ],
};

export default benchmark;

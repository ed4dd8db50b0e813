import { seededRandom } from '../../src/core/seeded-random.ts';
import { topK } from '../../src/model/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';

/** A million draws from 100,000 keys, the n-th with a chance of about 1 ÷ n. */
const SIZE = 1 << 20;
const random = seededRandom('keys');
const names = Array.from({ length: 100_001 }, (_, i) => `user:${i}`);
const keys = Array.from({ length: SIZE }, () => names[Math.floor(100_000 ** random())] as string);

const benchmark: Benchmark = {
  question: 'What does counting one key towards the ten most frequent cost?',
  decision: 'Whether hot keys can be looked for on every access, or only on a sample.',
  contenders: {
    tenfold: {
      setup: () => {
        const top = topK({ k: 10 });
        return { run: (i) => top.add(keys[i & (SIZE - 1)] as string) };
      },
    },
    // Exact, faster for keys it has seen, and as large as there are keys.
    'a Map of all keys': {
      setup: () => {
        const counts = new Map<string, number>();
        return {
          run: (i) => {
            const key = keys[i & (SIZE - 1)] as string;
            counts.set(key, (counts.get(key) ?? 0) + 1);
          },
        };
      },
    },
  },
  goals: [
    {
      id: 'add',
      says: 'bounded memory costs no more than twice an unbounded Map',
      value: (ns) => ns('tenfold') / ns('a Map of all keys'),
      atMost: 2,
    },
  ],
};

export default benchmark;

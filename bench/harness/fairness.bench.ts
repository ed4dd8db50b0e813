import type { Benchmark, Contender } from './benchmark.ts';

// Three equal contenders: whatever differs is the harness, not they.
const counter = (): Contender => ({
  setup: () => {
    const slots = new Float64Array(64);
    return { run: (i) => (slots[i & 63] = (slots[(i + 7) & 63] ?? 0) + 1) };
  },
});

const answer = (): Contender => ({
  async: true,
  setup: () => ({ run: async () => 1 }),
});

const benchmark: Benchmark = {
  question: 'Do equal contenders measure alike?',
  decision: 'Whether the differences that the other benchmarks print mean anything.',
  contenders: {
    'counter a': counter(),
    'counter b': counter(),
    'answer a': answer(),
    'answer b': answer(),
  },
  goals: [
    {
      id: 'sync',
      says: 'of two equal synchronous contenders the first is at most a tenth slower',
      value: (ns) => ns('counter a') / ns('counter b'),
      atMost: 1.1,
    },
    {
      id: 'async',
      says: 'of two equal asynchronous contenders the first is at most a tenth slower',
      value: (ns) => ns('answer a') / ns('answer b'),
      atMost: 1.1,
    },
  ],
};

export default benchmark;

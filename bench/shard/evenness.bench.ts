import {
  boundedRing,
  jump,
  ketama,
  maglev,
  modulo,
  rendezvous,
  ring,
  shardMap,
  slots,
  type Strategy,
} from '../../src/shard/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';

const STRATEGIES: Readonly<Record<string, () => Strategy>> = {
  ...{ slots, maglev, rendezvous, jump, ring, boundedRing, ketama, modulo },
};

/** Rendezvous asks every node, so its row of the published properties is too slow for a test. */
function atThousand(keys: readonly string[]): Record<string, number> {
  const nodes = Array.from({ length: 1_000 }, (_, at) => ({ id: `n${at}` }));
  const map = shardMap({ nodes, strategy: rendezvous() });
  const plan = map.plan({ add: [{ id: 'new' }] }, { keys });
  const counts = [...map.group(keys).values()].map((group) => group.length);
  return {
    'rendezvous, 1,000 nodes: fullest ÷ mean': Math.max(...counts) / (keys.length / 1_000),
    'rendezvous, 1,000 nodes: moved ÷ due': plan.movedRatio * 1_001,
  };
}

const benchmark: Benchmark = {
  question: 'How even is each strategy on 100 nodes, and what does one node more move?',
  decision: 'Which strategy is the default, and the table of docs/shard.md.',
  measure: ({ quick }) => {
    const keys = Array.from(
      { length: quick ? 100_000 : 1_000_000 },
      (_, at) => `user:${at}:profile`,
    );
    const nodes = Array.from({ length: 100 }, (_, at) => ({ id: `node-${at}` }));
    const figures: Record<string, number> = {};
    for (const [name, strategy] of Object.entries(STRATEGIES)) {
      const map = shardMap({ nodes, strategy: strategy() });
      const plan = map.plan({ add: [{ id: 'node-100' }] }, { keys });
      const counts = [...map.group(keys).values()].map((group) => group.length);
      figures[`${name}: fullest ÷ mean`] = Math.max(...counts) / (keys.length / 100);
      figures[`${name}: % moved, 1 of 101`] = plan.movedRatio * 100;
      figures[`${name}: % collateral`] = plan.collateralRatio * 100;
    }
    Object.assign(figures, atThousand(keys));
    return figures;
  },
  repeats: 1,
  goals: [
    {
      id: 'slots-even',
      says: 'with a million keys the fullest of 100 nodes lies at most 4 % above the mean',
      value: (figure) => figure('slots: fullest ÷ mean'),
      // A tenth of the keys with --quick: the noise of counting alone is three times as wide.
      atMost: 1.04,
    },
    {
      id: 'slots-collateral',
      says: 'a node that joins moves no key between the others',
      value: (figure) => figure('slots: % collateral'),
      atMost: 0,
    },
    {
      id: 'slots-moved',
      says: 'and at most 1 % more than its share',
      value: (figure) => figure('slots: % moved, 1 of 101') / (100 / 101),
      atMost: 1.01,
    },
    {
      id: 'rendezvous-even-1000',
      says: 'by rendezvous the fullest of 1,000 nodes lies at most 13 % above the mean',
      value: (figure) => figure('rendezvous, 1,000 nodes: fullest ÷ mean'),
      atMost: 1.13,
    },
    {
      id: 'rendezvous-moved-1000',
      says: 'and one node more moves within 5 % of its share',
      value: (figure) => Math.abs(figure('rendezvous, 1,000 nodes: moved ÷ due') - 1),
      atMost: 0.05,
    },
  ],
};

export default benchmark;

import type { Benchmark } from '../harness/benchmark.ts';
import { simulateFanOut } from './fan-out-simulation.ts';

const benchmark: Benchmark = {
  question: 'What do hedging and a quorum do for a call to 20 shards with 2 % stragglers?',
  decision: 'Whether to hedge by default quantile and budget. Virtual time: exact for a seed.',
  measure: async ({ quick }) => {
    const calls = quick ? 1_500 : 5_000;
    const plain = await simulateFanOut({ calls, seed: 7 });
    const hedged = await simulateFanOut({ calls, seed: 7, hedge: {} });
    const most = await simulateFanOut({ calls, seed: 7, quorum: 0.9 });
    return {
      'p99 plain, ms': plain.p99,
      'p99 hedged, ms': hedged.p99,
      'p99 of 90 %, ms': most.p99,
      'p50 plain, ms': plain.p50,
      'p50 hedged, ms': hedged.p50,
      'requests hedged ÷ plain': hedged.requests / plain.requests,
    };
  },
  repeats: 1,
  goals: [
    {
      id: 'hedging-p99',
      says: 'hedging at p95 cuts p99 at least 3×',
      value: (figure) => figure('p99 plain, ms') / figure('p99 hedged, ms'),
      atLeast: 3,
    },
    {
      id: 'hedging-load',
      says: 'for at most 6 % more requests',
      value: (figure) => figure('requests hedged ÷ plain'),
      atMost: 1.06,
    },
  ],
};

export default benchmark;

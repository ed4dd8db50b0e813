import { timeout as cockatielTimeout, TimeoutStrategy } from 'cockatiel';
import type { ICancellationContext } from 'cockatiel';
import { timeout } from '../../src/policy/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';

const answer = async (): Promise<number> => 1;

interface HasSignal {
  readonly signal: AbortSignal;
}

const attentive = async ({ signal }: HasSignal): Promise<number> => (signal.aborted ? 0 : 1);

function cockatiel(strategy: TimeoutStrategy, work: (call: ICancellationContext) => unknown) {
  return {
    async: true,
    setup: () => {
      const limit = cockatielTimeout(60_000, strategy);
      return { run: () => limit.execute(work) };
    },
  };
}

const benchmark: Benchmark = {
  question: 'What does a time limit cost a call that answers in time?',
  decision: 'Whether every call may have a time limit of its own.',
  apart: true,
  contenders: {
    tenfold: {
      async: true,
      setup: () => {
        const limit = timeout({ ms: 60_000 });
        return { run: () => limit.run(answer) };
      },
    },
    'tenfold, the work reads its signal': {
      async: true,
      setup: () => {
        const limit = timeout({ ms: 60_000 });
        return { run: () => limit.run(attentive) };
      },
    },
    'cockatiel, aggressive': cockatiel(TimeoutStrategy.Aggressive, answer),
    'cockatiel, cooperative': cockatiel(TimeoutStrategy.Cooperative, answer),
    'cockatiel, aggressive, the work reads its signal': cockatiel(
      TimeoutStrategy.Aggressive,
      attentive,
    ),
  },
  goals: [
    {
      id: 'against-cockatiel',
      says: 'at least ten times as fast as cockatiel’s time-out of the same meaning',
      value: (ns) => ns('cockatiel, aggressive') / ns('tenfold'),
      atLeast: 10,
    },
    {
      id: 'against-cockatiel-with-signal',
      says: 'at least twice as fast where the work reads its signal',
      value: (ns) =>
        ns('cockatiel, aggressive, the work reads its signal') /
        ns('tenfold, the work reads its signal'),
      atLeast: 2,
    },
  ],
};

export default benchmark;

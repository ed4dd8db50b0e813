import {
  bulkhead as cockatielBulkhead,
  ConstantBackoff,
  handleAll,
  retry as cockatielRetry,
} from 'cockatiel';
import { bulkhead, hedge, retry } from '../../src/policy/index.ts';
import type { Benchmark, Contender } from '../harness/benchmark.ts';

const answer = async (): Promise<number> => 1;

function contender(make: () => () => unknown): Contender {
  return { async: true, setup: () => ({ run: make() }) };
}

const benchmark: Benchmark = {
  question: 'What do the policies without a clock of their own cost a good call?',
  decision: 'Whether a retry may stand where it is hardly ever needed.',
  apart: true,
  contenders: {
    'tenfold retry': contender(() => {
      const again = retry({ attempts: 3 });
      return () => again.run(answer);
    }),
    'tenfold hedge': contender(() => {
      const prompt = hedge({ delayMs: 60_000 });
      return () => prompt.run(answer);
    }),
    'tenfold bulkhead': contender(() => {
      const few = bulkhead({ concurrency: 100 });
      return () => few.run(answer);
    }),
    'cockatiel retry': contender(() => {
      const again = cockatielRetry(handleAll, {
        maxAttempts: 2,
        backoff: new ConstantBackoff(100),
      });
      return () => again.execute(answer);
    }),
    'cockatiel bulkhead': contender(() => {
      const few = cockatielBulkhead(100);
      return () => few.execute(answer);
    }),
  },
  goals: [
    {
      id: 'retry-against-cockatiel',
      says: 'a retry that is not needed costs at most what cockatiel’s does',
      value: (ns) => ns('cockatiel retry') / ns('tenfold retry'),
      atLeast: 1,
    },
    {
      id: 'bulkhead-against-cockatiel',
      says: 'a bulkhead costs at most what cockatiel’s does',
      value: (ns) => ns('cockatiel bulkhead') / ns('tenfold bulkhead'),
      atLeast: 1,
    },
  ],
};

export default benchmark;

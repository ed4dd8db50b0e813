import {
  bulkhead as cockatielBulkhead,
  circuitBreaker as cockatielBreaker,
  ConstantBackoff,
  handleAll,
  retry as cockatielRetry,
  SamplingBreaker,
  timeout as cockatielTimeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import type { IDefaultPolicyContext } from 'cockatiel';
import { circuitBreaker } from '../../src/breaker/index.ts';
import { bulkhead, compose, retry, timeout } from '../../src/policy/index.ts';
import type { Benchmark, Contender } from '../harness/benchmark.ts';

const answer = async (): Promise<number> => 1;

interface HasSignal {
  readonly signal: AbortSignal;
}

const attentive = async ({ signal }: HasSignal): Promise<number> => (signal.aborted ? 0 : 1);

function tenfold(work: (call: HasSignal) => Promise<number>): Contender {
  return {
    async: true,
    setup: () => {
      const guard = compose(
        retry({ attempts: 3 }),
        circuitBreaker(),
        timeout({ ms: 60_000 }),
        bulkhead({ concurrency: 100 }),
      );
      return { run: () => guard.run(work) };
    },
  };
}

function cockatiel(work: (call: IDefaultPolicyContext) => Promise<number>): Contender {
  return {
    async: true,
    setup: () => {
      const guard = wrap(
        cockatielRetry(handleAll, { maxAttempts: 2, backoff: new ConstantBackoff(100) }),
        cockatielBreaker(handleAll, {
          halfOpenAfter: 5_000,
          breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 2 }),
        }),
        cockatielTimeout(60_000, TimeoutStrategy.Aggressive),
        cockatielBulkhead(100),
      );
      return { run: () => guard.execute(work) };
    },
  };
}

const benchmark: Benchmark = {
  question: 'What does a whole stack (retry, breaker, time limit, bulkhead) cost a good call?',
  decision: 'Whether resilience can stand before every call, also before cheap ones.',
  apart: true,
  contenders: {
    tenfold: tenfold(answer),
    'tenfold, the work reads its signal': tenfold(attentive),
    cockatiel: cockatiel(answer),
    'cockatiel, the work reads its signal': cockatiel(attentive),
  },
  goals: [
    {
      id: 'against-cockatiel',
      says: 'at least eight times as fast as cockatiel’s wrap of the same four',
      value: (ns) => ns('cockatiel') / ns('tenfold'),
      atLeast: 8,
    },
    {
      id: 'against-cockatiel-with-signal',
      says: 'at least twice as fast where the work reads its signal',
      value: (ns) =>
        ns('cockatiel, the work reads its signal') / ns('tenfold, the work reads its signal'),
      atLeast: 2,
    },
  ],
};

export default benchmark;

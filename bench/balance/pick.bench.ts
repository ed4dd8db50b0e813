import { BalancedPool } from 'undici';
import {
  affinity,
  balancer,
  type BalancerOptions,
  consistentHash,
  leastRequest,
  peakEwma,
  roundRobin,
} from '../../src/balance/index.ts';
import type { Benchmark, Contender } from '../harness/benchmark.ts';

const KEYS = Array.from({ length: 1_024 }, (_, at) => ({ key: `key ${at}` }));

/** Calls held open, so that endpoints differ in what they have in flight. */
const OPEN = 256;

function warm(endpoints: number, options: Partial<BalancerOptions<string>> = {}) {
  const ids = Array.from({ length: endpoints }, (_, at) => `http://10.0.${at >> 8}.${at & 255}:80`);
  const lb = balancer<string>({ endpoints: ids, ...options });
  for (let call = 0; call < 4 * endpoints; call++) {
    const pass = lb.tryEnter(KEYS[call & 1_023]);
    if (pass.ok) pass.done('success');
  }
  return lb;
}

/** A pick, and the end of the oldest of the calls in flight. */
function pickAndDone(endpoints: number, options: Partial<BalancerOptions<string>> = {}): Contender {
  return {
    setup: () => {
      const lb = warm(endpoints, options);
      const open = Array.from({ length: OPEN }, () => lb.tryEnter());
      return {
        run: (i) => {
          const pass = lb.tryEnter(KEYS[i & 1_023]);
          const at = i & (OPEN - 1);
          const oldest = open[at]!;
          open[at] = pass;
          if (oldest.ok) oldest.done('success');
          return pass;
        },
      };
    },
  };
}

/**
 * A pick, given back at once without another clock read. One call in 64 ends as calls do, so that what
 * was learned stays fresh.
 */
function pick(endpoints: number): Contender {
  return {
    setup: () => {
      const lb = warm(endpoints);
      return {
        run: (i) => {
          const pass = lb.tryEnter(KEYS[i & 1_023]);
          if (!pass.ok) return pass;
          if ((i & 63) === 0) pass.done('success');
          else pass.done('cancelled', undefined, 0);
          return pass;
        },
      };
    },
  };
}

const benchmark: Benchmark = {
  question: 'What does it cost to pick an endpoint, and to note how the call went?',
  decision: 'Whether every call can be balanced by load, and which policies stay flat.',
  // Each in a process of its own, as one policy is what a service has.
  apart: true,
  contenders: {
    'pick, 10 endpoints': pick(10),
    'pick, 1,000 endpoints': pick(1_000),
    'pick + done, 100 endpoints': pickAndDone(100),
    'pick + done, 1,000 endpoints': pickAndDone(1_000),
    'pick, 100 endpoints': pick(100),
    'round robin, pick + done, 100': pickAndDone(100, { policy: roundRobin() }),
    'least request, pick + done, 100': pickAndDone(100, { policy: leastRequest() }),
    'peak ewma, pick + done, 100': pickAndDone(100, { policy: peakEwma() }),
    'hash, pick + done, 100': pickAndDone(100, { policy: consistentHash() }),
    'affinity, pick + done, 100': pickAndDone(100, { policy: affinity() }),
    'undici BalancedPool, 100': rival(100),
    // The case we lose: with two upstreams its turns cost less than looking at loads.
    'undici BalancedPool, 2': rival(2),
    'pick, 2 endpoints': pick(2),
  },
  goals: [
    {
      id: 'pick-thousand',
      says: 'a pick among 1,000 endpoints costs at most two clock reads, its own included',
      value: (ns) => ns('pick, 1,000 endpoints') / ns('clock read'),
      atMost: 2,
    },
    {
      id: 'pick-flat',
      says: 'and is flat: at most 1.5 times a pick among 10',
      value: (ns) => ns('pick, 1,000 endpoints') / ns('pick, 10 endpoints'),
      atMost: 1.5,
    },
    {
      id: 'pick-done',
      says: 'pick and done together at most 350 ns',
      value: (ns) => ns('pick + done, 100 endpoints'),
      atMost: 350,
      unit: 'ns',
    },
    {
      id: 'against-undici',
      says: 'a pick among 100 at least 3 times as fast as one of undici’s BalancedPool',
      value: (ns) => ns('undici BalancedPool, 100') / ns('pick, 100 endpoints'),
      atLeast: 3,
    },
  ],
};

/** The dispatcher BalancedPool would send the next request to; its pools are never connected. */
function rival(upstreams: number): Contender {
  return {
    setup: () => {
      const origins = Array.from(
        { length: upstreams },
        (_, at) => `http://10.0.${at >> 8}.${at & 255}:80`,
      );
      const pool = new BalancedPool(origins);
      const getDispatcher = symbolOf(pool, 'get dispatcher');
      const next = (pool as unknown as Record<symbol, () => unknown>)[getDispatcher]!.bind(pool);
      return { run: () => next() };
    },
  };
}

/** undici keeps the method that picks under a symbol of its own. */
function symbolOf(object: object, description: string): symbol {
  for (let at: object | null = object; at !== null; at = Object.getPrototypeOf(at) as object) {
    const found = Object.getOwnPropertySymbols(at).find((one) => one.description === description);
    if (found !== undefined) return found;
  }
  throw new Error(`undici has no ${description} any more`);
}

export default benchmark;

import { createPool } from 'generic-pool';
import { Pool as TarnPool } from 'tarn';
import { pool } from '../../src/pool/index.ts';
import type { Benchmark, Contender } from '../harness/benchmark.ts';

const SIZE = 8;
const create = async (): Promise<object> => ({});

const ours = (): Contender['setup'] => async () => {
  const workers = pool({ min: SIZE, max: SIZE, create });
  await workers.ready();
  return {
    run: async () => {
      const lease = await workers.acquire();
      lease.release();
    },
    teardown: async () => void (await workers.close()),
  };
};

const tryOurs: Contender['setup'] = async () => {
  const workers = pool({ min: SIZE, max: SIZE, create });
  await workers.ready();
  return {
    run: () => {
      const lease = workers.tryAcquire();
      if (lease?.ok === true) lease.release();
    },
    teardown: async () => void (await workers.close()),
  };
};

const generic: Contender['setup'] = async () => {
  const workers = createPool({ create, destroy: async () => undefined }, { min: SIZE, max: SIZE });
  await workers.ready();
  return {
    run: async () => {
      const one = await workers.acquire();
      await workers.release(one);
    },
    teardown: async () => {
      await workers.drain();
      await workers.clear();
    },
  };
};

const tarn: Contender['setup'] = async () => {
  const workers = new TarnPool<object>({ min: SIZE, max: SIZE, create, destroy: () => undefined });
  return {
    run: async () => {
      const one = await workers.acquire().promise;
      workers.release(one);
    },
    teardown: async () => void (await workers.destroy()),
  };
};

/** 64 callers for 8 workers: what waiting in line costs. */
const crowd =
  (acquire: () => Promise<() => unknown>): (() => Promise<void>) =>
  async () => {
    await Promise.all(
      Array.from({ length: 64 }, async () => {
        const release = await acquire();
        await release();
      }),
    );
  };

const crowded = {
  ours: async () => {
    const workers = pool({ min: SIZE, max: SIZE, create });
    await workers.ready();
    return {
      run: crowd(async () => {
        const lease = await workers.acquire();
        return () => lease.release();
      }),
      teardown: async () => void (await workers.close()),
    };
  },
  generic: async () => {
    const workers = createPool(
      { create, destroy: async () => undefined },
      { min: SIZE, max: SIZE },
    );
    await workers.ready();
    return {
      run: crowd(async () => {
        const one = await workers.acquire();
        return () => workers.release(one);
      }),
      teardown: async () => {
        await workers.drain();
        await workers.clear();
      },
    };
  },
  tarn: async () => {
    const workers = new TarnPool<object>({
      min: SIZE,
      max: SIZE,
      create,
      destroy: () => undefined,
    });
    return {
      run: crowd(async () => {
        const one = await workers.acquire().promise;
        return () => workers.release(one);
      }),
      teardown: async () => void (await workers.destroy()),
    };
  },
} satisfies Record<string, Contender['setup']>;

const benchmark: Benchmark = {
  question: 'What does it cost to borrow a worker and to give it back?',
  decision: 'Whether a pool can stand before every query.',
  apart: true,
  contenders: {
    'tenfold acquire': { async: true, setup: ours() },
    'tenfold tryAcquire': { setup: tryOurs },
    tarn: { async: true, setup: tarn },
    'generic-pool': { async: true, setup: generic },
    'tenfold, 64 for 8': { async: true, batch: 64, setup: crowded.ours },
    'tarn, 64 for 8': { async: true, batch: 64, setup: crowded.tarn },
    'generic-pool, 64 for 8': { async: true, batch: 64, setup: crowded.generic },
  },
  goals: [
    {
      id: 'against-tarn',
      says: 'not slower than tarn',
      value: (ns) => ns('tarn') / ns('tenfold acquire'),
      atLeast: 1,
    },
    {
      id: 'against-generic-pool',
      says: 'not slower than generic-pool',
      value: (ns) => ns('generic-pool') / ns('tenfold acquire'),
      atLeast: 1,
    },
    {
      id: 'crowd-against-tarn',
      says: 'not slower than tarn with 64 callers for 8 workers',
      value: (ns) => ns('tarn, 64 for 8') / ns('tenfold, 64 for 8'),
      atLeast: 1,
    },
    {
      id: 'crowd-against-generic-pool',
      says: 'not slower than generic-pool with 64 callers for 8 workers',
      value: (ns) => ns('generic-pool, 64 for 8') / ns('tenfold, 64 for 8'),
      atLeast: 1,
    },
  ],
};

export default benchmark;

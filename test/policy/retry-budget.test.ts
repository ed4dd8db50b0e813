import { describe, expect, it } from 'vitest';
import { retryBudget } from '../../src/policy/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import vectors from '../vectors/policy-budgets-and-throttling.json' with { type: 'json' };

const { finagleRetryBudget: finagle, towerTps, failsafeInflightBudget: failsafe } = vectors;

describe('a retry budget by calls', () => {
  it.each(finagle.cases)(
    'allows $expectRetried retries of 10,000 calls at $percent and $min/s as published',
    ({ ttlSec, min, percent, expectRetried }) => {
      const budget = retryBudget({
        ratio: percent,
        minPerSecond: min,
        windowMs: ttlSec * 1000,
        runtime: virtualRuntime(),
      });
      let retried = 0;

      for (let i = 0; i < 10_000; i++) {
        budget.begin();
        if (budget.tryTake()) retried++;
        budget.end();
      }

      expect(Math.abs(retried - expectRetried)).toBeLessThanOrEqual(1);
      expect(budget.snapshot().refused).toBe(10_000 - retried);
    },
  );

  it.each(finagle.rejects)(
    'refuses what is refused as published, but a longer memory: %j',
    (row) => {
      const { ttlSec = 10, min = 10, percent = 0.2 } = row as Partial<(typeof finagle)['cases'][0]>;
      const make = () =>
        retryBudget({ ratio: percent, minPerSecond: min, windowMs: ttlSec * 1000 });

      if (ttlSec > 60) expect(make).not.toThrow();
      else expect(make).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
    },
  );

  it('earns more than one retry per call where it is told to', () => {
    const { ttlSec, min, percent, deposits, expectBalance } = finagle.balance;
    const budget = retryBudget({
      ratio: percent,
      minPerSecond: min,
      windowMs: ttlSec * 1000,
      runtime: virtualRuntime(),
    });

    for (let i = 0; i < deposits; i++) budget.begin();

    expect(budget.snapshot().available).toBe(expectBalance);
  });

  it.each(towerTps)('forgets what was earned too long ago as published: $name', async (vector) => {
    const runtime = virtualRuntime();
    const budget = retryBudget({
      ratio: vector.percent,
      minPerSecond: vector.min,
      windowMs: vector.ttlSec * 1000,
      runtime,
    });

    for (const step of vector.steps as Record<string, number | boolean>[]) {
      const { deposit, advanceMs, withdraw } = step;
      for (let i = 0; i < Number(deposit ?? 0); i++) budget.begin();
      if (advanceMs !== undefined) await runtime.advance(Number(advanceMs));
      if (withdraw !== undefined) expect(budget.tryTake()).toBe(withdraw);
    }
  });

  it.each([
    [{ windowMs: 0 }, 'retryBudget.windowMs'],
    [{ minPerSecond: -1 }, 'retryBudget.minPerSecond'],
    [{ ratio: -1 }, 'retryBudget.ratio'],
    [{ ratio: 1.5, minConcurrent: 3 }, 'retryBudget.ratio'],
    [{ minConcurrent: 3, minPerSecond: 1 }, 'retryBudget.minConcurrent'],
  ])('refuses %j', (options, option) => {
    expect(() => retryBudget(options)).toThrow(expect.objectContaining({ option }));
  });
});

describe('a retry budget by concurrency', () => {
  it.each(failsafe.cases)('allows and refuses as published: %j', (vector) => {
    const { maxRate, minConcurrency, state, acquire } = vector;
    const budget = retryBudget({ ratio: maxRate, minConcurrent: minConcurrency });
    for (let i = 0; i < state.inflight - state.extra; i++) budget.begin();
    for (let i = 0; i < state.extra; i++) expect(budget.tryTake()).toBe(true);

    expect(acquire.map(() => budget.tryTake())).toEqual(acquire);
    if (vector.thenReleaseOne === undefined) return;
    budget.giveBack();
    expect(vector.thenReleaseOne.map(() => budget.tryTake())).toEqual(vector.thenReleaseOne);
  });

  it('says how many it would allow', () => {
    const budget = retryBudget({ ratio: 0.2, minConcurrent: 3 });
    expect(budget.snapshot().available).toBe(3);

    for (let i = 0; i < 40; i++) budget.begin();

    expect(budget.snapshot().available).toBe(11);
    let taken = 0;
    while (budget.tryTake()) taken++;
    expect(taken).toBe(11);
    expect(budget.snapshot()).toEqual({ available: 0, refused: 1 });
  });
});

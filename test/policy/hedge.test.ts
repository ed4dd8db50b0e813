import { describe, expect, it } from 'vitest';
import type { WorkCall } from '../../src/core/index.ts';
import type { HedgeOptions } from '../../src/policy/index.ts';
import { bulkhead, compose, hedge, retryBudget } from '../../src/policy/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

const boom = new Error('boom');

function setUp(options: HedgeOptions = {}, runtime = virtualRuntime()) {
  const policy = hedge({ delayMs: 100, runtime, ...options });
  const log: string[] = [];
  /** Work whose attempts take the given times; they heed their signals unless told otherwise. */
  const taking = (...times: number[]) => {
    return async ({ attempt, signal }: WorkCall): Promise<number> => {
      log.push(`${attempt} begins at ${runtime.now()}`);
      signal.addEventListener('abort', () => log.push(`${attempt} aborted at ${runtime.now()}`));
      await runtime.sleep(times[attempt - 1] ?? 0, signal);
      return attempt;
    };
  };
  return { runtime, policy, log, taking };
}

describe('hedge', () => {
  it('does not ask again when the answer is not late', async () => {
    const { runtime, policy, log, taking } = setUp();

    expect(await runtime.run(() => policy.run(taking(100)))).toBe(1);
    await runtime.runToIdle();

    expect(log).toEqual(['1 begins at 0']);
    expect(policy.snapshot()).toMatchObject({ calls: 1, hedges: 0, hedgesWon: 0, delayMs: 100 });
  });

  it('asks once more when the answer is late, and takes what comes first', async () => {
    const { runtime, policy, log, taking } = setUp();

    const answer = await runtime.run(() => policy.run(taking(500, 50)));

    expect(answer).toBe(2);
    expect(log).toEqual(['1 begins at 0', '2 begins at 100', '1 aborted at 150']);
    expect(policy.snapshot()).toMatchObject({ hedges: 1, hedgesWon: 1 });
  });

  it('aborts the later attempt when the first wins after all', async () => {
    const { runtime, policy, log, taking } = setUp();

    expect(await runtime.run(() => policy.run(taking(120, 50)))).toBe(1);

    expect(log.at(-1)).toBe('2 aborted at 120');
    expect(policy.snapshot()).toMatchObject({ hedges: 1, hedgesWon: 0 });
  });

  it('asks as often as it may', async () => {
    const { runtime, policy, log, taking } = setUp({ attempts: 4 });

    expect(await runtime.run(() => policy.run(taking(900, 900, 900, 10)))).toBe(4);

    expect(log.filter((line) => line.includes('begins'))).toEqual([
      '1 begins at 0',
      '2 begins at 100',
      '3 begins at 200',
      '4 begins at 300',
    ]);
  });

  it('fails only when no other attempt is under way', async () => {
    const { runtime, policy } = setUp();
    const first = policy.run(async ({ attempt }) => {
      await runtime.sleep(attempt === 1 ? 150 : 100);
      if (attempt === 1) throw boom;
      return attempt;
    });
    const alone = policy.run(() => Promise.reject(boom)).catch((error: unknown) => error);
    const both = policy
      .run(async ({ attempt }) => {
        await runtime.sleep(150);
        throw new Error(`attempt ${attempt}`);
      })
      .catch((error: unknown) => error);

    await runtime.advance(1_000);

    expect(await first).toBe(2);
    expect(await alone).toBe(boom);
    expect(await both).toMatchObject({ message: 'attempt 2' });
  });

  it('stops every attempt when the caller gives up', async () => {
    const { runtime, policy, log, taking } = setUp();
    const controller = new AbortController();
    const answer = policy.run(taking(500, 500), { signal: controller.signal });
    await runtime.advance(120);

    controller.abort(boom);

    await expect(answer).rejects.toBe(boom);
    expect(log.slice(2)).toEqual(['1 aborted at 120', '2 aborted at 120']);
    await runtime.runToIdle();
    expect(log).toHaveLength(4);
  });

  it('holds what the loser holds until it settles', async () => {
    const { runtime, policy } = setUp();
    const places = bulkhead({ concurrency: 2, runtime });
    const stubborn = ({ attempt }: WorkCall): Promise<void> =>
      runtime.sleep(attempt === 1 ? 500 : 10);

    await runtime.run(() => compose(policy, places).run(stubborn));

    expect(places.snapshot().running).toBe(1);
    await runtime.advance(500);
    expect(places.snapshot().running).toBe(0);
  });

  it('asks its budget, and stays with the attempts it has when there is none', async () => {
    const runtime = virtualRuntime();
    const budget = retryBudget({ ratio: 0.1, minPerSecond: 0, runtime });
    const { policy, taking } = setUp({ budget }, runtime);

    await runtime.run(async () => {
      for (let i = 0; i < 100; i++) await policy.run(taking(150, 150));
    });

    const { hedges, refused } = policy.snapshot();
    expect(hedges + refused).toBe(100);
    expect(hedges).toBeLessThanOrEqual(10);
    expect(hedges).toBeGreaterThanOrEqual(9);
  });

  it('learns the delay from recent calls', async () => {
    const { runtime, policy, taking } = setUp({
      delayMs: 10_000,
      quantile: 0.95,
      minimumCalls: 20,
    });

    await runtime.run(async () => {
      for (let i = 1; i <= 100; i++) await policy.run(taking(i, i));
    });

    await runtime.advance(1_000);
    expect(policy.snapshot().delayMs).toBeCloseTo(95, 0);
  });

  it('does not let its own hedges pull the quantile down', async () => {
    const { runtime, policy, taking } = setUp({ delayMs: 10_000, quantile: 0.9, minimumCalls: 20 });

    await runtime.run(async () => {
      // One call in five takes a second; its hedge would answer in 10 ms.
      for (let i = 0; i < 2_000; i++) await policy.run(taking(i % 5 === 0 ? 1_000 : 10, 10));
    });

    // An estimate that forgot the attempts it cut off would sink to 10 ms and hedge every call.
    const { calls, hedges } = policy.snapshot();
    expect(hedges / calls).toBeLessThanOrEqual(0.2);
  });

  it('closes a stream that comes second', async () => {
    const { runtime, policy } = setUp();
    const closed: number[] = [];
    const stream = async ({ attempt }: WorkCall): Promise<AsyncGenerator<number>> => {
      await runtime.sleep(150);
      return (async function* () {
        try {
          yield attempt;
        } finally {
          closed.push(attempt);
        }
      })();
    };
    const places = bulkhead({ concurrency: 2, runtime });

    const first = await runtime.run(() => compose(policy, places).run(stream));
    await runtime.advance(200);

    expect(places.snapshot().running).toBe(1);
    expect((await first.next()).value).toBe(1);
    await first.return(undefined);
    expect(places.snapshot().running).toBe(0);
    expect(closed).toEqual([1]);
  });

  it.each([
    [{ attempts: 1 }, 'hedge.attempts'],
    [{ quantile: 1.5 }, 'hedge.quantile'],
    [{ delayMs: -1 }, 'hedge.delayMs'],
    [{ minimumCalls: 0 }, 'hedge.minimumCalls'],
  ])('refuses %j', (options, option) => {
    expect(() => hedge(options)).toThrow(expect.objectContaining({ option }));
  });
});

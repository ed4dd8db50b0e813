import { describe, expect, it } from 'vitest';
import type { ConcurrencyLimit, LimitSample } from '../../src/admission/index.ts';
import { adaptive, aimd, concurrencyLimiter, gradient2, vegas } from '../../src/admission/index.ts';
import type { Pass } from '../../src/core/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

/** Calls of `workMs` on a backend with room for all, `width` at a time, for so long. */
async function load(
  runtime: ReturnType<typeof virtualRuntime>,
  run: () => Promise<unknown>,
  { width, forMs }: { width: number; forMs: number },
): Promise<void> {
  const until = runtime.now() + forMs;
  const caller = async (): Promise<void> => {
    while (runtime.now() < until) await run().catch(() => runtime.sleep(5));
  };
  await Promise.all(Array.from({ length: width }, caller));
}

// Answers that no backend gave were taken for its baseline, and the limit fell to 1 and stayed there.
describe('an adaptive limit', () => {
  it.each<[string, () => ConcurrencyLimit]>([
    ['adaptive', adaptive],
    ['vegas', vegas],
    ['gradient2', gradient2],
    ['aimd', aimd],
  ])('%s does not take answers in no time at all for a baseline', async (_name, limit) => {
    const runtime = virtualRuntime({ seed: 1 });
    const limiter = concurrencyLimiter({ limit: limit(), runtime });

    await runtime.run(async () => {
      for (let i = 0; i < 3000; i++) {
        await limiter.run(() => 'from a cache');
        await runtime.sleep(1);
      }
      await load(runtime, () => limiter.run(() => runtime.sleep(50)), { width: 40, forMs: 20_000 });
    });

    expect(limiter.snapshot().limit).toBeGreaterThanOrEqual(20);
  });

  it('does not take refusals at once for a quick backend', async () => {
    const runtime = virtualRuntime({ seed: 1 });
    const samples: LimitSample[] = [];
    const watching: ConcurrencyLimit = {
      kind: 'watching',
      window: { minMs: 100, maxMs: 100, minCalls: 10, maxNoise: Infinity },
      rule: () => ({ limit: 100, update: (sample) => samples.push(sample) }),
    };
    const limiter = concurrencyLimiter({ limit: watching, isDrop: () => true, runtime });
    const answer = () => limiter.run(() => runtime.sleep(50));
    const refusal = () =>
      limiter.run(async () => {
        await runtime.sleep(1);
        throw new Error('503');
      });

    await runtime.run(async () => {
      await load(runtime, answer, { width: 10, forMs: 300 });
      await load(runtime, refusal, { width: 10, forMs: 300 });
    });

    expect(samples.map(({ rttMs }) => Math.round(rttMs))).toEqual(samples.map(() => 50));
    expect(samples.at(-1)?.dropped).toBeGreaterThan(100);
  });
});

describe('concurrencyLimiter', () => {
  it('has nobody in flight when all have left, whatever fractions they weighed', () => {
    const runtime = virtualRuntime();
    const limiter = concurrencyLimiter({ limit: 1, unit: 'seats', partitions: {}, runtime });
    const passes = [0.1, 0.2].map((seats) => limiter.tryEnter({ cost: { seats }, tenant: 'a' }));

    for (const pass of passes) (pass as Pass).done('success');

    expect(limiter.snapshot()).toMatchObject({ inFlight: 0, partitions: {} });
    expect(limiter.tryEnter({ cost: { seats: 5 } }).ok).toBe(true);
  });

  it('lets the next in though a classifier or a rule throws', async () => {
    const runtime = virtualRuntime();
    const limiter = concurrencyLimiter({
      limit: { ...aimd(), rule: () => ({ limit: 1, update: () => undefined }) },
      isDrop: () => {
        throw new Error('a fault of the user');
      },
      maxWaitMs: Infinity,
      runtime,
    });

    await runtime.run(async () => {
      const pass = limiter.tryEnter() as Pass;
      const next = limiter.run(() => 'next');
      pass.done('failure', new Error('x'));
      expect(await next).toBe('next');
    });

    expect(runtime.faults.map(({ origin }) => origin)).toEqual([
      'concurrencyLimiter: learning the limit',
    ]);
  });

  it('keeps its limit where a rule answers with no number', async () => {
    const runtime = virtualRuntime();
    const rule = { limit: 40, update: () => void (rule.limit = Number.NaN) };
    const limiter = concurrencyLimiter({ limit: { ...aimd(), rule: () => rule }, runtime });

    await runtime.run(() =>
      load(runtime, () => limiter.run(() => runtime.sleep(10)), { width: 20, forMs: 3000 }),
    );

    expect(rule.limit).toBeNaN();
    expect(limiter.snapshot().limit).toBe(40);
  });

  it('looks at slow calls every second where the limit is one of Netflix', async () => {
    const runtime = virtualRuntime();
    const limits: number[] = [];
    const limiter = concurrencyLimiter({ limit: aimd(), maxWaitMs: Infinity, runtime });
    limiter.on('limit', ({ to }) => limits.push(to));

    await runtime.run(() =>
      load(runtime, () => limiter.run(() => runtime.sleep(4000)), { width: 100, forMs: 60_000 }),
    );

    // Every four seconds as many calls end as are let in; every eight would be the doubled duration.
    expect(limits.length).toBeGreaterThanOrEqual(14);
  });

  it.each([
    ['limit', '5'],
    ['limit', {}],
    ['limit', { kind: 'x', rule: () => ({ limit: 1 }), window: { minMs: 0 } }],
    ['partitions', null],
    ['partitions', [0.5]],
    ['codel', null],
    ['codel', { target: 5 }],
  ])('refuses a wrong %s: %j', (option, value) => {
    const error = expect.objectContaining({
      code: 'ERR_OPTION',
      option: expect.stringContaining(`concurrencyLimiter.${option}`) as string,
    }) as Error;

    expect(() => concurrencyLimiter({ [option]: value })).toThrow(error);
  });
});

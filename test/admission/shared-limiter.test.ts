import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LimitStore, SharedLimiterOptions } from '../../src/admission/index.ts';
import { bucket, fixedWindow, memoryLimitStore, sharedLimiter } from '../../src/admission/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { limitStoreContract } from './limit-store-contract.ts';

limitStoreContract('memory', () => {
  const runtime = virtualRuntime();
  return {
    store: memoryLimitStore({ runtime }),
    advance: async (ms) => {
      await runtime.advance(ms);
    },
  };
});

/** A store one network away, which can be broken. */
function remote(runtime: VirtualRuntime, roundTripMs = 2) {
  const inner = memoryLimitStore({ runtime });
  const state = { isBroken: false, isSlow: false, takes: 0, givenBack: 0 };
  const store: LimitStore = {
    async take(asks) {
      state.takes++;
      await runtime.sleep(state.isSlow ? 500 : roundTripMs);
      if (state.isBroken) throw new Error('connection lost');
      return inner.take(asks);
    },
    async adjust(changes) {
      if (state.isBroken) throw new Error('connection lost');
      for (const { units } of changes) state.givenBack -= Math.min(0, units);
      await inner.adjust(changes);
    },
    async peek(asks) {
      await runtime.sleep(roundTripMs);
      if (state.isBroken) throw new Error('connection lost');
      return inner.peek(asks);
    },
  };
  return { store, state };
}

function processes(count: number, options: Partial<SharedLimiterOptions> = {}, perSecond = 100) {
  const runtime = virtualRuntime();
  const { store, state } = remote(runtime);
  const limits = [
    { name: 'api', rate: bucket({ capacity: perSecond, refillPerSecond: perSecond }) },
  ];
  const limiters = Array.from({ length: count }, () =>
    sharedLimiter({ limits, store, runtime, ...options }),
  );
  return { runtime, state, limiters, one: limiters[0]! };
}

describe('sharedLimiter', () => {
  it('keeps one limit over many processes', async () => {
    const { runtime, limiters } = processes(4);

    const answers = await runtime.run(() =>
      Promise.all(Array.from({ length: 400 }, (_, i) => limiters[i % 4]!.tryTake())),
    );

    const refused = answers.find((answer) => !answer.ok);
    expect(answers.filter(({ ok }) => ok)).toHaveLength(100);
    expect(refused).toMatchObject({ code: 'ERR_RATE_LIMITED', policy: 'api' });
    expect(refused).toMatchObject({ retryAfterMs: expect.closeTo(10, 1) });
  });

  it('leases units, so that most decisions ask nobody', async () => {
    const { runtime, state, one } = processes(1, { leaseUnits: 50 }, 10_000);

    await runtime.run(async () => {
      for (let i = 0; i < 1000; i++) await one.run(() => i);
    });

    expect(state.takes).toBe(20);
    expect(one.snapshot()).toMatchObject({ admitted: 1000, asked: 20, failed: 0 });
  });

  it('asks once for all that come while it asks', async () => {
    const { runtime, state, one } = processes(1, { leaseUnits: 50 }, 10_000);

    await runtime.run(() => Promise.all(Array.from({ length: 100 }, () => one.tryTake())));

    expect(state.takes).toBe(2);
  });

  it('gives leases back when they run out and when it is closed', async () => {
    const { runtime, state, limiters } = processes(2, { leaseUnits: 60, leaseMs: 200 });

    await runtime.run(async () => {
      await limiters[0]!.tryTake();
      await runtime.sleep(300);
      await limiters[0]!.tryTake();
      expect(state.givenBack).toBe(59);
      await limiters[0]!.close();
      await limiters[0]!.close();
    });

    expect(state.givenBack).toBe(118);
  });

  it('does not ask again before what was refused can pass', async () => {
    const { runtime, state, one } = processes(1);

    await runtime.run(async () => {
      await one.tryTake({ cost: 100 });
      for (let i = 0; i < 50; i++) expect((await one.tryTake({ cost: 50 })).ok).toBe(false);
      expect((await one.tryTake({ cost: 60 })).ok).toBe(false);
      expect(state.takes).toBe(2);
      await runtime.sleep(500);
      expect((await one.tryTake({ cost: 50 })).ok).toBe(true);
    });
  });

  it('waits in take and in run, within maxWaitMs, deadline and signal', async () => {
    const { runtime, one } = processes(1, { maxWaitMs: 1000 });
    const controller = new AbortController();

    await runtime.run(async () => {
      await one.take({ cost: 100 });
      await one.take({ cost: 50 });
      expect(runtime.now()).toBeGreaterThanOrEqual(500);
      expect(runtime.now()).toBeLessThan(520);
      await expect(one.take({ cost: 100, deadline: runtime.now() + 900 })).rejects.toMatchObject({
        code: 'ERR_RATE_LIMITED',
      });
      const aborted = one.take({ cost: 90, signal: controller.signal });
      await runtime.sleep(10);
      controller.abort('enough');
      await expect(aborted).rejects.toBe('enough');
      expect(await one.run(() => 'in turn', { cost: 20 })).toBe('in turn');
      await expect(one.take({ cost: 101 })).rejects.toMatchObject({ retryAfterMs: Infinity });
    });
  });

  it('decides by several limits in one step and names the one that binds', async () => {
    const runtime = virtualRuntime();
    const { store, state } = remote(runtime);
    const limiter = sharedLimiter({
      limits: [
        { name: 'requests', rate: bucket({ capacity: 10, refillPerSecond: 1 }), unit: 'requests' },
        {
          name: 'tenant tokens',
          rate: bucket({ capacity: 1000, refillPerSecond: 100 }),
          unit: 'tokens',
          keyOf: ({ tenant = '' }) => tenant,
        },
      ],
      store,
      runtime,
    });
    const call = (tenant: string) => ({ tenant, cost: { requests: 1, tokens: 600 } });

    await runtime.run(async () => {
      await limiter.tryTake(call('a'));
      const refused = await limiter.tryTake(call('a'));
      const other = await limiter.tryTake(call('b'));
      expect(refused).toMatchObject({ ok: false, policy: 'tenant tokens' });
      expect(other.ok).toBe(true);
    });

    expect(state.takes).toBe(3);
  });

  it('goes on with its share while the store is down, and returns to it', async () => {
    const { runtime, state, limiters } = processes(4, { peers: 4, retryMs: 1000 });
    const [one] = limiters;
    const log: string[] = [];
    one!.on('down', ({ error }) => log.push((error as Error).message));
    one!.on('up', ({ downMs }) => log.push(`up after ${Math.round(downMs / 100) / 10} s`));

    await runtime.run(async () => {
      state.isBroken = true;
      let passed = 0;
      for (let i = 0; i < 5000; i++) {
        if ((await one!.tryTake()).ok) passed++;
        await runtime.sleep(1);
      }
      // A quarter of 100 at once and of 100 a second.
      expect(passed).toBeGreaterThan(140);
      expect(passed).toBeLessThanOrEqual(25 + 25 * 5.1);
      state.isBroken = false;
      await runtime.sleep(1000);
      await one!.tryTake();
    });

    expect(log).toEqual(['connection lost', expect.stringMatching(/^up after 6(\.\d)? s$/)]);
    expect(one!.snapshot().isDown).toBe(false);
  });

  it('does not wait for a store that hangs, and uses what it granted too late', async () => {
    const { runtime, state, one } = processes(1, { timeoutMs: 50, leaseUnits: 10, peers: 100 });

    await runtime.run(async () => {
      state.isSlow = true;
      const from = runtime.now();
      expect((await one.tryTake()).ok).toBe(true);
      expect(runtime.now() - from).toBe(50);
      await runtime.sleep(600);
      for (let i = 0; i < 10; i++) expect((await one.tryTake()).ok).toBe(true);
      expect(state.takes).toBe(1);
    });
  });

  it('lets a call dearer than its share pass while the store is down', async () => {
    const { runtime, state, one } = processes(1, { peers: 100 });
    state.isBroken = true;

    const answer = await runtime.run(() => one.tryTake({ cost: 80 }));

    expect(answer.ok).toBe(true);
  });

  it.each([
    ['admit', true],
    ['throw', 'ERR_STORE'],
  ] as const)('does as told while the store is down: %s', async (whenDown, expected) => {
    const { runtime, state, one } = processes(1, { whenDown });
    state.isBroken = true;

    const answer = await runtime.run(() =>
      one.tryTake({ cost: 1000 }).then(
        ({ ok }) => ok,
        (error: { code: string; cause: Error }) => {
          expect(error.cause.message).toBe('connection lost');
          return error.code;
        },
      ),
    );

    expect(answer).toBe(expected);
  });

  it('gives leases back that lie unused, though nobody comes', async () => {
    const { runtime, state, one } = processes(1, { leaseUnits: 60, leaseMs: 200 });

    await runtime.run(async () => {
      await one.tryTake();
      await runtime.sleep(500);
    });

    expect(state.givenBack).toBe(59);
  });

  it('serves those who wait in order, several with one step, and keeps others behind', async () => {
    const { runtime, state, one } = processes(1);
    const log: string[] = [];
    const take = (name: string, cost: number) => one.take({ cost }).then(() => log.push(name));

    await runtime.run(async () => {
      await one.tryTake({ cost: 100 });
      const dear = take('dear', 90);
      await runtime.sleep(5);
      const cheap = Array.from({ length: 8 }, (_, i) => take(`cheap ${i}`, 1));
      await runtime.sleep(100);
      expect(await one.tryTake({ cost: 1 })).toMatchObject({ ok: false, policy: 'api' });
      const asked = state.takes;
      await one.reward({ cost: 100 });
      await Promise.all([dear, ...cheap]);
      expect(state.takes).toBe(asked + 1);
    });

    expect(log).toEqual(['dear', ...Array.from({ length: 8 }, (_, i) => `cheap ${i}`)]);
    expect(state.takes).toBeLessThan(8);
    expect(one.snapshot()).toMatchObject({ waiting: 0, admitted: 10, refused: 1 });
  });

  it('lets go of those who leave the line, or have waited long enough', async () => {
    const { runtime, one } = processes(1, { maxWaiting: 3 });
    const controller = new AbortController();

    await runtime.run(async () => {
      await one.tryTake({ cost: 100 });
      const first = one.take({ cost: 50 });
      await runtime.sleep(5);
      const late = expect(one.take({ deadline: runtime.now() + 100 })).rejects.toMatchObject({
        code: 'ERR_RATE_LIMITED',
      });
      const aborted = expect(one.take({ signal: controller.signal })).rejects.toBe('enough');
      await expect(one.take()).rejects.toMatchObject({ code: 'ERR_RATE_LIMITED' });
      controller.abort('enough');
      await aborted;
      await late;
      expect(runtime.now()).toBeLessThan(200);
      await first;
    });
  });

  it('spends and gives back without asking', async () => {
    const { runtime, limiters } = processes(2, {}, 10);
    const [one, two] = limiters;

    await runtime.run(async () => {
      await one!.penalty({ cost: 25 });
      expect(await two!.tryTake()).toMatchObject({
        ok: false,
        retryAfterMs: expect.closeTo(1598, 3),
      });
      await two!.reward({ cost: 20 });
      expect((await two!.tryTake({ cost: 5 })).ok).toBe(true);
      expect((await one!.peek({ cost: 1 }))[0]).toMatchObject({
        name: 'api',
        unit: 'requests',
        limit: 10,
        windowMs: 1000,
        remaining: expect.closeTo(0, 0),
        retryAfterMs: expect.closeTo(90, -2),
      });
      await expect(one!.penalty({ cost: -1 })).rejects.toMatchObject({ code: 'ERR_OPTION' });
    });
  });

  it('counts units leased here as left', async () => {
    const { runtime, one } = processes(1, { leaseUnits: 40 });

    await runtime.run(async () => {
      await one.tryTake();
      expect((await one.peek())[0]!.remaining).toBeGreaterThanOrEqual(99);
    });
  });

  it('changes rates live, for those who wait, too', async () => {
    const { runtime, one } = processes(1);

    await runtime.run(async () => {
      await one.tryTake({ cost: 100 });
      const waiting = one.take({ cost: 50 });
      await runtime.sleep(20);
      one.update({ api: bucket({ capacity: 100, refillPerSecond: 1000 }) });
      await waiting;
      expect(runtime.now()).toBeLessThan(80);
      one.update({ api: bucket({ capacity: 10, refillPerSecond: 1 }) });
      expect(await one.tryTake({ cost: 50 })).toMatchObject({ retryAfterMs: Infinity });
    });

    expect(() => one.update({ other: bucket({ capacity: 1, refillPerSecond: 1 }) })).toThrow(
      'sharedLimiter: update.other',
    );
    expect(() => one.update({ api: {} as never })).toThrow('a rate, such as');
    expect(() => one.update({ api: fixedWindow({ limit: 1, windowMs: 1 }) })).toThrow(
      "of kind 'bucket'",
    );
    expect(() => one.update(null as never)).toThrow('an object');
  });

  it('settles what calls really cost, wherever they were granted', async () => {
    const runtime = virtualRuntime();
    const { store, state } = remote(runtime);
    const limiter = sharedLimiter({
      store,
      runtime,
      limits: [
        { name: 'calls', rate: bucket({ capacity: 10, refillPerSecond: 0 }), unit: 'calls' },
        {
          name: 'tokens',
          rate: bucket({ capacity: 1000, refillPerSecond: 0 }),
          unit: 'tokens',
          settle: { actual: (answer) => (answer as { used?: number }).used, initial: 100 },
        },
      ],
    });
    const left = async () => (await limiter.peek()).map(({ remaining }) => remaining);

    await runtime.run(async () => {
      await limiter.run(async () => ({ used: 40 }), { cost: { calls: 1 } });
      await runtime.sleep(5);
      expect(await left()).toEqual([9, 960]);
      await limiter.run(async () => ({ used: 300 }), { cost: { calls: 1, tokens: 200 } });
      await runtime.sleep(5);
      expect(await left()).toEqual([8, 660]);
      const refused = limiter.run(() => limiter.run(() => 1, { cost: { tokens: 2000 } }));
      await expect(refused).rejects.toMatchObject({ policy: 'tokens', retryAfterMs: Infinity });
      await runtime.sleep(5);
      expect(await left()).toEqual([7, 660]);
      state.isBroken = true;
      await limiter.run(async () => ({ used: 500 }), { cost: { calls: 1, tokens: 10 } });
      expect(await left()).toEqual([9, 500]); // of its own share
    });
  });

  it('never lets more pass than the limit and the leases of all processes', async () => {
    const plan = fc.record({
      count: fc.integer({ min: 1, max: 4 }),
      leaseUnits: fc.constantFrom(0, 3, 20),
      calls: fc.array(
        fc.record({
          who: fc.nat({ max: 3 }),
          pauseMs: fc.integer({ min: 0, max: 100 }),
          cost: fc.integer({ min: 0, max: 30 }),
        }),
        { maxLength: 80 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ count, leaseUnits, calls }) => {
        const { runtime, limiters } = processes(count, { leaseUnits, leaseMs: 500 });
        const passed: { at: number; cost: number }[] = [];
        await runtime.run(async () => {
          const all: Promise<unknown>[] = [];
          for (const { who, pauseMs, cost } of calls) {
            await runtime.sleep(pauseMs);
            const limiter = limiters[who % count]!;
            all.push(
              limiter.tryTake({ cost }).then(({ ok }) => {
                if (ok) passed.push({ at: runtime.now(), cost });
              }),
            );
          }
          await Promise.all(all);
          await Promise.all(limiters.map((limiter) => limiter.close()));
        });
        passed.forEach(({ at: from }, i) => {
          let total = 0;
          for (const { at, cost } of passed.slice(i)) {
            total += cost;
            // A round trip lies between the store's decision and ours.
            const most = 100 + (100 * (at - from + 4)) / 1000 + count * leaseUnits;
            expect(total).toBeLessThanOrEqual(most + 1e-6);
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['limits', { limits: [] }],
    ['store', { store: {} }],
    ['store', { store: undefined }],
    ['maxWaiting', { maxWaiting: -1 }],
    ['limits', { limits: undefined }],
    ['limits[0].rate', { limits: [{ name: 'a', rate: { capacity: 5 } }] }],
    ['limits[0].name', { limits: [{ rate: bucket({ capacity: 1, refillPerSecond: 1 }) }] }],
    ['limits[0].extra', { limits: [{ extra: 1 }] }],
    ['leaseUnits', { leaseUnits: -1 }],
    ['leaseMs', { leaseMs: 0 }],
    ['timeoutMs', { timeoutMs: Number.NaN }],
    ['whenDown', { whenDown: 'panic' }],
    ['peers', { peers: 0 }],
    ['retryMs', { retryMs: 0 }],
    ['maxWaitMs', { maxWaitMs: -1 }],
    ['nonsense', { nonsense: 1 }],
  ])('refuses a wrong %s', (option, wrong) => {
    const right = {
      limits: [{ name: 'a', rate: bucket({ capacity: 1, refillPerSecond: 1 }) }],
      store: memoryLimitStore(),
    };
    expect(() => sharedLimiter({ ...right, ...wrong } as SharedLimiterOptions)).toThrow(
      `sharedLimiter.${option}`,
    );
  });
});

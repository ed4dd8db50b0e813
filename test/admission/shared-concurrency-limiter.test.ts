import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  LeaseStore,
  SharedConcurrencyLimiter,
  SharedConcurrencyOptions,
} from '../../src/admission/index.ts';
import {
  jointLimiter,
  memoryLeaseStore,
  sharedConcurrencyLimiter,
} from '../../src/admission/index.ts';
import type { Entry, Pass } from '../../src/core/index.ts';
import { STAGE } from '../../src/core/index.ts';
import { compose, timeout } from '../../src/policy/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { leaseStoreContract } from './lease-store-contract.ts';

leaseStoreContract('memory', () => {
  const runtime = virtualRuntime();
  return {
    store: memoryLeaseStore({ runtime }),
    advance: async (ms) => {
      await runtime.advance(ms);
    },
  };
});

/** A store one network away, which can be broken, slow or lose answers. */
function remote(runtime: VirtualRuntime) {
  const inner = memoryLeaseStore({ runtime });
  const state = {
    isBroken: false,
    isSlow: false,
    losesAnswers: false,
    acquires: 0,
    renewals: 0,
    releases: 0,
  };
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    await runtime.sleep(state.isSlow ? 500 : 1);
    if (state.isBroken) throw new Error('connection lost');
    const answer = await work();
    if (state.losesAnswers) throw new Error('answer lost');
    return answer;
  };
  const store: LeaseStore = {
    acquire(ask) {
      state.acquires++;
      return step(() => inner.acquire(ask));
    },
    renew(statement) {
      state.renewals++;
      return step(() => inner.renew(statement));
    },
    release(statement) {
      state.releases++;
      return step(() => inner.release(statement));
    },
  };
  return { store, state, inner };
}

function processes(count: number, options: Partial<SharedConcurrencyOptions> = {}) {
  const runtime = virtualRuntime();
  const { store, state, inner } = remote(runtime);
  const limiters = Array.from({ length: count }, (_, i) =>
    sharedConcurrencyLimiter({ store, limit: 4, runtime, holder: `p${i}`, ...options }),
  );
  const [one, two] = limiters as [SharedConcurrencyLimiter, SharedConcurrencyLimiter];
  /** Permits of all that a store which asks nobody would grant now. */
  const free = async (key = ''): Promise<number> => {
    const ask = { holder: 'spy', key, limit: options.limit ?? 4, units: 99, atLeast: 1 };
    const units = await inner.acquire({ ...ask, leaseMs: 1 });
    await inner.release({ holder: 'spy', held: [{ key, units }] });
    return units;
  };
  return { runtime, store, state, limiters, one, two, free };
}

const passed = (entries: readonly Entry[]): Pass[] => entries.filter((entry) => entry.ok);

describe('sharedConcurrencyLimiter', () => {
  it('bounds the calls in flight of all processes together', async () => {
    const { runtime, limiters } = processes(4);

    const answers = await runtime.run(() =>
      Promise.all(Array.from({ length: 20 }, (_, i) => limiters[i % 4]!.tryEnter())),
    );

    expect(passed(answers)).toHaveLength(4);
    expect(answers.find(({ ok }) => !ok)).toMatchObject({
      code: 'ERR_CONCURRENCY_LIMITED',
      policy: 'sharedConcurrencyLimiter',
      retryAfterMs: 0,
    });
  });

  it('asks once for all that come in the same turn', async () => {
    const { runtime, state, one } = processes(1, { limit: 50 });

    const answers = await runtime.run(() =>
      Promise.all(Array.from({ length: 40 }, () => one.tryEnter())),
    );

    expect(passed(answers)).toHaveLength(40);
    expect(state.acquires).toBe(1);
  });

  it('gives a place to the next call here, and after keepMs to the others', async () => {
    const { runtime, state, one, free } = processes(1, { keepMs: 100 });

    await runtime.run(async () => {
      for (let i = 0; i < 10; i++) await one.run(() => runtime.sleep(5));
      expect(state.acquires).toBe(1);
      expect(await free()).toBe(3);
      await runtime.sleep(110);
      expect(await free()).toBe(4);
      await one.run(() => runtime.sleep(150));
      await runtime.sleep(5);
      expect(await free()).toBe(4);
      expect(one.snapshot()).toMatchObject({ inFlight: 0, held: 0, admitted: 11 });
    });
  });

  it('lets processes take turns, however busy one of them is', async () => {
    const { runtime, one, two } = processes(2, { limit: 2, maxWaitMs: Infinity });
    const done = [0, 0];

    await runtime.run(async () => {
      const work = async (limiter: SharedConcurrencyLimiter, who: number): Promise<void> => {
        while (runtime.now() < 10_000) {
          await limiter.run(() => runtime.sleep(10));
          done[who]!++;
        }
      };
      const many = Array.from({ length: 50 }, () => work(one, 0));
      await runtime.sleep(200);
      await Promise.all([...many, work(two, 1)]);
    });

    expect(done[1]).toBeGreaterThan(150); // of about 1,600 that there is room for
    expect(done[0]! + done[1]!).toBeGreaterThan(1200);
  });

  it('serves those who wait in a process in order, and lets go of who leaves', async () => {
    const { runtime, one } = processes(1, { limit: 1, keepMs: 0 });
    const order: string[] = [];
    const controller = new AbortController();

    await runtime.run(async () => {
      const first = await one.enter();
      const work = async (name: string, call = {}): Promise<void> => {
        const pass = await one.enter(call);
        order.push(name);
        pass.done('success');
      };
      const left = work('left', { signal: controller.signal });
      const late = expect(work('late', { deadline: runtime.now() + 50 })).rejects.toMatchObject({
        code: 'ERR_CONCURRENCY_LIMITED',
      });
      const rest = [work('a'), work('b'), work('c')];
      await runtime.sleep(100);
      controller.abort('gone');
      await expect(left).rejects.toBe('gone');
      await late;
      first.done('success');
      await Promise.all(rest);
      expect(one.snapshot()).toMatchObject({ waiting: 0, inFlight: 0 });
    });

    expect(order).toEqual(['a', 'b', 'c']);
  });

  it('renews what is held, and gives the places of the dead to others', async () => {
    const { runtime, state, store, one } = processes(1, { leaseMs: 3000 });
    const dead = memoryHolder(store);

    await runtime.run(async () => {
      await dead(3);
      const mine = await one.enter();
      expect((await one.tryEnter()).ok).toBe(false);
      await runtime.sleep(2500);
      expect((await one.tryEnter()).ok).toBe(false);
      await runtime.sleep(1000);
      expect(passed(await Promise.all([1, 2, 3, 4].map(() => one.tryEnter())))).toHaveLength(3);
      expect(state.renewals).toBe(3);
      mine.done('success');
    });
  });

  it('stops renewing when nothing is held', async () => {
    const { runtime, state, one } = processes(1, { leaseMs: 300 });

    await runtime.run(async () => {
      await one.run(() => runtime.sleep(250));
      await runtime.sleep(5000);
    });

    expect(state.renewals).toBe(2);
  });

  it('asks for each key of its own places', async () => {
    const { runtime, one, two } = processes(2, { limit: 1, keyOf: ({ tenant = '' }) => tenant });

    await runtime.run(async () => {
      expect((await one.tryEnter({ tenant: 'a' })).ok).toBe(true);
      expect((await two.tryEnter({ tenant: 'b' })).ok).toBe(true);
      expect(await two.tryEnter({ tenant: 'a' })).toMatchObject({
        message: "all 1 places of 'a' that the processes share are taken",
      });
    });
  });

  it('weighs calls by unit, and lets one heavier than the limit go alone', async () => {
    const { runtime, one, two } = processes(2, { unit: 'seats', keepMs: 0, pollMs: 1 });
    const seats = (count: number) => ({ cost: { seats: count } });

    await runtime.run(async () => {
      const three = (await one.tryEnter(seats(3))) as Pass;
      expect((await two.tryEnter(seats(2))).ok).toBe(false);
      expect((await two.tryEnter(seats(9))).ok).toBe(false);
      const heavy = two.enter(seats(9));
      three.done('success');
      (await heavy).done('success');
      for (const cost of [{ seats: -1 }, { seats: '3' }, { seats: Infinity }, '3', null]) {
        await expect(one.tryEnter({ cost } as never)).rejects.toMatchObject({ code: 'ERR_OPTION' });
      }
    });
  });

  it('does not ask again before pollMs after the store had nothing', async () => {
    const { runtime, state, one, two } = processes(2, { limit: 1, pollMs: 100 });

    await runtime.run(async () => {
      const pass = (await one.tryEnter()) as Pass;
      for (let i = 0; i < 100; i++) await two.tryEnter();
      expect(state.acquires).toBe(2);
      pass.done('success');
      await one.close();
      expect((await two.tryEnter()).ok).toBe(false);
      await runtime.sleep(160);
      expect((await two.tryEnter()).ok).toBe(true);
    });
  });

  it('changes its limit live', async () => {
    const { runtime, one } = processes(1);

    await runtime.run(async () => {
      await Promise.all([1, 2, 3, 4].map(() => one.enter()));
      const fifth = one.enter();
      await runtime.sleep(10);
      one.update(5);
      await fifth;
      one.update(2);
      expect((await one.tryEnter()).ok).toBe(false);
      expect(one.snapshot()).toMatchObject({ limit: 2, inFlight: 5 });
      expect(() => one.update(0)).toThrow('sharedConcurrencyLimiter.limit');
    });
  });

  it('gives back on close what is free, and the rest as calls end', async () => {
    const { runtime, one, free } = processes(1, { keepMs: 10_000 });

    await runtime.run(async () => {
      const [first, second] = await Promise.all([one.enter(), one.enter()]);
      first.done('success');
      expect(await free()).toBe(2);
      await one.close();
      expect(await free()).toBe(3);
      second.done('success');
      await runtime.sleep(5);
      expect(await free()).toBe(4);
      await one.close();
    });
  });

  it('is a policy, a door, and no limiter of a joint one', async () => {
    const { runtime, one } = processes(1, { limit: 1 });
    const within = compose(timeout({ ms: 100, runtime }), one);

    expect(one[STAGE].kind).toBe('concurrency-limiter');
    await runtime.run(async () => {
      const stalled = within.run(() => runtime.sleep(1000));
      await expect(stalled).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
      expect(one.snapshot().inFlight).toBe(1); // until the work has settled
      await runtime.sleep(1000);
      expect(one.snapshot().inFlight).toBe(0);
    });
    expect(() => jointLimiter({ limiters: [one] })).toThrow('a limiter of this module');
  });

  it('lets the exempt pass, and everybody in a dry run, without holding anything', async () => {
    const { runtime, one, two } = processes(2, {
      limit: 1,
      dryRun: true,
      exempt: ({ kind }) => kind === 'health',
    });
    const would: boolean[] = [];
    one.on('refused', ({ dryRun }) => would.push(dryRun));

    await runtime.run(async () => {
      await two.enter();
      await one.enter();
      expect((await one.tryEnter({ kind: 'health' })).ok).toBe(true);
    });

    expect(would).toEqual([true]);
    expect(one.snapshot()).toMatchObject({ wouldRefuse: 1, exempted: 1, inFlight: 0 });
  });
});

describe('sharedConcurrencyLimiter, when its store fails', () => {
  it('goes on with its share, and tells the store afterwards what is in flight', async () => {
    const { runtime, state, one, free } = processes(1, { limit: 8, peers: 4, retryMs: 500 });
    const log: string[] = [];
    one.on('down', ({ error }) => log.push((error as Error).message));
    one.on('up', () => log.push('up'));

    await runtime.run(async () => {
      const before = (await one.tryEnter()) as Pass;
      state.isBroken = true;
      expect((await one.tryEnter()).ok).toBe(true);
      expect((await one.tryEnter()).ok).toBe(false);
      expect(state.acquires).toBe(2);
      before.done('success');
      expect((await one.tryEnter()).ok).toBe(true);
      state.isBroken = false;
      await runtime.sleep(600);
      expect((await one.tryEnter()).ok).toBe(true);
      await runtime.sleep(10);
      expect(one.snapshot()).toMatchObject({ inFlight: 3, isDown: false });
      expect(await free()).toBe(5);
    });

    expect(log).toEqual(['connection lost', 'up']);
  });

  it('does not wait for a store that hangs, and gives back what comes too late', async () => {
    const { runtime, state, one, free } = processes(1, { timeoutMs: 50, peers: 2 });

    await runtime.run(async () => {
      state.isSlow = true;
      const from = runtime.now();
      const pass = (await one.tryEnter()) as Pass;
      expect(runtime.now() - from).toBe(50);
      state.isSlow = false;
      pass.done('success');
      await runtime.sleep(5000);
      expect(await free()).toBe(4);
      expect(one.snapshot()).toMatchObject({ held: 0, inFlight: 0 });
    });
  });

  it('keeps calls waiting through it, and serves them when the store is back', async () => {
    const { runtime, state, one } = processes(1, { limit: 1, maxWaitMs: Infinity });

    const served = await runtime.run(async () => {
      state.isBroken = true;
      const answers = [1, 2, 3].map((n) => one.run(() => runtime.sleep(2000).then(() => n)));
      await runtime.sleep(500);
      state.isBroken = false;
      return Promise.all(answers);
    });

    expect(served).toEqual([1, 2, 3]);
  });

  it.each([
    ['admit', [true, true, true]],
    ['throw', ['ERR_STORE', 'ERR_STORE', 'ERR_STORE']],
  ] as const)('does as told: %s', async (whenDown, expected) => {
    const { runtime, state, one } = processes(1, { whenDown, limit: 1 });
    state.isBroken = true;
    const told = ({ ok }: Entry): boolean => ok;
    const code = ({ code: its }: { code: string }): string => its;

    const answers = await runtime.run(() =>
      Promise.all([
        one.tryEnter().then(told, code),
        one.enter().then(told, code),
        one.run(() => true).catch(code),
      ]),
    );

    expect(answers).toEqual(expected);
  });

  it('is right again after answers were lost', async () => {
    const { runtime, state, one, free } = processes(1, { leaseMs: 900, retryMs: 10 });

    await runtime.run(async () => {
      state.losesAnswers = true;
      const passes = passed(await Promise.all([1, 2, 3].map(() => one.tryEnter())));
      for (const pass of passes) pass.done('success');
      state.losesAnswers = false;
      await runtime.sleep(1000);
      expect(await free()).toBe(4);
    });
  });

  it('never holds more than the limit while the store answers, and nothing in the end', async () => {
    const plan = fc.record({
      limit: fc.integer({ min: 1, max: 6 }),
      keepMs: fc.constantFrom(0, 20, 500),
      calls: fc.array(
        fc.record({
          who: fc.nat({ max: 2 }),
          pauseMs: fc.integer({ min: 0, max: 60 }),
          workMs: fc.integer({ min: 0, max: 300 }),
          waits: fc.boolean(),
          seats: fc.integer({ min: 0, max: 3 }),
          patienceMs: fc.constantFrom(undefined, 5, 80),
        }),
        { maxLength: 40 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ limit, keepMs, calls }) => {
        const { runtime, limiters, free } = processes(3, { limit, keepMs, unit: 'seats' });
        let inFlight = 0;
        await runtime.run(async () => {
          const all: Promise<void>[] = [];
          for (const { who, pauseMs, workMs, waits, seats, patienceMs } of calls) {
            await runtime.sleep(pauseMs);
            const deadline = patienceMs === undefined ? undefined : runtime.now() + patienceMs;
            const call = { cost: { seats: Math.min(seats, limit) }, deadline };
            const work = async (): Promise<void> => {
              const entry = waits
                ? await limiters[who]!.enter(call)
                : await limiters[who]!.tryEnter(call);
              if (!entry.ok) return;
              inFlight += call.cost.seats;
              expect(inFlight).toBeLessThanOrEqual(limit);
              await runtime.sleep(workMs);
              inFlight -= call.cost.seats;
              entry.done('success');
            };
            all.push(
              work().catch((error: { code?: string }) => {
                if (error.code !== 'ERR_CONCURRENCY_LIMITED') throw error;
              }),
            );
          }
          await Promise.all(all);
          await runtime.sleep(1000);
          expect(await free()).toBe(limit);
          for (const limiter of limiters) {
            expect(limiter.snapshot()).toMatchObject({ held: 0, inFlight: 0, waiting: 0 });
          }
        });
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['store', { store: {} }],
    ['store', { store: undefined }],
    ['limit', { limit: 0 }],
    ['limit', { limit: 1.5 }],
    ['limit', { limit: Infinity }],
    ['leaseMs', { leaseMs: 0 }],
    ['keepMs', { keepMs: -1 }],
    ['pollMs', { pollMs: 0 }],
    ['holder', { holder: '' }],
    ['keyOf', { keyOf: 'tenant' }],
    ['timeoutMs', { timeoutMs: Number.NaN }],
    ['whenDown', { whenDown: 'panic' }],
    ['peers', { peers: 0 }],
    ['retryMs', { retryMs: 0 }],
    ['maxWaitMs', { maxWaitMs: -1 }],
    ['nonsense', { nonsense: 1 }],
  ])('refuses a wrong %s', (option, wrong) => {
    const right = { store: memoryLeaseStore(), limit: 1 };
    expect(() =>
      sharedConcurrencyLimiter({ ...right, ...wrong } as SharedConcurrencyOptions),
    ).toThrow(`sharedConcurrencyLimiter.${option}`);
  });
});

/** A process that takes and is never heard of again. */
function memoryHolder(store: LeaseStore): (units: number) => Promise<number> {
  return (units) =>
    store.acquire({ holder: 'dead', key: '', limit: 4, units, atLeast: units, leaseMs: 3000 });
}

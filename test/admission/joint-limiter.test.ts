import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Call, Pass } from '../../src/core/index.ts';
import {
  bucket,
  concurrencyLimiter,
  fixedWindow,
  jointLimiter,
  keyedLimiter,
  rateLimiter,
} from '../../src/admission/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

const perSecond = (limit: number) => bucket({ capacity: limit, refillPerSecond: limit });

/** Requests, tokens, calls in flight and a share for each tenant, as LLM providers sell them. */
function provider(
  numbers: { requests?: number; tokens?: number; inFlight?: number; share?: number } = {},
  options: { maxWaitMs?: number; dryRun?: boolean } = {},
) {
  const runtime = virtualRuntime();
  const { requests = 10, tokens = 1000, inFlight = 5, share = 600 } = numbers;
  const limits = {
    requests: rateLimiter({
      name: 'requests',
      rate: perSecond(requests),
      unit: 'requests',
      runtime,
    }),
    tokens: rateLimiter({ name: 'tokens', rate: perSecond(tokens), unit: 'tokens', runtime }),
    inFlight: concurrencyLimiter({ name: 'in flight', limit: inFlight, runtime }),
    tenant: keyedLimiter({
      name: 'tenant',
      rate: perSecond(share),
      unit: 'tokens',
      keyOf: ({ tenant = '' }) => tenant,
      runtime,
    }),
  };
  const joint = jointLimiter({ limiters: Object.values(limits), runtime, ...options });
  const left = (tenant = 'a') => joint.peek({ tenant }).map(({ remaining }) => remaining);
  return { runtime, limits, joint, left };
}

const call = (tokens: number, tenant = 'a'): Call => ({ tenant, cost: { requests: 1, tokens } });

describe('jointLimiter', () => {
  it('spends from every limit when all agree, and gives a place back when the call ends', () => {
    const { joint, left } = provider();

    const pass = joint.tryEnter(call(300)) as Pass;
    const during = left();
    pass.done('success');

    expect(during).toEqual([9, 700, 4, 300]);
    expect(left()).toEqual([9, 700, 5, 300]);
  });

  it.each([
    ['requests', { requests: 1 }, [call(1)], call(1), 1000],
    ['tokens', { tokens: 500 }, [call(400, 'b')], call(200), 200],
    ['in flight', { inFlight: 1 }, [call(1)], call(1), 0],
    ['tenant', {}, [call(500)], call(250), 250],
  ])('names %s when it binds, and spends nothing', (policy, numbers, before, next, waitMs) => {
    const { joint, left } = provider(numbers);
    for (const one of before) joint.tryEnter(one);
    const untouched = left();

    const answer = joint.tryEnter(next);

    expect(answer).toMatchObject({ ok: false, policy, retryAfterMs: expect.closeTo(waitMs, 6) });
    expect(left()).toEqual(untouched);
    expect(joint.snapshot()).toMatchObject({ refused: 1, refusedBy: { [policy]: 1 } });
  });

  it('names the limit that takes longest where several bind', () => {
    const { joint } = provider({ requests: 1, tokens: 500 });
    joint.tryEnter(call(500, 'b'));

    expect(joint.tryEnter(call(250))).toMatchObject({ policy: 'requests', retryAfterMs: 1000 });
  });

  it('keeps the line in order, and wakes it when a place comes free or a token is minted', async () => {
    const { runtime, joint } = provider({ inFlight: 1, tokens: 500, share: 500 });
    const log: string[] = [];

    await runtime.run(async () => {
      const work = (name: string, tokens: number) =>
        joint.enter(call(tokens)).then(async (pass) => {
          log.push(`${name} at ${Math.round(runtime.now())}`);
          await runtime.sleep(100);
          pass.done('success');
        });
      await Promise.all([work('a', 400), work('b', 300), work('c', 1)]);
    });

    // b waits for its tokens, c for its turn and then for its place.
    expect(log).toEqual(['a at 0', 'b at 400', 'c at 500']);
  });

  it('lets a tenant without tokens wait without holding up the others', async () => {
    const { runtime, joint } = provider({}, { maxWaitMs: Infinity });
    const log: string[] = [];

    await runtime.run(async () => {
      const ask = async (tokens: number, tenant: string): Promise<void> => {
        await joint.run(() => log.push(`${tenant} at ${Math.round(runtime.now())}`), {
          ...call(tokens, tenant),
        });
      };
      await Promise.all([ask(600, 'a'), ask(300, 'a'), ask(200, 'b')]);
    });

    expect(log).toEqual(['a at 0', 'b at 0', 'a at 500']);
  });

  it('lets those who wait at one of its limits go first', async () => {
    const { runtime, limits, joint } = provider({ requests: 1 });
    const log: string[] = [];

    await runtime.run(async () => {
      joint.tryEnter(call(1));
      await Promise.all([
        limits.requests.take({ cost: 1 }).then(() => log.push('alone')),
        joint.enter(call(1)).then(() => log.push('joint')),
      ]);
      log.push(`at ${runtime.now()}`);
    });

    expect(log).toEqual(['alone', 'joint', 'at 2000']);
  });

  it('holds one member to a dry run without holding up the call', () => {
    const runtime = virtualRuntime();
    const trial = rateLimiter({ name: 'trial', rate: perSecond(1), dryRun: true, runtime });
    const joint = jointLimiter({
      limiters: [trial, rateLimiter({ rate: perSecond(9), runtime })],
      runtime,
    });

    const answers = [1, 2, 3].map(() => joint.tryEnter().ok);

    expect(answers).toEqual([true, true, true]);
    expect(trial.snapshot()).toMatchObject({ admitted: 1, wouldRefuse: 2, remaining: 0 });
  });

  it('nests: a joint limiter is a limiter', () => {
    const { runtime, joint, left } = provider({ tokens: 100 });
    const outer = jointLimiter({
      limiters: [
        rateLimiter({ name: 'day', rate: fixedWindow({ limit: 2, windowMs: 1e6 }), runtime }),
        joint,
      ],
      runtime,
    });
    outer.tryEnter(call(60));
    const untouched = left();

    expect(outer.tryEnter(call(60))).toMatchObject({ policy: 'tokens' });
    expect(left()).toEqual(untouched);
    expect(outer.tryEnter(call(40)).ok).toBe(true);
    expect(outer.tryEnter(call(1))).toMatchObject({ policy: 'day' });
  });

  it('never exceeds any limit, loses no place and spends nothing on a refusal', async () => {
    const costs = fc.integer({ min: 0, max: 700 });
    const arrivals = fc.array(
      fc.record({
        pauseMs: fc.integer({ min: 0, max: 300 }),
        tokens: costs,
        tenant: fc.constantFrom('a', 'b', 'c'),
        workMs: fc.integer({ min: 0, max: 500 }),
        maxWaitMs: fc.constantFrom(0, 50, 2000),
        abortMs: fc.option(fc.integer({ min: 0, max: 400 }), { nil: undefined }),
      }),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(arrivals, async (rows) => {
        const { runtime, joint, limits } = provider({ inFlight: 3 });
        const spent: { at: number; tokens: number; tenant: string }[] = [];
        await runtime.run(async () => {
          const all: Promise<unknown>[] = [];
          for (const { pauseMs, tokens, tenant, workMs, maxWaitMs, abortMs } of rows) {
            await runtime.sleep(pauseMs);
            const controller = new AbortController();
            const deadline = runtime.now() + maxWaitMs;
            const asked = joint
              .enter({ ...call(tokens, tenant), deadline, signal: controller.signal })
              .then(async (pass) => {
                spent.push({ at: runtime.now(), tokens, tenant });
                expect(limits.inFlight.snapshot().inFlight).toBeLessThanOrEqual(3);
                await runtime.sleep(workMs);
                pass.done('success');
              })
              .catch(() => undefined);
            all.push(asked);
            if (abortMs !== undefined) {
              all.push(runtime.sleep(abortMs).then(() => controller.abort()));
            }
          }
          await Promise.all(all);
          await runtime.sleep(5000);
        });
        const atMost = (of: typeof spent, capacity: number): void => {
          of.forEach(({ at: from }, i) => {
            const sums = of.slice(i);
            let total = 0;
            for (const { at, tokens } of sums) {
              total += tokens;
              expect(total).toBeLessThanOrEqual(capacity + (capacity * (at - from)) / 1000 + 1e-6);
            }
          });
        };
        atMost(spent, 1000);
        for (const tenant of ['a', 'b', 'c']) {
          atMost(
            spent.filter((one) => one.tenant === tenant),
            600,
          );
        }
        expect(joint.snapshot().waiting).toBe(0);
        // All has been given back, and refilled.
        expect(joint.peek({ tenant: 'a' }).map(({ remaining }) => remaining)).toEqual([
          10, 1000, 3, 600,
        ]);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['limiters', () => jointLimiter({ limiters: [] })],
    ['limiters[0]', () => jointLimiter({ limiters: [{} as never] })],
    [
      'limiters[1]',
      () => {
        const one = rateLimiter({ rate: perSecond(1) });
        return jointLimiter({ limiters: [one, one] });
      },
    ],
    [
      'limiters[1]',
      () =>
        jointLimiter({
          limiters: [
            rateLimiter({ rate: perSecond(1) }),
            rateLimiter({ rate: perSecond(1), runtime: virtualRuntime() }),
          ],
        }),
    ],
    ['nonsense', () => jointLimiter({ limiters: [], nonsense: 1 } as never)],
  ])('refuses %s that cannot be', (option, make) => {
    expect(make).toThrow(`jointLimiter.${option}`);
  });
});

describe('a joint limiter that is closed', () => {
  it('sends away who waits and who comes, and leaves its limiters', async () => {
    const runtime = virtualRuntime();
    const places = concurrencyLimiter({ limit: 1, runtime });
    const joint = jointLimiter({ limiters: [places], maxWaitMs: Infinity });
    const outer = jointLimiter({ limiters: [joint], maxWaitMs: Infinity });
    const closed = { code: 'ERR_CLOSED', message: 'jointLimiter is closed' };

    await runtime.run(async () => {
      const pass = await joint.enter();
      const waiting = expect(joint.enter()).rejects.toMatchObject(closed);
      const further = expect(outer.enter()).rejects.toMatchObject(closed);
      await runtime.sleep(10);
      joint.close();
      joint.close();
      await waiting;
      pass.done('success');
      await further;
      expect(places.snapshot()).toMatchObject({ inFlight: 0, waiting: 0 });
      await expect(joint.enter()).rejects.toMatchObject(closed);
      await expect(joint.run(() => 1)).rejects.toMatchObject(closed);
      expect(() => joint.tryEnter()).toThrow('is closed');
      expect((await places.enter()).ok).toBe(true);
    });
  });
});

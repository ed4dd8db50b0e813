import { describe, expect, it } from 'vitest';
import { bucket, keyedLimiter, tokenBucket } from '../../src/admission/index.ts';
import { compose } from '../../src/policy/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

const fullOfTwo = { capacity: 2, refillPerSecond: 1 };

describe('tokenBucket', () => {
  it('refuses the third call of a bucket of two, and says when to come back', () => {
    const limiter = tokenBucket({ ...fullOfTwo, runtime: virtualRuntime() });
    limiter.tryTake({ cost: 2 });

    const answer = limiter.tryTake();

    expect(answer).toMatchObject({
      ok: false,
      code: 'ERR_RATE_LIMITED',
      policy: 'tokenBucket',
      retryAfterMs: 1000,
    });
  });

  it('spends the entry of its unit, and nothing where the cost has no such entry', () => {
    const limiter = tokenBucket({ ...fullOfTwo, unit: 'tokens', runtime: virtualRuntime() });

    limiter.tryTake({ cost: { tokens: 1.5 } });
    limiter.tryTake({ cost: { requests: 1 } });

    expect(limiter.peek().remaining).toBe(0.5);
  });

  it('refuses a cost above its capacity for ever, and take does not wait for it', async () => {
    const limiter = tokenBucket({ ...fullOfTwo, runtime: virtualRuntime() });

    const answer = limiter.tryTake({ cost: 3 });

    expect(answer).toMatchObject({ ok: false, retryAfterMs: Infinity });
    await expect(limiter.take({ cost: 3 })).rejects.toThrow('never fits');
  });

  it.each([Number.NaN, -1, Infinity, '3', null, { tokens: '3' }])(
    'refuses a cost of %j, whatever is done with it',
    async (cost) => {
      const runtime = virtualRuntime();
      const limiter = tokenBucket({ ...fullOfTwo, unit: 'tokens', runtime });
      const call = { cost: cost as number };

      for (const verb of ['tryTake', 'reserve', 'peek', 'penalty', 'reward'] as const) {
        expect(() => limiter[verb](call), verb).toThrow('a number of 0 or more');
      }
      await expect(limiter.take(call)).rejects.toMatchObject({ code: 'ERR_OPTION' });
      await expect(limiter.run(() => 1, call)).rejects.toMatchObject({ code: 'ERR_OPTION' });
      expect(limiter.peek().remaining).toBe(2);
    },
  );

  it('lets those who wait pass in order, and nobody past them', async () => {
    const runtime = virtualRuntime();
    const limiter = tokenBucket({ ...fullOfTwo, runtime });
    const log: string[] = [];
    const taker = async (name: string, cost: number): Promise<void> => {
      await limiter.take({ cost });
      log.push(`${name} at ${runtime.now()}`);
    };

    await runtime.run(async () => {
      limiter.tryTake({ cost: 2 });
      const all = [taker('dear', 2), taker('cheap', 1)];
      await runtime.sleep(1500);
      log.push(limiter.tryTake({ cost: 1 }).ok ? 'barged in' : 'kept out');
      await Promise.all(all);
    });

    expect(log).toEqual(['kept out', 'dear at 2000', 'cheap at 3000']);
  });

  it('gives the place of an aborted call to those behind it', async () => {
    const runtime = virtualRuntime();
    const limiter = tokenBucket({ ...fullOfTwo, runtime });
    const controller = new AbortController();

    const passedAt = await runtime.run(async () => {
      limiter.tryTake({ cost: 2 });
      const aborted = limiter.take({ cost: 2, signal: controller.signal });
      const behind = limiter.take().then(() => runtime.now());
      await runtime.sleep(500);
      controller.abort('changed my mind');
      await expect(aborted).rejects.toBe('changed my mind');
      return behind;
    });

    expect(passedAt).toBe(1000);
    expect(limiter.snapshot().waiting).toBe(0);
  });

  it('keeps the rate however late the alarms ring', async () => {
    const runtime = virtualRuntime();
    const limiter = tokenBucket({ capacity: 1, refillPerSecond: 1000, runtime });

    await runtime.run(async () => {
      const late = Array.from({ length: 5 }, () => limiter.reserve());
      await runtime.sleep(3);

      expect(late.map((booking) => booking.ok && booking.readyAt)).toEqual([0, 1, 2, 3, 4]);
      expect(limiter.peek()).toMatchObject({ remaining: -1, retryAfterMs: 2 });
    });
  });

  it('runs work behind the bucket, and composes', async () => {
    const runtime = virtualRuntime();
    const bucketOfOne = tokenBucket({ capacity: 1, refillPerSecond: 1, runtime });
    const guard = compose(bucketOfOne, tokenBucket({ ...fullOfTwo, runtime }));

    const answers = await runtime.run(() =>
      Promise.allSettled([guard.run(() => 'in'), guard.run(() => 'out')]),
    );

    expect(answers[0]).toMatchObject({ value: 'in' });
    expect(answers[1]).toMatchObject({ reason: { code: 'ERR_RATE_LIMITED', retryAfterMs: 1000 } });
  });

  it('waits in run as long as maxWaitMs says', async () => {
    const runtime = virtualRuntime();
    const limiter = tokenBucket({ capacity: 1, refillPerSecond: 1, maxWaitMs: 1000, runtime });

    const answers = await runtime.run(() =>
      Promise.allSettled([1, 2, 3].map(() => limiter.run(() => runtime.now()))),
    );

    expect(answers.map((answer) => answer.status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(answers[1]).toMatchObject({ value: 1000 });
  });

  it('lets those who wait profit from a higher rate at once', async () => {
    const runtime = virtualRuntime();
    const limiter = tokenBucket({ capacity: 1, refillPerSecond: 0.001, runtime });

    const passedAt = await runtime.run(async () => {
      limiter.tryTake();
      const taken = limiter.take().then(() => runtime.now());
      await runtime.sleep(100);
      limiter.update({ refillPerSecond: 10 });
      return taken;
    });

    expect(passedAt).toBeCloseTo(200, 1);
  });

  it('carries its state to another process, where the time between counts as refill', () => {
    const before = virtualRuntime({ startMs: 5_000, wallStartMs: 1e12 });
    const limiter = tokenBucket({ ...fullOfTwo, runtime: before });
    limiter.tryTake({ cost: 2 });
    const dump = JSON.parse(JSON.stringify(limiter.dump())) as ReturnType<typeof limiter.dump>;

    const after = virtualRuntime({ startMs: 7, wallStartMs: 1e12 + 500 });
    const heir = tokenBucket({ ...fullOfTwo, runtime: after });
    heir.restore(dump);

    expect(heir.peek().remaining).toBeCloseTo(0.5, 9);
  });

  it('only reports in a dry run, and lets exempt calls pass uncounted', () => {
    const refusals: boolean[] = [];
    const limiter = tokenBucket({
      ...fullOfTwo,
      dryRun: true,
      exempt: ({ key }) => key === 'health',
      runtime: virtualRuntime(),
    });
    limiter.on('refused', ({ dryRun }) => refusals.push(dryRun));

    const passed = [{}, {}, {}, { key: 'health' }].map((call) => limiter.tryTake(call).ok);

    expect(passed).toEqual([true, true, true, true]);
    expect(refusals).toEqual([true]);
    expect(limiter.snapshot()).toMatchObject({
      admitted: 2,
      refused: 0,
      wouldRefuse: 1,
      exempted: 1,
    });
  });

  it('counts in its snapshot the bookings whose turn has come', async () => {
    const runtime = virtualRuntime();
    const limiter = tokenBucket({ capacity: 1, refillPerSecond: 10, runtime });
    for (let i = 0; i < 3; i++) limiter.reserve();

    await runtime.run(() => runtime.sleep(150));

    expect(limiter.snapshot()).toMatchObject({ admitted: 2, waiting: 1, remaining: 0.5 });
  });

  it('does not report in a dry run what would have passed in its turn', async () => {
    const options = { capacity: 1, refillPerSecond: 10, maxWaitMs: 300 };
    const admittedOf = async (dryRun: boolean) => {
      const runtime = virtualRuntime();
      const limiter = tokenBucket({ ...options, dryRun, runtime });
      await runtime.run(async () => {
        const calls = Array.from({ length: 6 }, () => limiter.run(() => 1).catch(() => 0));
        await Promise.all(calls);
        await runtime.sleep(400 - runtime.now());
        for (let i = 0; i < 5; i++) limiter.reserve();
        await runtime.sleep(400);
      });
      const { admitted, refused, wouldRefuse, remaining } = limiter.snapshot();
      return { admitted, turnedAway: refused + wouldRefuse, remaining };
    };

    expect(await admittedOf(true)).toEqual(await admittedOf(false));
  });

  it('takes penalties beyond empty and gives rewards up to full', () => {
    const limiter = tokenBucket({ ...fullOfTwo, runtime: virtualRuntime() });

    limiter.penalty({ cost: 5 });
    const overdrawn = limiter.peek().remaining;
    limiter.reward({ cost: 100 });

    expect([overdrawn, limiter.peek().remaining]).toEqual([-3, 2]);
  });
});

describe('keyedLimiter', () => {
  it('limits each key on its own', () => {
    const limiter = keyedLimiter({ rate: bucket(fullOfTwo), runtime: virtualRuntime() });
    limiter.tryTake({ key: 'a', cost: 2 });

    expect(limiter.tryTake({ key: 'a' }).ok).toBe(false);
    expect(limiter.tryTake({ key: 'b' }).ok).toBe(true);
  });

  it('forgets keys that owe nothing as others come, without a timer', async () => {
    const runtime = virtualRuntime();
    const limiter = keyedLimiter({ rate: bucket(fullOfTwo), runtime });
    for (let i = 0; i < 1000; i++) limiter.tryTake({ key: `old ${i}` });
    await runtime.advance(2000);

    for (let i = 0; i < 1500; i++) limiter.tryTake({ key: `new ${i}` });

    expect(limiter.snapshot().keys).toBe(1500);
    expect(limiter.peek({ key: 'new 0' }).remaining).toBe(1);
  });

  it('holds at most maxKeys, and forgets those that owe least', () => {
    const limiter = keyedLimiter({
      rate: bucket({ capacity: 10, refillPerSecond: 1 }),
      maxKeys: 10,
      runtime: virtualRuntime(),
    });
    for (let i = 1; i <= 10; i++) limiter.tryTake({ key: `owes ${i}`, cost: i });

    limiter.tryTake({ key: 'one more', cost: 5 });

    expect(limiter.peek({ key: 'owes 1' }).remaining).toBe(10);
    expect(limiter.peek({ key: 'owes 10' }).remaining).toBe(0);
    expect(limiter.snapshot()).toMatchObject({ keys: 10, forgottenEarly: 1 });
  });

  it('takes a key it has never seen for one that idles, when the capacity is raised, too', () => {
    const runtime = virtualRuntime();
    const limiter = keyedLimiter({ rate: bucket({ capacity: 2, refillPerSecond: 1 }), runtime });

    limiter.update(bucket({ capacity: 10, refillPerSecond: 1 }));

    expect(limiter.peek({ key: 'a' }).remaining).toBe(2);
    expect(limiter.tryTake({ key: 'a' }).ok).toBe(true);
    expect(limiter.peek({ key: 'a' }).remaining).toBe(1);
  });

  it('keeps a line for each key', async () => {
    const runtime = virtualRuntime();
    const limiter = keyedLimiter({
      rate: bucket({ capacity: 1, refillPerSecond: 1 }),
      keyOf: ({ tenant = '' }) => tenant,
      runtime,
    });
    const at = async (tenant: string): Promise<string> => {
      await limiter.take({ tenant });
      return `${tenant} ${runtime.now()}`;
    };

    const times = await runtime.run(() =>
      Promise.all([at('a'), at('a'), at('a'), at('b'), at('b')]),
    );

    expect(times).toEqual(['a 0', 'a 1000', 'a 2000', 'b 0', 'b 1000']);
  });
});

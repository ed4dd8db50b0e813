import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Call, Pass } from '../../src/core/index.ts';
import type { Rate, SettleOptions } from '../../src/admission/index.ts';
import {
  bucket,
  concurrencyLimiter,
  fixedWindow,
  jointLimiter,
  keyedLimiter,
  rateLimiter,
  slidingCounter,
  slidingLog,
} from '../../src/admission/index.ts';
import { compose, timeout } from '../../src/policy/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { steppedRuntime } from './stepped-runtime.ts';

interface Answer {
  usage: number;
}

const usage = (answer: unknown): number | undefined => (answer as Partial<Answer> | null)?.usage;

/** So many tokens, and never one more. */
const quota = (capacity: number) => bucket({ capacity, refillPerSecond: 0 });

function tokens(rate: Rate = quota(1000), runtime = virtualRuntime()) {
  return rateLimiter({ rate, unit: 'tokens', settle: { actual: usage, initial: 100 }, runtime });
}

describe('a limiter that settles', () => {
  it('gives back what was not used', async () => {
    const limiter = tokens();

    await limiter.run(async () => ({ usage: 250 }), { cost: { tokens: 400 } });

    expect(limiter.snapshot().remaining).toBe(750);
  });

  it('spends what was used beyond the estimate, overdrawn if need be', async () => {
    const limiter = tokens(quota(500));

    await limiter.run(async () => ({ usage: 900 }), { cost: { tokens: 400 } });

    expect(limiter.snapshot().remaining).toBe(-400);
    expect(limiter.tryTake({ cost: { tokens: 1 } }).ok).toBe(false);
  });

  it('wakes those who wait with what is given back', async () => {
    const runtime = virtualRuntime();
    const limiter = tokens(bucket({ capacity: 500, refillPerSecond: 1e-3 }), runtime);

    const at = await runtime.run(async () => {
      const first = limiter.run(() => runtime.sleep(50).then(() => ({ usage: 100 })), {
        cost: 500,
      });
      const pass = await limiter.take({ cost: 400 });
      await first;
      return [pass.ok, runtime.now()];
    });

    expect(at).toEqual([true, 50]);
  });

  it('leaves it at the estimate when nobody can tell, and learns nothing', async () => {
    const limiter = tokens();

    await limiter.run(async () => 'no usage in here', { cost: 10 });
    await limiter.run(async () => ({ usage: Number.NaN }), { cost: 10 });
    await limiter.run(() => Promise.reject(new Error('down')), { cost: 10 }).catch(() => undefined);

    expect(limiter.snapshot()).toMatchObject({ remaining: 970, estimates: {} });
  });

  it('settles by what an error says was used', async () => {
    const limiter = tokens();
    const cut = Object.assign(new Error('cut off'), { usage: 30 });

    await limiter.run(() => Promise.reject(cut), { cost: 100 }).catch(() => undefined);

    expect(limiter.snapshot()).toMatchObject({ remaining: 970, estimates: {} });
  });

  it('spends nothing when a policy further in turns the call away', async () => {
    const runtime = virtualRuntime();
    const limiter = tokens(quota(1000), runtime);
    const closed = concurrencyLimiter({ limit: 1, runtime });
    closed.tryEnter();

    await compose(limiter, closed)
      .run(async () => 'never')
      .catch(() => undefined);

    expect(limiter.snapshot().remaining).toBe(1000);
  });

  it('settles by the last item of a stream', async () => {
    const runtime = virtualRuntime();
    const limiter = tokens(quota(1000), runtime);
    async function* chunks(): AsyncGenerator<Partial<Answer>> {
      yield {};
      yield { usage: 640 };
    }

    await runtime.run(async () => {
      const stream = await limiter.run(async () => chunks(), { cost: 100 });
      for await (const chunk of stream) expect(chunk).toBeDefined();
    });

    expect(limiter.snapshot().remaining).toBe(360);
  });

  it('leaves a call that timed out at its estimate: a late answer is not heard', async () => {
    const runtime = virtualRuntime();
    const limiter = tokens(quota(1000), runtime);
    const guard = compose(limiter, timeout({ ms: 10, abandonAfterMs: 1000, runtime }));

    await runtime.run(async () => {
      const slow = guard.run(() => runtime.sleep(100).then(() => ({ usage: 70 })), { cost: 100 });
      await expect(slow).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
      expect(limiter.snapshot().remaining).toBe(900);
      await runtime.sleep(200);
    });

    expect(limiter.snapshot().remaining).toBe(900);
  });

  it('learns what calls of each class cost, and takes the next to cost as much', async () => {
    const limiter = rateLimiter({
      rate: quota(1e6),
      settle: { actual: usage, quantile: 0.9, initial: 5 },
      runtime: virtualRuntime(),
    });
    for (let i = 1; i <= 100; i++) {
      await limiter.run(async () => ({ usage: i }), { kind: 'chat' });
      await limiter.run(async () => ({ usage: 7 }), { kind: 'title' });
    }
    const before = limiter.snapshot();

    limiter.tryTake({ kind: 'chat' });
    limiter.tryTake({ kind: 'title' });
    limiter.tryTake({ kind: 'new' });

    expect(before.estimates).toEqual({ chat: 90, title: 7 });
    expect(limiter.snapshot().remaining).toBe(before.remaining - 90 - 7 - 5);
  });

  it('never takes a call to cost more than the limit: it would never pass', async () => {
    const limiter = tokens(bucket({ capacity: 50, refillPerSecond: 1e9 }));

    const passed = limiter.tryTake({ kind: 'dear' });

    expect(passed.ok).toBe(true);
    expect(limiter.tryTake({ cost: 51 })).toMatchObject({ ok: false, retryAfterMs: Infinity });
  });

  it('counts those who wait at the price they came with, whatever is learned meanwhile', async () => {
    const runtime = virtualRuntime();
    const limiter = rateLimiter({
      rate: bucket({ capacity: 100, refillPerSecond: 100 }),
      settle: { actual: usage, initial: 100 },
      runtime,
    });

    await runtime.run(async () => {
      const passes = [limiter.tryTake() as Pass];
      const waiting = [1, 2, 3].map(async () => passes.push(await limiter.take()));
      const ahead = -limiter.peek().remaining;
      passes[0]!.done('success', { usage: 3 });
      await Promise.all(waiting);
      expect(ahead).toBe(300);
      for (const pass of passes) pass.done('success', { usage: 3 });
    });

    expect(limiter.snapshot().waiting).toBe(0);
    expect(limiter.peek().remaining).toBeLessThanOrEqual(100);
    expect(limiter.peek().retryAfterMs).toBe(0);
  });

  it('settles by key, and within a joint decision', async () => {
    const runtime = virtualRuntime();
    const perTenant = keyedLimiter({
      rate: quota(500),
      unit: 'tokens',
      keyOf: ({ tenant = '' }) => tenant,
      settle: { actual: usage, initial: 100 },
      runtime,
    });
    const total = tokens(quota(1000), runtime);
    const joint = jointLimiter({
      limiters: [total, perTenant, concurrencyLimiter({ limit: 2, runtime })],
      runtime,
    });
    const call: Call = { tenant: 'acme', cost: { tokens: 300 } };

    await joint.run(async () => ({ usage: 20 }), call);

    expect(joint.peek(call).map(({ remaining }) => remaining)).toEqual([980, 480, 2]);
  });

  it('ends with exactly what was really used, whatever was estimated', () => {
    const step = fc.record({
      estimate: fc.integer({ min: 0, max: 200 }),
      actual: fc.option(fc.integer({ min: 0, max: 400 }), { nil: undefined }),
      outcome: fc.constantFrom('success', 'failure', 'cancelled', 'refused'),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const limiter = tokens(quota(1e6));
        let used = 0;
        const passes = steps.map(({ estimate }) => limiter.tryTake({ cost: estimate }) as Pass);

        steps.forEach(({ estimate, actual, outcome }, i) => {
          passes[i]!.done(outcome as 'success', { usage: actual });
          passes[i]!.done('success', { usage: 1e6 }); // a second end changes nothing
          if (outcome === 'refused') return;
          used += outcome === 'cancelled' ? estimate : (actual ?? estimate);
        });

        expect(limiter.snapshot().remaining).toBe(1e6 - used);
      }),
    );
  });

  it.each([
    ['fixedWindow', fixedWindow({ limit: 100, windowMs: 1000 })],
    ['slidingLog', slidingLog({ limit: 100, windowMs: 1000 })],
    ['slidingCounter', slidingCounter({ limit: 100, windowMs: 1000 })],
  ])('gives nothing back to a window in which it was not spent: %s', (_name, rate) => {
    const runtime = steppedRuntime();
    const limiter = tokens(rate, runtime as never);
    const old = limiter.tryTake({ cost: 100 }) as Pass;
    runtime.set(3500);
    limiter.tryTake({ cost: 100 });

    old.done('success', { usage: 0 });

    expect(limiter.peek().remaining).toBe(0);
  });

  it.each([
    ['settle.actual', { settle: {} }],
    ['settle.quantile', { settle: { actual: usage, quantile: 2 } }],
    ['settle.initial', { settle: { actual: usage, initial: -1 } }],
    ['settle.initail', { settle: { actual: usage, initail: 1 } }],
  ])('refuses a wrong %s', (option, wrong) => {
    expect(() => rateLimiter({ rate: quota(1), ...(wrong as object) })).toThrow(
      `rateLimiter.${option}`,
    );
  });
});

describe('a call that is cut off', () => {
  const cutAfter = async (settle: Partial<SettleOptions>, afterMs: number, kind = 'chat') => {
    const runtime = virtualRuntime();
    const limiter = rateLimiter({
      rate: quota(10_000),
      settle: { actual: usage, ...settle },
      runtime,
    });
    let left = 0;
    await runtime.run(async () => {
      for (let i = 0; i < 20; i++) {
        await limiter.run(() => runtime.sleep(1000).then(() => ({ usage: 100 })), { kind });
      }
      const before = limiter.peek().remaining;
      const controller = new AbortController();
      const cut = limiter.run(({ signal }) => runtime.sleep(5000, signal), {
        kind: 'chat',
        cost: 400,
        signal: controller.signal,
      });
      await runtime.sleep(afterMs);
      controller.abort('enough');
      await expect(cut).rejects.toBe('enough');
      left = before - limiter.peek().remaining;
    });
    return left;
  };

  it.each([
    ['its estimate, unless told otherwise', {}, 250, 400],
    ['the share of its estimate for the time it ran', { cutOff: 'elapsed' as const }, 250, 100],
    ['never more than its estimate', { cutOff: 'elapsed' as const }, 3000, 400],
    ['what a function says', { cutOff: (_: Call, ranMs: number) => ranMs / 10 }, 250, 25],
    ['its estimate where that knows nothing', { cutOff: () => undefined }, 250, 400],
    ['its estimate where that says nonsense', { cutOff: () => NaN }, 250, 400],
  ])('costs %s', async (_, settle, afterMs, cost) => {
    expect(await cutAfter(settle, afterMs)).toBeCloseTo(cost, 6);
  });

  it('costs its estimate by the time, too, while nothing is known of its class', async () => {
    expect(await cutAfter({ cutOff: 'elapsed' }, 250, 'other')).toBe(400);
  });

  it.each(['signal', 'deadline', 'outer token'])(
    'costs nothing where it was given up before its work began: %s',
    async (by) => {
      const runtime = virtualRuntime();
      const limiter = tokens(quota(1000), runtime);
      const busy = concurrencyLimiter({ limit: 1, maxWaitMs: Infinity, runtime });
      const row = compose(limiter, busy);
      const outer = timeout({ ms: 1000, runtime });
      let hasRun = false;
      const work = (): void => void (hasRun = true);

      await runtime.run(async () => {
        await busy.enter();
        const controller = new AbortController();
        const cost = { tokens: 300 };
        const waiting = {
          signal: () => row.run(work, { cost, signal: controller.signal }),
          deadline: () => compose(outer, row).run(work, { cost, deadline: 50 }),
          'outer token': () => outer.run((call) => row.run(work, { ...call, cost })),
        }[by]!();
        const outcome = expect(waiting).rejects.toBeDefined();
        await runtime.sleep(10);
        expect(limiter.peek().remaining).toBe(700);
        await runtime.sleep(10);
        controller.abort('enough');
        await outcome;
      });

      expect(limiter.peek().remaining).toBe(1000);
      expect(hasRun).toBe(false);
    },
  );

  it('refuses a cutOff that is none', () => {
    const settle = { actual: usage, cutOff: 'some' as never };

    expect(() => rateLimiter({ rate: quota(1), settle })).toThrow('rateLimiter.settle.cutOff');
  });
});

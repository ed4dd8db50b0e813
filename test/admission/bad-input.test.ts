// What plain JavaScript may hand over: refused with an OptionError that names the option.
import { describe, expect, it } from 'vitest';
import * as admission from '../../src/admission/index.ts';
import type { LimiterDump } from '../../src/admission/index.ts';
import {
  bucket,
  concurrencyLimiter,
  fixedWindow,
  jointLimiter,
  keyedLimiter,
  memoryLeaseStore,
  memoryLimitStore,
  rateLimiter,
  sharedConcurrencyLimiter,
  sharedLimiter,
  tokenBucket,
} from '../../src/admission/index.ts';
import { OptionError } from '../../src/core/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

type Factory = (options: unknown) => unknown;
const factories = Object.entries(admission)
  .filter(([name]) => !['readQuotas', 'rateLimitHeaders'].includes(name))
  .map(([name, factory]) => [name, factory as Factory] as const);
const rate = bucket({ capacity: 5, refillPerSecond: 1 });

const thrown = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe('bad input', () => {
  it.each(factories)('%s refuses options that are none', (_, factory) => {
    for (const options of [null, 5, 'fast', []]) {
      expect(thrown(() => factory(options))).toBeInstanceOf(OptionError);
    }
  });

  it.each([undefined, null, {}, 5, 'bucket', { capacity: 5, refillPerSecond: 1 }])(
    'refuses %j for a rate',
    (wrong) => {
      const given = wrong as never;
      const makers = {
        'rateLimiter.rate': () => rateLimiter({ rate: given }),
        'keyedLimiter.rate': () => keyedLimiter({ rate: given }),
        'rateLimiter.update': () => rateLimiter({ rate }).update(given),
        'keyedLimiter.update': () => keyedLimiter({ rate }).update(given),
      };

      for (const [option, make] of Object.entries(makers)) {
        expect(thrown(make)).toMatchObject({ code: 'ERR_OPTION', option, received: wrong });
      }
    },
  );

  it('refuses a rate of another kind, and numbers that are none of a bucket', () => {
    const limiter = tokenBucket({ capacity: 5, refillPerSecond: 1 });

    expect(() => rateLimiter({ rate }).update(fixedWindow({ limit: 1, windowMs: 1 }))).toThrow(
      "a rate of kind 'bucket'",
    );
    expect(() => limiter.update(null as never)).toThrow('tokenBucket: update');
    expect(() => limiter.update({ capcity: 3 } as never)).toThrow('tokenBucket: update.capcity');
    expect(() => limiter.update({ capacity: '3' as never })).toThrow('bucket.capacity');
  });

  it.each([null, 5, '', {}])('refuses %j for a unit, and for whether to run dry', (wrong) => {
    const given = wrong as never;
    const unit = [
      () => rateLimiter({ rate, unit: given }),
      () => keyedLimiter({ rate, unit: given }),
      () => concurrencyLimiter({ unit: given }),
      () => sharedConcurrencyLimiter({ store: memoryLeaseStore(), limit: 1, unit: given }),
      () =>
        sharedLimiter({
          store: memoryLimitStore(),
          limits: [{ name: 'a', rate, unit: given }],
        }),
    ];

    for (const make of unit) expect(make).toThrow('unit must be a string');
    expect(() => rateLimiter({ rate, dryRun: given })).toThrow(
      'rateLimiter.dryRun must be true or false',
    );
  });

  it.each([
    ['', null],
    ['kind', { kind: 'fixedWindow', wallTime: 0, rows: [] }],
    ['wallTime', { kind: 'bucket', rows: [] }],
    ['wallTime', { kind: 'bucket', wallTime: '5', rows: [] }],
    ['rows', { kind: 'bucket', wallTime: 0, rows: 'none' }],
    ['rows[1]', { kind: 'bucket', wallTime: 0, rows: [['a', 1], null] }],
    ['rows[0]', { kind: 'bucket', wallTime: 0, rows: [[5, 1]] }],
    ['rows[0]', { kind: 'bucket', wallTime: 0, rows: [['a', '1']] }],
    ['version', { kind: 'bucket', wallTime: 0, rows: [], version: 2 }],
  ])('restores nothing of a dump with a wrong %s', (option, dump) => {
    const limiter = keyedLimiter({ rate, runtime: virtualRuntime() });

    expect(() => limiter.restore(dump as unknown as LimiterDump)).toThrow(
      `keyedLimiter: restore${option === '' ? '' : `.${option}`} must be`,
    );
    expect(limiter.snapshot().keys).toBe(0);
  });

  it.each(['5', null, Number.NaN])('refuses a deadline of %j', async (deadline) => {
    const call = { deadline } as { deadline: number };
    const runtime = virtualRuntime();
    const shared = sharedLimiter({
      store: memoryLimitStore({ runtime }),
      limits: [{ name: 'a', rate }],
      runtime,
    });

    expect(() => rateLimiter({ rate }).tryTake(call)).toThrow('rateLimiter: call.deadline');
    expect(() => rateLimiter({ rate }).reserve(call)).toThrow('rateLimiter: call.deadline');
    await expect(concurrencyLimiter().enter(call)).rejects.toThrow('call.deadline');
    await expect(runtime.run(() => shared.take(call))).rejects.toThrow('call.deadline');
  });
});

describe('work past its deadline', () => {
  const runtime = virtualRuntime();
  const inFlight = concurrencyLimiter({ limit: 3, runtime });
  const options = { runtime, maxWaitMs: Infinity };
  const limiters = {
    rate: rateLimiter({ rate, runtime }),
    'rate, waiting': rateLimiter({ rate, ...options }),
    keyed: keyedLimiter({ rate, runtime }),
    'in flight': inFlight,
    joint: jointLimiter({ limiters: [rateLimiter({ rate, runtime })] }),
    shared: sharedLimiter({
      store: memoryLimitStore({ runtime }),
      limits: [{ name: 'a', rate }],
      runtime,
    }),
    'shared, waiting': sharedLimiter({
      store: memoryLimitStore({ runtime }),
      limits: [{ name: 'a', rate }],
      ...options,
    }),
    'shared, in flight': sharedConcurrencyLimiter({
      store: memoryLeaseStore({ runtime }),
      limit: 3,
      runtime,
    }),
  };

  it.each(Object.entries(limiters))('never runs, whatever is free: %s', async (_, limiter) => {
    let hasRun = false;
    const expired = { code: 'ERR_EXPIRED', retryAfterMs: 0 };

    await runtime.run(async () => {
      const call = { deadline: runtime.now() };
      const work = (): void => void (hasRun = true);
      await expect(limiter.run(work, call)).rejects.toMatchObject(expired);
      await expect(
        'take' in limiter ? limiter.take(call) : limiter.enter(call),
      ).rejects.toMatchObject(expired);
      const tried = 'tryTake' in limiter ? limiter.tryTake(call) : limiter.tryEnter(call);
      expect(await tried).toMatchObject({ ok: false, ...expired });
      if ('reserve' in limiter)
        expect(limiter.reserve(call)).toMatchObject({ ok: false, ...expired });
      await limiter.run(work, { deadline: runtime.now() + 10 });
    });

    expect(hasRun).toBe(true);
    expect(limiter.snapshot().admitted).toBe(1);
  });

  it('passes where it is exempt, and in a dry run, which says so', () => {
    const limiter = rateLimiter({
      rate,
      runtime,
      dryRun: true,
      exempt: ({ kind }) => kind === 'health',
    });

    expect(limiter.tryTake({ deadline: -1 }).ok).toBe(true);
    expect(limiter.tryTake({ deadline: -1, kind: 'health' }).ok).toBe(true);
    expect(limiter.snapshot()).toMatchObject({ wouldRefuse: 1, exempted: 1, admitted: 0 });
  });
});

import { describe, expect, it } from 'vitest';
import { bucket, keyedLimiter } from '../../src/admission/index.ts';
import vectors from '../vectors/admission-gcra.json' with { type: 'json' };
import { steppedRuntime } from './stepped-runtime.ts';

describe('keyedLimiter on the GCRA steps of throttled and redis-cell', () => {
  it('answers limited, remaining, reset and retry as published', () => {
    const { rate, maxBurst, key, steps } = vectors.main;
    const runtime = steppedRuntime();
    const limiter = keyedLimiter({
      rate: bucket({
        capacity: maxBurst + 1,
        refillPerSecond: (rate.count / rate.periodMs) * 1000,
      }),
      runtime,
    });

    for (const { atMs, quantity, expect: want } of steps) {
      runtime.set(atMs);
      const answer = limiter.tryTake({ key, cost: quantity });
      const { limit, remaining, resetMs } = limiter.peek({ key });

      const retryAfterMs = answer.ok || answer.retryAfterMs === Infinity ? -1 : answer.retryAfterMs;
      expect({
        limited: !answer.ok,
        limit,
        remaining: Math.floor(remaining),
        resetAfterMs: resetMs,
        retryAfterMs,
      }).toEqual(want);
    }
  });

  it.each(vectors.emissionInterval.filter(({ periodMs }) => periodMs > 0))(
    'asks $count in $periodMs ms to come every $intervalMs ms',
    ({ count, periodMs, intervalMs }) => {
      const refillPerSecond = (count / periodMs) * 1000;
      const limiter = keyedLimiter({
        rate: bucket({ capacity: 1, refillPerSecond }),
        runtime: steppedRuntime(),
      });
      limiter.tryTake({ key: 'foo' });

      const { retryAfterMs } = limiter.peek({ key: 'foo' });

      expect(retryAfterMs).toBeCloseTo(intervalMs, 6);
    },
  );

  it('asks for no pause where a period of nothing makes the rate infinite', () => {
    const { count, periodMs, intervalMs } = vectors.emissionInterval.find(
      (row) => row.periodMs === 0,
    )!;
    const refillPerSecond = (count / periodMs) * 1000;
    const limiter = keyedLimiter({
      rate: bucket({ capacity: 1, refillPerSecond }),
      runtime: steppedRuntime(),
    });
    limiter.tryTake({ key: 'foo' });

    expect(limiter.peek({ key: 'foo' }).retryAfterMs).toBe(intervalMs);
  });

  it('answers as CL.THROTTLE does', () => {
    const [, name = '', maxBurst, count, periodS] = vectors.redisCellReply.command.split(' ');
    const limiter = keyedLimiter({
      rate: bucket({
        capacity: Number(maxBurst) + 1,
        refillPerSecond: Number(count) / Number(periodS),
      }),
      runtime: steppedRuntime(),
    });

    const answer = limiter.tryTake({ key: name });

    const { limit, remaining, resetMs } = limiter.peek({ key: name });
    const retryAfterS = answer.ok ? -1 : answer.retryAfterMs / 1000;
    expect([Number(!answer.ok), limit, remaining, retryAfterS, resetMs / 1000]).toEqual(
      vectors.redisCellReply.reply,
    );
  });

  it('refuses a rate of nothing in nothing', () => {
    expect(() => bucket({ capacity: 0, refillPerSecond: 0 })).toThrow('bucket.capacity');
    expect(() => bucket({ capacity: 1, refillPerSecond: Number.NaN })).toThrow(
      'bucket.refillPerSecond',
    );
  });
});

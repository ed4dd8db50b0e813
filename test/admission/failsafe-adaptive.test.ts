import { describe, expect, it } from 'vitest';
import {
  FailsafeAdaptive,
  maxLimit,
  quantile,
} from '../../bench/admission/rivals/failsafe-adaptive.ts';
import vectors from '../vectors/admission-adaptive-limits.json' with { type: 'json' };

// The rival our default limit is measured against must be the real thing.
describe("failsafe-go's adaptive limit, as the benchmarks compare with it", () => {
  it.each(vectors.failsafeAdaptive.cases)('moves as published: $name', ({ samples }) => {
    const limiter = new FailsafeAdaptive({ windowMaxMs: 1000, minSamples: 1 });
    for (let i = 0; i < 10; i++) limiter.baseline.add(1000);
    let now = 0;

    for (const { rttMs, inflight, expect: want } of samples) {
      now += 2000;
      limiter.tryAcquire();
      limiter.record(now, rttMs, inflight, false);
      expect(Math.floor(limiter.limit)).toBe(want.limit);
    }
  });

  it.each(vectors.failsafeAdaptive.maxLimit)(
    'caps at $expect with $inflight in flight',
    ({ factor, decay, minFactor, inflight, expect: want }) => {
      const cap = maxLimit(inflight, factor, decay, minFactor);

      expect(Math.abs(cap - want)).toBeLessThanOrEqual(1);
    },
  );

  it.each(vectors.percentileWindow)(
    'takes quantile $p of its samples',
    ({ p, samples, expect: want }) => {
      expect(quantile(samples, p)).toBe(want);
    },
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { downsample } from '../../src/dashboard/downsample.ts';

const index = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('downsample', () => {
  it('keeps a short series as it is', () => {
    expect(downsample([1, 2, 3], [9, NaN, 7], 10)).toEqual({ x: [1, 2, 3], y: [9, NaN, 7] });
  });

  it('never drops the one bad second of an hour', () => {
    const y = index(3_600).map((i) => (i === 1_234 ? 99 : 1));

    const thin = downsample(index(3_600), y, 600);

    expect(thin.x.length).toBeLessThanOrEqual(600);
    expect(thin.y[thin.x.indexOf(1_234)]).toBe(99);
  });

  it('keeps the order, the ends, both extremes and the limit, whatever the series', () => {
    const series = fc.array(fc.oneof(fc.double({ noNaN: true }), fc.constant(NaN)), {
      minLength: 2,
      maxLength: 400,
    });
    fc.assert(
      fc.property(series, fc.integer({ min: 4, max: 60 }), (y, limit) => {
        const thin = downsample(index(y.length), y, limit);

        expect(thin.x.length).toBeLessThanOrEqual(Math.max(limit, 2));
        expect(thin.x[0]).toBe(0);
        expect(thin.x[thin.x.length - 1]).toBe(y.length - 1);
        expect(thin.x).toEqual([...new Set(thin.x)].sort((a, b) => a - b));
        thin.x.forEach((x, i) => expect(thin.y[i]).toBe(y[x]));
        const finite = y.filter((value) => Number.isFinite(value));
        if (finite.length > 0) {
          expect(thin.y).toContain(Math.max(...finite));
          expect(thin.y).toContain(Math.min(...finite));
        }
      }),
    );
  });
});

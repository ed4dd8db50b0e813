import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ewma,
  jainIndex,
  median,
  medianDeviation,
  movingQuantile,
  peakToMean,
  quantileOf,
  type RecentValues,
} from '../../src/model/index.ts';

const finite = fc.double({ min: -1e9, max: 1e9, noNaN: true });
const loads = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), {
  minLength: 1,
  maxLength: 50,
});

describe('movingQuantile', () => {
  it('answers as if the last values were sorted anew', () => {
    fc.assert(
      fc.property(
        fc.array(finite, { minLength: 1 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 100 }),
        (values, size, percent) => {
          const window = movingQuantile({ size });
          const state = values.reduce((at, value) => window.update(at, value), window.start());
          const sorted = values.slice(-size).sort((a, b) => a - b);

          expect(state.sorted.map((x) => x + 0)).toEqual(sorted.map((x) => x + 0));
          expect(quantileOf(state.sorted, percent / 100)).toEqual(
            state.sorted[Math.max(1, Math.ceil((percent * sorted.length) / 100)) - 1],
          );
        },
      ),
    );
  });

  it('ignores what is no number and keeps the state it was given', () => {
    const window = movingQuantile({ size: 2 });
    const state: RecentValues = Object.freeze({ recent: [1, 2], sorted: [1, 2] });

    expect(window.update(state, NaN)).toEqual(state);
    expect(window.update(state, Infinity)).toEqual(state);
    expect(window.update(state, 0)).toEqual({ recent: [2, 0], sorted: [0, 2] });
    expect(state).toEqual({ recent: [1, 2], sorted: [1, 2] });
  });

  it('has no quantile of nothing', () => {
    expect(quantileOf(movingQuantile({ size: 3 }).start().sorted, 0.5)).toBeNaN();
  });

  it('refuses a size or a quantile out of range', () => {
    expect(() => movingQuantile({ size: 0 })).toThrow('movingQuantile.size must be');
    expect(() => quantileOf([1], 1.2)).toThrow('q must be');
  });
});

describe('ewma', () => {
  const average = ewma({ halfLifeMs: 1000 });

  it('weighs a value half as much after each half-life', () => {
    let state = average.update(average.start(), 0, 5000);
    state = average.update(state, 30, 6000);

    expect(average.read(state)).toBe(20); // weights ½ and 1
  });

  it('equals the weighted mean over all values', () => {
    const samples = fc.array(
      fc.tuple(finite, fc.nat(5000), fc.double({ min: 0.1, max: 9, noNaN: true })),
      {
        minLength: 1,
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(samples, (rows) => {
        let now = 0;
        const timed = rows.map(([value, gap, weight]) => ({ value, at: (now += gap), weight }));
        let state = average.start();
        for (const { value, at, weight } of timed) state = average.update(state, value, at, weight);
        let [sum, total] = [0, 0];
        for (const { value, at, weight } of timed) {
          const share = weight * 0.5 ** ((now - at) / 1000);
          sum += share * value;
          total += share;
        }

        expect(Math.abs(average.read(state) - sum / total)).toBeLessThan(1e-3);
      }),
    );
  });

  it('is the value itself after the first, whatever the time', () => {
    expect(average.read(average.update(average.start(), 42, 1e12))).toBe(42);
  });

  it('has no value before the first', () => {
    expect(average.read(average.start())).toBeNaN();
  });

  it('ignores what is no number, and time that runs backwards', () => {
    const state = average.update(average.start(), 10, 1000);

    expect(average.update(state, NaN, 2000)).toBe(state);
    expect(average.update(state, 1, NaN)).toBe(state);
    expect(average.read(average.update(state, 20, 0))).toBe(15);
  });

  it('refuses a half-life of 0', () => {
    expect(() => ewma({ halfLifeMs: 0 })).toThrow('ewma.halfLifeMs must be');
  });
});

describe('robust statistics', () => {
  it('take the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(medianDeviation([1, 1, 2, 2, 4, 6, 9])).toBe(1);
    expect([median([]), medianDeviation([])]).toEqual([NaN, NaN]);
  });

  it('are not moved by less than half of the values being wild', () => {
    fc.assert(
      fc.property(fc.array(finite, { maxLength: 9 }), (wild) => {
        const values = [
          ...wild,
          ...Array.from({ length: wild.length + 1 }, (_, i) => 10 + (i % 2)),
        ];

        expect(median(values)).toBeGreaterThanOrEqual(10);
        expect(median(values)).toBeLessThanOrEqual(11);
        expect(medianDeviation(values)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('figures of balance', () => {
  it('lie between perfect balance and one having everything', () => {
    fc.assert(
      fc.property(loads, (values) => {
        expect(jainIndex(values)).toBeLessThanOrEqual(1 + 1e-12);
        expect(jainIndex(values)).toBeGreaterThanOrEqual(1 / values.length - 1e-12);
        expect(peakToMean(values)).toBeGreaterThanOrEqual(1 - 1e-12);
        expect(peakToMean(values)).toBeLessThanOrEqual(values.length * (1 + 1e-12));
      }),
    );
  });

  it('do not depend on the unit', () => {
    fc.assert(
      fc.property(loads, fc.constantFrom(1e-200, 0.001, 1e200), (values, unit) => {
        const other = values.map((value) => value * unit);
        fc.pre(other.every((value, i) => value > 0 === (values[i] as number) > 0));

        expect(jainIndex(other)).toBeCloseTo(jainIndex(values), 9);
      }),
    );
  });

  it('reach their ends', () => {
    expect([jainIndex([7, 7, 7]), peakToMean([7, 7, 7])]).toEqual([1, 1]);
    expect([jainIndex([9, 0, 0, 0]), peakToMean([9, 0, 0, 0])]).toEqual([0.25, 4]);
    expect([jainIndex([0, 0]), peakToMean([0, 0])]).toEqual([1, 1]);
    expect([jainIndex([]), peakToMean([])]).toEqual([NaN, NaN]);
  });
});

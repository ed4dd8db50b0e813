import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionError } from '../../src/core/errors.ts';
import { type Recorder, recorder } from '../../src/model/index.ts';

const BOUND = 1 / 512;

/** A recorder that was given these values, one by one. */
function recorded(values: Iterable<number>): Recorder {
  const made = recorder();
  for (const value of values) made.record(value);
  return made;
}

/** The exact sample of nearest rank; `permille` keeps the rank in whole numbers. */
function exactQuantile(sorted: readonly number[], permille: number): number {
  const rank = Math.max(1, Math.ceil((permille * sorted.length) / 1000));
  return sorted[rank - 1] as number;
}

const rising = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
const inRange = fc.double({ min: 2 ** -32, max: 2 ** 63.9, noNaN: true });
const latency = fc.double({ min: 0.01, max: 60_000, noNaN: true });
const anyRecorded = fc.oneof(latency, inRange, fc.constant(0), fc.nat(1_000_000));

describe('recorder', () => {
  it('answers every quantile within 1/512 of the exact sample of that rank', () => {
    fc.assert(
      fc.property(fc.array(anyRecorded, { minLength: 1, maxLength: 400 }), (values) => {
        const sorted = rising(values);
        const made = recorded(values);

        for (const permille of [0, 1, 250, 500, 750, 900, 990, 999, 1000]) {
          const exact = exactQuantile(sorted, permille);
          expect(Math.abs(made.quantile(permille / 1000) - exact)).toBeLessThanOrEqual(
            BOUND * exact,
          );
        }
      }),
    );
  });

  it('keeps the bound at the edges of buckets and octaves, where it is tightest', () => {
    const edges = Array.from({ length: 95 }, (_, i) => 2 ** (i - 32)).flatMap((octave) =>
      [0, 1, 127, 254, 255].map((bucket) => octave * (1 + bucket / 256)),
    );
    let worst = 0;
    for (const edge of edges) {
      for (const value of [edge, edge * (1 + Number.EPSILON), edge * (1 + 1 / 256 - 2 ** -50)]) {
        // The value lies alone between two others, so that min and max cannot help.
        const made = recorded([0, value, 2 ** 63.99]);
        worst = Math.max(worst, Math.abs(made.quantile(0.5) - value) / value);
      }
    }

    expect(worst).toBeLessThanOrEqual(BOUND);
    expect(worst).toBeGreaterThan(BOUND * 0.99); // else the test does not reach the edges
  });

  it('keeps count, sum, minimum and maximum exactly', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2 ** 30), { minLength: 1 }), (values) => {
        const made = recorded(values);

        expect(made.count).toBe(values.length);
        expect(made.sum).toBe(values.reduce((sum, value) => sum + value, 0));
        expect(made.min).toBe(Math.min(...values));
        expect(made.max).toBe(Math.max(...values));
        expect(made.mean).toBe(made.sum / values.length);
      }),
    );
  });

  it('gives the extremes exactly as the first and the last quantile', () => {
    const made = recorded([3.3, 0.7, 12.34567]);

    expect(made.quantile(0)).toBe(0.7);
    expect(made.quantile(1)).toBe(12.34567);
  });

  it('does not let rounding push a whole rank up by one', () => {
    const made = recorded(Array.from({ length: 100 }, (_, i) => (i + 1) * 1000));

    // 0.07 · 100 is 7.000000000000001 in floating point; the rank is 7.
    expect(made.quantile(0.07) / 7000).toBeCloseTo(1, 2);
  });

  it('answers several quantiles in the order asked', () => {
    const made = recorded(Array.from({ length: 1000 }, (_, i) => i + 1));

    const [p99, p50, p100] = made.quantiles([0.99, 0.5, 1]);

    expect(p99).toBe(made.quantile(0.99));
    expect(p50).toBe(made.quantile(0.5));
    expect(p100).toBe(1000);
  });

  it('has no statistic but the count while it is empty, and never says 0', () => {
    const made = recorder();

    expect(made.count).toBe(0);
    expect(made.sum).toBe(0);
    expect([made.min, made.max, made.mean, made.stdDev, made.quantile(0.5)]).toEqual([
      NaN,
      NaN,
      NaN,
      NaN,
      NaN,
    ]);
    expect([...made.buckets()]).toEqual([]);
  });

  it('counts zero, minus zero and the smallest positive numbers as zero', () => {
    const made = recorded([0, -0, 5e-324, 2 ** -33, 8]);

    expect(made.count).toBe(5);
    expect(Object.is(made.min, 0)).toBe(true);
    expect(made.quantile(0.8)).toBe(0);
    expect([...made.buckets()][0]).toEqual({ low: 0, high: 2 ** -32, value: 0, count: 4 });
  });

  it.each([NaN, -1, -Infinity, Infinity, 2 ** 64, Number.MAX_VALUE])(
    'refuses %d without a trace but the count of refusals',
    (value) => {
      const made = recorded([5, value]);
      made.recordMany(value, 3);

      expect(made.rejected).toBe(4);
      expect([made.count, made.sum, made.min, made.max]).toEqual([1, 5, 5, 5]);
    },
  );

  it('records a value many times at once as if one by one', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(50), (value, times) => {
        const atOnce = recorder();
        atOnce.recordMany(value, times);

        expect(atOnce.snapshot()).toEqual(recorded(Array<number>(times).fill(value)).snapshot());
      }),
    );
  });

  it('counts exactly beyond 2^32', () => {
    const made = recorder();
    made.recordMany(7, 2 ** 40);
    made.record(7);
    made.recordMany(9, 2 ** 40);

    expect(made.count).toBe(2 ** 41 + 1);
    expect(made.quantile(0.5) / 7).toBeCloseTo(1, 2);
    expect([...made.buckets()].map(({ count }) => count)).toEqual([2 ** 40 + 1, 2 ** 40]);
  });

  it('merges so that the order and grouping of values do not matter', () => {
    fc.assert(
      fc.property(fc.array(anyRecorded), fc.array(anyRecorded), (left, right) => {
        const whole = recorded([...left, ...right]).snapshot();
        const merged = recorded(left);
        merged.merge(recorded(right));

        const { sum, ...rest } = merged.snapshot();
        expect({ ...rest, sum: whole.sum }).toEqual(whole);
        expect(Math.abs(sum - whole.sum)).toBeLessThanOrEqual(1e-12 * whole.sum);
      }),
    );
  });

  it('merges with itself', () => {
    const made = recorded([0, 1, 2]);
    made.merge(made);

    expect(made.snapshot()).toEqual(recorded([0, 1, 2, 0, 1, 2]).snapshot());
  });

  it('merges a recorder of another copy of the package through its snapshot', () => {
    const other = recorded([1, 2]);
    const foreign = { ...other, snapshot: () => other.snapshot() };
    const made = recorder();
    made.merge(foreign);

    expect(made.snapshot()).toEqual(other.snapshot());
  });

  it('comes back from the JSON of its snapshot unchanged', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anyRecorded, fc.constant(NaN))), (values) => {
        const made = recorded(values);
        const restored = recorder();
        restored.merge(JSON.parse(JSON.stringify(made.snapshot())) as never);

        expect(restored.snapshot()).toEqual(made.snapshot());
        expect(restored.quantiles([0.1, 0.5, 0.9])).toEqual(made.quantiles([0.1, 0.5, 0.9]));
      }),
    );
  });

  it.each([
    ['another format', { format: 'recorder/2' }],
    ['a fractional count', { count: 2.5 }],
    ['a count that its buckets do not add up to', { count: 3 }],
    ['a negative sum', { sum: -1 }],
    ['a minimum that JSON lost', { min: null }],
    ['buckets outside the range', { first: 2 ** 19 }],
    ['a run that would fill the memory', { runs: [1, -1e9, 1] }],
    ['no runs', { runs: undefined }],
  ])('refuses a snapshot with %s', (_, damage) => {
    const snapshot = { ...recorded([1, 2]).snapshot(), ...damage } as never;

    expect(() => recorder().merge(snapshot)).toThrow(OptionError);
  });

  it('forgets everything on reset and records again', () => {
    const made = recorded([0, 1, 1e9, NaN]);
    made.reset();

    expect(made.snapshot()).toEqual(recorder().snapshot());
    made.record(4);
    expect(made.snapshot()).toEqual(recorded([4]).snapshot());
  });

  it('lists buckets by rising value that enclose exactly what was recorded', () => {
    fc.assert(
      fc.property(fc.array(anyRecorded), (values) => {
        const buckets = [...recorded(values).buckets()];

        let from = -1;
        for (const { low, high, value, count } of buckets) {
          expect(low).toBeGreaterThan(from);
          expect(value).toBeGreaterThanOrEqual(low);
          expect(value).toBeLessThan(high);
          expect(count).toBe(values.filter((v) => v >= low && v < high).length);
          from = low;
        }
        expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
      }),
    );
  });

  it('estimates the standard deviation from the buckets', () => {
    const values = Array.from({ length: 10_000 }, (_, i) => 100 + (i % 100));
    const mean = 149.5;
    const exact = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);

    expect(recorded(values).stdDev / exact).toBeCloseTo(1, 2);
  });

  it('holds at most 192 KiB of counts, whatever is recorded', () => {
    const made = recorded([2 ** -32, 2 ** 64 * (1 - Number.EPSILON)]);
    const keys = made.snapshot().runs.map((run) => (run < 0 ? -run : 1));

    expect(keys.reduce((sum, run) => sum + run, 0) * 8).toBeLessThanOrEqual(192 * 1024);
  });

  it.each([-0.1, 1.1, NaN])('refuses the quantile %d', (q) => {
    expect(() => recorded([1]).quantile(q)).toThrow(OptionError);
  });

  it.each([-1, 1.5, NaN, Infinity])('refuses to record %d times', (times) => {
    expect(() => recorder().recordMany(1, times)).toThrow(OptionError);
  });
});

describe('recorder, correcting for coordinated omission', () => {
  /** HdrHistogram's own loop, one missing value at a time. */
  function oneByOne(value: number, interval: number): Recorder {
    const made = recorded([value]);
    for (let missing = value - interval; missing >= interval; missing -= interval) {
      made.record(missing);
    }
    return made;
  }

  it('adds the calls that a stall kept from being made', () => {
    const made = recorder();
    made.recordCorrected(1000, 100);

    expect(made.count).toBe(10); // 1000, 900, … 100
    expect(made.sum).toBe(5500);
    expect([made.min, made.max]).toEqual([100, 1000]);
    expect(made.quantile(0.5) / 500).toBeCloseTo(1, 2);
  });

  it('equals the loop over every missing value', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 1, max: 500 }), (v, i) => {
        const made = recorder();
        made.recordCorrected(v, i);

        expect(made.snapshot()).toEqual(oneByOne(v, i).snapshot());
      }),
    );
  });

  it('records a value shorter than two intervals once', () => {
    const made = recorder();
    made.recordCorrected(199.9, 100);
    made.recordCorrected(0, 100);

    expect(made.count).toBe(2);
  });

  it('takes a number of steps bounded by the buckets for the longest stall', () => {
    const made = recorder();
    made.recordCorrected(2 ** 40, 1 / 16);

    expect(made.count).toBe(2 ** 44);
    expect(made.mean / 2 ** 39).toBeCloseTo(1, 6);
    expect(made.quantile(0.5) / 2 ** 39).toBeCloseTo(1, 2);
  });

  it('counts a refused value once and adds nothing for it', () => {
    const made = recorder();
    made.recordCorrected(Infinity, 1);
    made.recordCorrected(NaN, 1);

    expect([made.count, made.rejected]).toEqual([0, 2]);
  });

  it.each([0, -1, NaN, Infinity])('refuses the expected interval %d', (interval) => {
    expect(() => recorder().recordCorrected(1, interval)).toThrow(OptionError);
  });

  it('refuses an interval so short that the missing calls cannot be counted', () => {
    expect(() => recorder().recordCorrected(2 ** 60, 1e-9)).toThrow(OptionError);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/core/seeded-random.ts';
import { transformOf } from '../../src/model/fourier.ts';
import { detectPeriod } from '../../src/model/index.ts';
import published from '../vectors/scale-extra.json' with { type: 'json' };
import { loadTrace } from './load-traces.ts';

const MINUTES_A_WEEK = 7 * 1440;

/** Without the oldest samples that do not fill a week, as the published cases say. */
function wholeWeeks(values: number[]): number[] {
  return values.slice(values.length % MINUTES_A_WEEK);
}

/** A wave with overtones and odd details on top of a trend, with seeded noise. */
function seasonal({ period = 24, cycles = 6, noise = 0, trend = 0, seed = 1 }): number[] {
  const random = seededRandom(seed);
  const shape = Array.from({ length: period }, (_, i) => {
    const angle = (2 * Math.PI * i) / period;
    return Math.sin(angle) + 0.5 * Math.sin(2 * angle + 1) + 0.5 * (random() - 0.5);
  });
  return Array.from(
    { length: Math.round(period * cycles) },
    (_, i) => (shape[i % period] as number) + trend * i + noise * (random() - 0.5),
  );
}

describe('detectPeriod', () => {
  it.each(published.periodDetection)(
    'finds the published period of $trace',
    ({ trace, sampleSeconds, expectedPeriodSeconds }) => {
      const name = trace.replace('loadtraces/', '').replace('.csv', '');

      expect((detectPeriod(wholeWeeks(loadTrace(name)))?.period ?? 0) * sampleSeconds).toBe(
        expectedPeriodSeconds,
      );
    },
  );

  it.each([
    ['crane-dsp-input1.1min', MINUTES_A_WEEK],
    ['crane-dsp-input2.1min', MINUTES_A_WEEK],
    ['crane-dsp-input8.1min', MINUTES_A_WEEK],
    ['nab-nyc-taxi.30min', 336],
  ])('finds the season of %s without cutting it to whole weeks', (name, period) => {
    expect(detectPeriod(loadTrace(name))?.period).toBe(period);
  });

  it('finds no season in a trace of spikes', () => {
    expect(detectPeriod(loadTrace('nab-twitter-goog.5min'))).toBeUndefined();
  });

  it('finds any season through noise, a trend and a length that is no multiple', () => {
    const shapes = fc.record({
      period: fc.integer({ min: 12, max: 300 }),
      cycles: fc.double({ min: 4, max: 12, noNaN: true }),
      noise: fc.double({ min: 0, max: 0.5, noNaN: true }),
      trend: fc.double({ min: -0.01, max: 0.01, noNaN: true }),
      seed: fc.nat(1000),
    });
    fc.assert(
      fc.property(shapes, (shape) => {
        expect(detectPeriod(seasonal(shape))?.period).toBe(shape.period);
      }),
      { numRuns: 60 },
    );
  });

  it('bridges gaps instead of taking them for zeros', () => {
    const day = (h: number): number => 100 + 50 * Math.sin((h / 12) * Math.PI);
    const hours = Array.from({ length: 24 * 8 }, (_, h) => (h > 60 && h < 75 ? null : day(h)));

    expect(detectPeriod(hours)?.period).toBe(24);
    expect(detectPeriod([null, NaN, ...hours, null])?.period).toBe(24);
  });

  it('says how well the series repeats', () => {
    expect(detectPeriod(seasonal({ noise: 0 }))?.strength).toBeGreaterThan(0.95);
    expect(detectPeriod(seasonal({ noise: 1, cycles: 40 }))?.strength).toBeLessThan(0.9);
  });

  it('finds nothing in pure chance', () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = seededRandom(`white ${seed}`);

      expect(detectPeriod(Array.from({ length: 500 }, random))).toBeUndefined();
    }
  });

  it.each([
    ['nothing', []],
    ['gaps only', Array<null>(50).fill(null)],
    ['a constant', Array<number>(50).fill(7)],
    ['a straight line', Array.from({ length: 50 }, (_, i) => 1e9 + 3 * i)],
    ['a single spike', Array.from({ length: 50 }, (_, i) => (i === 20 ? 100 : 1))],
    ['one season and a half', seasonal({ period: 24, cycles: 1.5 })],
  ])('finds nothing in %s', (_, series) => {
    expect(detectPeriod(series)).toBeUndefined();
  });
});

describe('transformOf', () => {
  it('equals the transform by its definition', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 1, maxLength: 16 }),
        (values) => {
          const { re, im } = transformOf(values, 16);

          for (let k = 0; k < 16; k++) {
            const angle = (j: number): number => (-2 * Math.PI * j * k) / 16;
            expect(re[k]).toBeCloseTo(
              values.reduce((sum, v, j) => sum + v * Math.cos(angle(j)), 0),
              9,
            );
            expect(im[k]).toBeCloseTo(
              values.reduce((sum, v, j) => sum + v * Math.sin(angle(j)), 0),
              9,
            );
          }
        },
      ),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  exponential,
  lognormal,
  shuffled,
  standardNormal,
  weightedIndex,
  zipf,
} from '../../src/core/distributions.ts';
import { OptionError } from '../../src/core/errors.ts';
import { seededRandom } from '../../src/core/seeded-random.ts';

const DRAWS = 100_000;
const draws = (draw: () => number, count = DRAWS) => Array.from({ length: count }, draw);
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const share = (values: number[], wanted: number) =>
  values.filter((value) => value === wanted).length / values.length;

describe('seededRandom', () => {
  it('gives the same stream for the same seed and another for another', () => {
    const first = draws(seededRandom('arrivals'), 100);

    expect(draws(seededRandom('arrivals'), 100)).toEqual(first);
    expect(draws(seededRandom('arrivalt'), 100)).not.toEqual(first);
    expect(draws(seededRandom(7), 100)).toEqual(draws(seededRandom('7'), 100));
  });

  it('stays in [0, 1) and spreads evenly, for any seed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double()), (seed) => {
        const values = draws(seededRandom(seed), 16_000);
        const cells = new Array<number>(16).fill(0);
        for (const value of values) cells[Math.floor(value * 16)]!++;
        // Chi-squared of 15 degrees of freedom: above 66 once in 5 million seeds.
        const chiSquared = cells.reduce((sum, cell) => sum + (cell - 1000) ** 2 / 1000, 0);

        expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
        expect(chiSquared).toBeLessThan(66);
      }),
      { numRuns: 30 },
    );
  });

  it('gives streams of neighbouring seeds that do not follow each other', () => {
    const left = seededRandom(1);
    const right = seededRandom(2);

    const products = draws(() => (left() - 0.5) * (right() - 0.5));

    // The deviation of this mean is 1/12/sqrt(DRAWS).
    expect(Math.abs(mean(products))).toBeLessThan(5 / 12 / Math.sqrt(DRAWS));
  });
});

describe('distributions', () => {
  it('draws exponential times of the mean asked for, never negative or infinite', () => {
    const random = seededRandom('exponential');
    const times = draws(() => exponential(random, 20));

    expect(mean(times)).toBeCloseTo(20, 0);
    expect(mean(times.map((time) => Number(time > 20)))).toBeCloseTo(Math.exp(-1), 2);
    expect(exponential(() => 0, 20)).toBe(-0);
    expect(exponential(() => 1 - 2 ** -32, 20)).toBeLessThan(Infinity);
  });

  it('draws normal and lognormal variables of the moments asked for', () => {
    const random = seededRandom('normal');
    const normals = draws(() => standardNormal(random));
    const logarithms = draws(() => Math.log(lognormal(random, 50, 0.5)));

    expect(mean(normals)).toBeCloseTo(0, 1);
    expect(mean(normals.map((value) => value ** 2))).toBeCloseTo(1, 1);
    expect(mean(logarithms)).toBeCloseTo(Math.log(50), 1);
    expect(mean(logarithms.map((value) => (value - Math.log(50)) ** 2))).toBeCloseTo(0.25, 1);
  });

  it('draws an index in proportion to its weight, and never one of weight 0', () => {
    const random = seededRandom('weights');
    const pick = weightedIndex([0, 1, 0, 3, 0]);

    const picks = draws(() => pick(random));

    expect(share(picks, 1)).toBeCloseTo(0.25, 2);
    expect(share(picks, 3)).toBeCloseTo(0.75, 2);
    expect([pick(() => 0), pick(() => 1 - 2 ** -53)]).toEqual([1, 3]);
  });

  it('refuses weights that are no distribution', () => {
    for (const weights of [[], [0, 0], [1, -1], [NaN], [Infinity], [1e308, 1e308]]) {
      expect(() => weightedIndex(weights)).toThrow(OptionError);
    }
    expect(() => zipf(0, 1)).toThrow(OptionError);
    expect(() => zipf(10, -1)).toThrow(OptionError);
  });

  it("draws ranks by Zipf's law", () => {
    const random = seededRandom('zipf');
    const pick = zipf(3, 1);

    const picks = draws(() => pick(random));

    // Weights 1, 1/2, 1/3.
    expect(share(picks, 0)).toBeCloseTo(6 / 11, 2);
    expect(share(picks, 2)).toBeCloseTo(2 / 11, 2);
  });

  it('shuffles into every order equally often and leaves what it was given alone', () => {
    const random = seededRandom('shuffle');
    const items = Object.freeze(['a', 'b', 'c']);
    const seen = new Map<string, number>();

    for (let round = 0; round < 60_000; round++) {
      const order = shuffled(random, items).join('');
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }

    expect(seen.size).toBe(6);
    // Deviation 91: five of them.
    for (const count of seen.values()) expect(Math.abs(count - 10_000)).toBeLessThan(457);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  holtWinters,
  type Predictor,
  seasonalMedian,
  seasonalNaive,
} from '../../src/model/index.ts';
import { emptySlots, slotAt, withSlot } from '../../src/model/slots.ts';

type Value = number | null;

const value = fc.oneof(
  { weight: 9, arbitrary: fc.double({ min: 0, max: 1000, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(null) },
);
const series = fc.array(value, { maxLength: 80 });

function after<State>(predictor: Predictor<State>, values: readonly Value[]): State {
  return values.reduce((state, next) => predictor.update(state, next), predictor.start());
}

function frozen<T>(object: T): T {
  if (typeof object === 'object' && object !== null) {
    Object.values(object).forEach(frozen);
    Object.freeze(object);
  }
  return object;
}

const predictors: [string, Predictor<never>][] = [
  ['seasonalNaive', seasonalNaive({ period: 7 }) as never],
  ['seasonalMedian', seasonalMedian({ period: 7, horizon: 3 }) as never],
  ['holtWinters', holtWinters({ period: 7 }) as never],
];

describe.each(predictors)('%s', (_, predictor) => {
  it('leaves the state it was given as it was', () => {
    fc.assert(
      fc.property(series, value, (values, next) => {
        const state = frozen(after(predictor, values));

        expect(() => predictor.update(state, next)).not.toThrow();
      }),
    );
  });

  it('goes on from the JSON of its state as if nothing had happened', () => {
    fc.assert(
      fc.property(series, series, (before, later) => {
        const state = after(predictor, before);
        const restored = JSON.parse(JSON.stringify(state)) as never;
        const goOn = (from: never): never =>
          later.reduce((at: never, next) => predictor.update(at, next), from);

        expect(predictor.predict(goOn(restored), 3)).toEqual(predictor.predict(goOn(state), 3));
      }),
    );
  });

  it('holds no more after a thousand seasons than after ten', () => {
    const size = (seasons: number): number =>
      JSON.stringify(
        after(
          predictor,
          Array.from({ length: 7 * seasons }, (_, i) => i % 7),
        ),
      ).length;

    expect(size(1000)).toBeLessThan(1.2 * size(10));
  });

  it('repeats a perfect season exactly', () => {
    const season = [5, 9, 30, 41, 40, 22, 8];
    const state = after(
      predictor,
      Array.from({ length: 70 }, (_, i) => season[i % 7] as number),
    );

    for (let ahead = 1; ahead <= 14; ahead++) {
      expect(predictor.predict(state, ahead)).toBeCloseTo(season[(ahead - 1) % 7] as number, 9);
    }
  });

  it('knows nothing before it has seen anything', () => {
    expect(predictor.predict(predictor.start(), 1)).toBeNull();
    expect(predictor.predict(after(predictor, [null, null]), 1)).toBeNull();
  });

  it('is not drawn towards zero by gaps', () => {
    const steady = Array<Value>(50).fill(100);
    const state = after(predictor, [...steady, ...Array<Value>(20).fill(null)]);

    expect(predictor.predict(state, 1)).toBeCloseTo(100, 6);
  });
});

describe('seasonalNaive', () => {
  it('predicts the last value with a period of 1', () => {
    const last = seasonalNaive({ period: 1 });

    expect(last.predict(after(last, [3, 8, null]), 5)).toBe(8);
  });

  it('looks back over a gap to the season before', () => {
    const naive = seasonalNaive({ period: 3 });

    expect(naive.predict(after(naive, [1, 2, 3, 4, null, 6]), 2)).toBe(2);
  });

  it.each([0, 1.5, NaN, 1e7])('refuses the period %d', (period) => {
    expect(() => seasonalNaive({ period })).toThrow('seasonalNaive.period must be');
  });
});

describe('seasonalMedian', () => {
  /** The same by its definition, from the whole history. */
  function byDefinition(
    values: readonly Value[],
    options: { period: number; horizon: number; seasons: number; ahead: number },
  ): Value {
    const { period, horizon, seasons, ahead } = options;
    const typical = (at: number, known: number): Value => {
      const same: number[] = [];
      for (let back = 1; back <= seasons; back++) {
        const past = at - back * period;
        const seen = past < known ? values[past] : null;
        if (seen != null) same.push(seen);
      }
      same.sort((a, b) => a - b);
      const half = same.length >> 1;
      if (same.length === 0) return null;
      return same.length % 2 === 1
        ? (same[half] as number)
        : ((same[half] as number) + (same[half - 1] as number)) / 2;
    };
    const deviations = values.map((seen, i) => {
      const usual = typical(i, i);
      return seen === null || usual === null ? null : seen - usual;
    });
    let squares = 0;
    let products = 0;
    for (const [i, now] of deviations.entries()) {
      const before = deviations[i - horizon] ?? null;
      if (now === null || before === null) continue;
      squares = 0.5 ** (1 / period) * squares + before * before;
      products = 0.5 ** (1 / period) * products + before * now;
    }
    const usual = typical(values.length - 1 + ahead, values.length);
    if (usual === null) return null;
    const share =
      squares === 0 ? 0 : Math.min(1, Math.max(0, products / squares)) ** (ahead / horizon);
    return usual + share * (deviations.findLast((deviation) => deviation !== null) ?? 0);
  }

  it('equals its definition over the whole history', () => {
    const shape = fc.record({
      period: fc.integer({ min: 2, max: 9 }),
      horizon: fc.integer({ min: 1, max: 2 }),
      seasons: fc.integer({ min: 1, max: 5 }),
      ahead: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(series, shape, (values, options) => {
        const predictor = seasonalMedian(options);
        const actual = predictor.predict(after(predictor, values), options.ahead);
        const expected = byDefinition(values, options);

        if (expected === null) expect(actual).toBeNull();
        else expect(actual).toBeCloseTo(expected, 6);
      }),
    );
  });

  it('outvotes one odd day', () => {
    const predictor = seasonalMedian({ period: 4 });
    const usual = [10, 20, 30, 20];
    const odd = [500, 500, 500, 500];
    const state = after(predictor, [...usual, ...usual, ...usual, ...odd, ...usual]);

    expect(predictor.predict(state, 3)).toBeCloseTo(30, 0);
  });

  it('carries a day that is busier than usual forwards', () => {
    const predictor = seasonalMedian({ period: 24, horizon: 2 });
    const day = (extra: number): number[] =>
      Array.from({ length: 24 }, (_, h) => 100 + 5 * h + extra);
    const busy = after(predictor, [0, 40, 10, 30, 20].flatMap(day).concat(day(60).slice(0, 12)));

    // The median of the last days at 13:00 is 185; today runs 35 above it and stays there.
    expect(predictor.predict(busy, 2)).toBeGreaterThan(200);
  });

  it.each([
    ['period', { period: 0 }],
    ['horizon', { period: 5, horizon: 6 }],
    ['seasons', { period: 5, seasons: 0 }],
  ])('refuses a wrong %s by name', (name, options) => {
    expect(() => seasonalMedian(options)).toThrow(`seasonalMedian.${name} must be`);
  });
});

describe('holtWinters', () => {
  const constants = fc.record({
    alpha: fc.double({ min: 0.01, max: 1, noNaN: true }),
    beta: fc.double({ min: 0, max: 1, noNaN: true }),
    gamma: fc.double({ min: 0, max: 1, noNaN: true }),
    damping: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const full = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), {
    minLength: 5,
    maxLength: 40,
  });

  it('equals the recursion of the textbook', () => {
    fc.assert(
      fc.property(full, constants, (values, { alpha, beta, gamma, damping }) => {
        const m = 5;
        let level = values.slice(0, m).reduce((sum, y) => sum + y, 0) / m;
        let trend = 0;
        const season = values.slice(0, m).map((y) => y - level);
        for (let t = m; t < values.length; t++) {
          const y = values[t] as number;
          const before = level;
          const old = season[t % m] as number;
          level = alpha * (y - old) + (1 - alpha) * (before + damping * trend);
          trend = beta * (level - before) + (1 - beta) * damping * trend;
          season[t % m] = gamma * (y - level) + (1 - gamma) * old;
        }
        const expected =
          level +
          (damping + damping ** 2 + damping ** 3) * trend +
          (season[(values.length + 2) % m] as number);
        const predictor = holtWinters({ period: m, alpha, beta, gamma, damping });

        expect(predictor.predict(after(predictor, values), 3)).toBeCloseTo(expected, 6);
      }),
    );
  });

  it('follows a trend without damping', () => {
    const predictor = holtWinters({ period: 1, alpha: 0.5, beta: 0.3, gamma: 0, damping: 1 });
    const state = after(
      predictor,
      Array.from({ length: 200 }, (_, i) => 50 + 2 * i),
    );

    expect(predictor.predict(state, 10)).toBeCloseTo(50 + 2 * 209, 3);
  });

  it('waits for half a season before it begins', () => {
    const predictor = holtWinters({ period: 6 });

    expect(predictor.predict(after(predictor, [1, null, null, null, null, null]), 1)).toBeNull();
    expect(predictor.predict(after(predictor, [1, null, 3, null, 5, null]), 1)).not.toBeNull();
  });

  it.each([
    ['period', { period: -1 }],
    ['alpha', { period: 2, alpha: 0 }],
    ['beta', { period: 2, beta: 2 }],
    ['gamma', { period: 2, gamma: NaN }],
    ['damping', { period: 2, damping: 1.1 }],
  ])('refuses a wrong %s by name', (name, options) => {
    expect(() => holtWinters(options)).toThrow(`holtWinters.${name} must be`);
  });
});

describe('slots', () => {
  it('behave as an array, and share all but one chunk with the one before', () => {
    const writes = fc.array(fc.tuple(fc.nat(299), value), { maxLength: 50 });
    fc.assert(
      fc.property(writes, (changes) => {
        const plain = Array<Value>(300).fill(null);
        let slots = emptySlots(300);
        for (const [index, next] of changes) {
          const before = slots;
          plain[index] = next;
          slots = withSlot(slots, index, next);
          expect(slots.filter((chunk, i) => chunk !== before[i])).toHaveLength(1);
        }

        expect(plain.map((_, i) => slotAt(slots, i))).toEqual(plain);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/core/seeded-random.ts';
import {
  forecaster,
  type Forecaster,
  type ForecasterState,
  holtWinters,
  type Predictor,
  seasonalMedian,
  seasonalNaive,
} from '../../src/model/index.ts';
import { loadTrace } from './load-traces.ts';

type Value = number | null;

function pinball(q: number, came: number, forecast: number): number {
  return came >= forecast ? q * (came - forecast) : (1 - q) * (forecast - came);
}

/** Days of 48 half hours with a bump at noon, and uniform noise of ±5. */
function days(count: number, seed = 1): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: 48 * count }, (_, i) => {
    const bump = Math.max(0, Math.sin(((i % 48) / 48) * 2 * Math.PI - Math.PI / 2));
    return 100 + 200 * bump + 10 * (random() - 0.5);
  });
}

const ofDays = (options: object = {}) =>
  forecaster({ predictor: seasonalMedian({ period: 48, horizon: 3 }), horizon: 3, ...options });

/** What came against the quantile forecast for it, from `from` on. */
function judge<State>({
  demand,
  values,
  q,
  from,
}: {
  demand: Forecaster<State>;
  values: readonly number[];
  q: number;
  from: number;
}): { covered: number; loss: number; trusted: number } {
  const horizon = 3;
  let state = demand.fit([]);
  const made: { upper: number; trusted: boolean }[] = [];
  let [covered, loss, trusted, count] = [0, 0, 0, 0];
  for (const [t, came] of values.entries()) {
    const due = made[t - horizon];
    if (due !== undefined && t >= from) {
      count++;
      loss += pinball(q, came, due.upper);
      if (came <= due.upper) covered++;
      if (due.trusted) trusted++;
    }
    state = demand.update(state, came);
    const forecast = demand.forecast(state);
    if (forecast) made[t] = { upper: forecast.quantile(q), trusted: forecast.trusted };
  }
  return { covered: covered / count, loss: loss / count, trusted: trusted / count };
}

describe('forecaster', () => {
  it.each([0.1, 0.5, 0.9, 0.95])('covers what comes with probability %d', (q) => {
    const { covered } = judge({ demand: ofDays(), values: days(60), q, from: 48 * 6 });

    expect(Math.abs(covered - q)).toBeLessThan(0.02);
  });

  it('gives quantiles that rise with the probability, for any history', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 30, maxLength: 90 }),
        (values) => {
          const demand = forecaster({ predictor: seasonalNaive({ period: 4 }), horizon: 2 });
          const forecast = demand.forecast(demand.fit(values));
          const quantiles = [0.01, 0.3, 0.5, 0.7, 0.99].map((q) => forecast?.quantile(q) ?? NaN);

          expect(quantiles).toEqual([...quantiles].sort((a, b) => a - b));
        },
      ),
    );
  });

  it('trusts itself where there is a season', () => {
    const demand = ofDays();
    const forecast = demand.forecast(demand.fit(days(10)));

    expect(forecast?.trusted).toBe(true);
    expect(forecast?.skill).toBeGreaterThan(0.5);
  });

  it('does not trust itself on a random walk', () => {
    const random = seededRandom('walk');
    let at = 1000;
    const walk = Array.from({ length: 3000 }, () => (at += random() - 0.5));
    const demand = forecaster({ predictor: holtWinters({ period: 48 }), horizon: 3 });

    expect(judge({ demand, values: walk, q: 0.9, from: 500 }).trusted).toBeLessThan(0.05);
  });

  it('hands over to the seasonal naive forecast while that one does better', () => {
    const useless: Predictor<null> = {
      period: 48,
      start: () => null,
      update: () => null,
      predict: () => 0,
    };
    const demand = forecaster({ predictor: useless, horizon: 3 });
    const forecast = demand.forecast(demand.fit(days(10)));

    expect(forecast?.source).toBe('seasonal naive');
    expect(forecast?.trusted).toBe(true);
  });

  it('takes back the lead, and loses trust, when the season ends', () => {
    const random = seededRandom('after');
    const demand = ofDays();
    let state = demand.fit(days(10));
    let level = 150;
    for (let i = 0; i < 48 * 20; i++) state = demand.update(state, (level += 4 * (random() - 0.5)));

    const forecast = demand.forecast(state);
    expect(forecast?.source).toBe('predictor');
    expect(Math.abs((forecast?.point ?? 0) - level)).toBeLessThan(20);
  });

  it('learns nothing from an outage that is reported as gaps', () => {
    const from = 48 * 10 + 20;
    const values = days(12).slice(0, from + 48); // the same hours of the next day come next
    const withOutage = (during: Value): Value[] =>
      values.map((value, i) => (i >= from && i < from + 10 ? during : value));
    const demand = forecaster({ predictor: seasonalNaive({ period: 48 }), horizon: 3 });
    const point = (history: readonly Value[]): number =>
      demand.forecast(demand.fit(history))?.point ?? NaN;

    expect(Math.abs(point(withOutage(null)) - point(values))).toBeLessThan(10);
    expect(point(withOutage(NaN))).toBe(point(withOutage(null)));
    expect(point(withOutage(0))).toBe(0); // what zeros in place of gaps would teach: a false night
  });

  it('masks an anomaly, and learns it once it has come to stay', () => {
    const steady = Array.from({ length: 300 }, (_, i) => 100 + ((i * i) % 11));
    const last = seasonalNaive({ period: 1 });
    const demand = forecaster({
      predictor: last,
      horizon: 1,
      anomalyBeyond: 8,
      anomalyPatience: 4,
    });
    const points: number[] = [];
    let state = demand.fit(steady);
    for (const value of Array<number>(7).fill(900)) {
      state = demand.update(state, value);
      points.push(demand.forecast(state)?.point ?? NaN);
    }

    expect(points.slice(0, 4).every((point) => point < 115)).toBe(true);
    expect(points.slice(4)).toEqual([900, 900, 900]);
  });

  it('knows nothing until it has seen twenty errors', () => {
    const demand = forecaster({ predictor: seasonalNaive({ period: 1 }), horizon: 2 });

    expect(demand.forecast(demand.fit([]))).toBeUndefined();
    expect(demand.forecast(demand.fit(Array<number>(21).fill(5)))).toBeUndefined();
    expect(demand.forecast(demand.fit(Array<number>(22).fill(5)))?.quantile(0.9)).toBe(5);
  });

  it('comes to the same by fitting a history and by updating one by one, through JSON', () => {
    const values = days(6);
    const demand = ofDays();
    let state = demand.fit([]);
    for (const value of values) {
      state = demand.update(JSON.parse(JSON.stringify(state)) as typeof state, value);
    }

    expect(state).toEqual(demand.fit(values));
  });

  it('changes nothing of the state it is given', () => {
    const demand = ofDays();
    const state = demand.fit(days(4));
    const before = JSON.stringify(state);
    demand.update(state, 7);
    demand.forecast(state)?.quantile(0.5);

    expect(JSON.stringify(state)).toBe(before);
  });

  it('holds no more after two hundred days than after twenty', () => {
    const demand = ofDays();
    const size = (count: number): number => JSON.stringify(demand.fit(days(count))).length;

    expect(size(200)).toBeLessThan(1.1 * size(20));
  });

  it('answers nearer moments with a prediction of their own', () => {
    const demand = ofDays();
    const state: ForecasterState<unknown> = demand.fit(days(10).slice(0, -30));
    const [near, far] = [demand.forecast(state as never, 1), demand.forecast(state as never)];

    expect(near?.point).not.toBe(far?.point);
    expect(() => demand.forecast(state as never, 4)).toThrow('forecast.ahead must be');
  });

  // Each trace with its season in intervals. The last column bounds our loss over that of planning
  // with the last value, each at its 90 % quantile, as measured and rounded up to the next 0.05.
  it.each([
    ['crane-dsp-input0.1min', 1440, 0.6],
    ['crane-dsp-input2.1min', 1440, 0.5],
    ['nab-nyc-taxi.30min', 336, 0.3],
    ['nab-asg-cpu-utilization.5min', 288, 0.35],
    ['nab-twitter-goog.5min', 288, 1.02],
  ])(
    'does as well as measured on %s, and never noticeably worse than the last value',
    { timeout: 60_000 },
    (name, period, bound) => {
      const values = loadTrace(name);
      const from = 3 * period;
      const horizon = 3;
      const ours = forecaster({ predictor: seasonalMedian({ period, horizon }), horizon });
      const last = forecaster({ predictor: seasonalNaive({ period: 1 }), horizon });

      const gated = gatedLoss(ours, last, { values, from, horizon });

      expect(gated).toBeLessThan(bound);
    },
  );

  it.each([
    ['horizon', { horizon: 0 }],
    ['quantile', { quantile: 1 }],
    ['window', { window: 10 }],
    ['halfLife', { halfLife: 0 }],
    ['anomalyBeyond', { anomalyBeyond: -1 }],
    ['anomalyPatience', { anomalyPatience: 0 }],
  ])('refuses a wrong %s by name', (name, wrong) => {
    expect(() => ofDays(wrong)).toThrow(`forecaster.${name} must be`);
  });

  it.each([0, 1, NaN])('refuses the quantile %d', (q) => {
    const demand = ofDays();

    expect(() => demand.forecast(demand.fit(days(4)))?.quantile(q)).toThrow('forecast.q must be');
  });
});

/** Loss of acting on trusted forecasts and else on the last value ÷ loss of the last value alone. */
function gatedLoss<A, B>(
  ours: Forecaster<A>,
  last: Forecaster<B>,
  { values, from, horizon }: { values: readonly number[]; from: number; horizon: number },
): number {
  let [mine, plain] = [ours.fit([]), last.fit([])];
  const made: [gated: number, last: number][] = [];
  let [gated, alone] = [0, 0];
  for (const [t, came] of values.entries()) {
    const due = made[t - horizon];
    if (due !== undefined && t >= from) {
      gated += pinball(0.9, came, due[0]);
      alone += pinball(0.9, came, due[1]);
    }
    [mine, plain] = [ours.update(mine, came), last.update(plain, came)];
    const fallback = last.forecast(plain)?.quantile(0.9) ?? came;
    const forecast = ours.forecast(mine);
    made[t] = [forecast?.trusted ? forecast.quantile(0.9) : fallback, fallback];
  }
  return gated / alone;
}

import { seededRandom } from '../../src/core/seeded-random.ts';
import { forecaster, holtWinters, seasonalMedian } from '../../src/model/index.ts';
import type { Benchmark, Contender } from '../harness/benchmark.ts';

const DAY = 1440;
const HORIZON = 5;

/** Four days of minutes with a season and noise. */
const random = seededRandom('demand');
const minutes = Array.from(
  { length: 4 * DAY },
  (_, i) => 500 + 300 * Math.sin((2 * Math.PI * i) / DAY) + 50 * random(),
);

/** One more minute learned, and the 90 % quantile five minutes ahead. */
function minute<State>(predictor: Parameters<typeof forecaster<State>>[0]['predictor']): Contender {
  return {
    setup: () => {
      const demand = forecaster({ predictor, horizon: HORIZON });
      let state = demand.fit(minutes);
      return {
        run: (i) => {
          state = demand.update(state, minutes[i % minutes.length] as number);
          return demand.forecast(state)?.quantile(0.9);
        },
      };
    },
  };
}

const benchmark: Benchmark = {
  question: 'What does it cost to learn one more minute and to forecast, with a season of a day?',
  decision: 'How many metrics of a service can be forecast in every tick of the scaling engine.',
  contenders: {
    'median of seasons': minute(seasonalMedian({ period: DAY, horizon: HORIZON })),
    'Holt-Winters': minute(holtWinters({ period: DAY })),
  },
  goals: [
    {
      id: 'minute',
      says: 'one metric costs at most 25 µs a minute, state kept immutable',
      value: (ns) => ns('median of seasons'),
      atMost: 25_000,
      unit: 'ns',
    },
  ],
};

export default benchmark;

// What no factory of the model may accept, asked of all of them in the same way.
import { describe, expect, it } from 'vitest';
import {
  detectPeriod,
  ewma,
  fitUsl,
  forecaster,
  holtWinters,
  movingQuantile,
  recorder,
  seasonalMedian,
  seasonalNaive,
  serversNeeded,
  steadyState,
  topK,
  usl,
} from '../../src/model/index.ts';

const named = expect.objectContaining({ code: 'ERR_OPTION' }) as Error;
const predictor = seasonalMedian({ period: 4 });

/** Every factory with options it takes. */
const factories = {
  ewma: [ewma, { halfLifeMs: 5 }],
  forecaster: [forecaster, { predictor, horizon: 1 }],
  holtWinters: [holtWinters, { period: 4 }],
  movingQuantile: [movingQuantile, { size: 5 }],
  seasonalMedian: [seasonalMedian, { period: 4 }],
  seasonalNaive: [seasonalNaive, { period: 4 }],
  serversNeeded: [serversNeeded, { arrivalRate: 1, serviceTime: 1, maxWait: 1 }],
  steadyState: [steadyState, { arrivalRate: 1, serviceTime: 0.5 }],
  topK: [topK, { k: 3 }],
  usl: [usl, { lambda: 1, sigma: 0.1, kappa: 0 }],
} as const;

describe.each(Object.entries(factories))('%s', (_, [make, options]) => {
  const untyped = make as (options: unknown) => unknown;

  it('takes its options', () => {
    expect(() => untyped(options)).not.toThrow();
  });

  it.each([undefined, null, 5, 'x', [null], {}])('refuses %j by name', (wrong) => {
    expect(() => untyped(wrong)).toThrow(named);
  });

  it.each(Object.keys(options))('refuses a %s that is none', (option) => {
    for (const wrong of [null, NaN, 'x', {}]) {
      expect(() => untyped({ ...options, [option]: wrong })).toThrow(named);
    }
  });
});

describe('options that are misspelt', () => {
  it.each([
    () => ewma({ halfLifeMs: 5, half: 1 } as never),
    () => forecaster({ predictor, horizon: 1, windows: 5 } as never),
    () => holtWinters({ period: 4, aplha: 1 } as never),
    () => topK({ k: 3, counter: 5 } as never),
    () => serversNeeded({ arrivalRate: 1, serviceTime: 1, maxWait: 1, shares: 1 } as never),
  ])('are refused by name (%#)', (make) => {
    expect(make).toThrow(named);
  });
});

describe('lists', () => {
  it.each([undefined, null, 5, 'x', {}])('that are %j are refused by name', (wrong) => {
    const demand = forecaster({ predictor, horizon: 1 });

    for (const ask of [
      () => detectPeriod(wrong as never),
      () => fitUsl(wrong as never),
      () => fitUsl([null, null, null, null, null, null] as never),
      () => demand.fit(wrong as never),
      () => recorder().quantiles(wrong as never),
    ]) {
      expect(ask).toThrow(named);
    }
  });
});

describe('states and snapshots', () => {
  it.each([undefined, null, 5, 'x', {}, { records: [] }, { snapshot: 5 }])(
    'that are %j are refused by name',
    (wrong) => {
      const demand = forecaster({ predictor, horizon: 1 });

      for (const ask of [
        () => demand.update(wrong as never, 1),
        () => demand.forecast(wrong as never),
        () => recorder().merge(wrong as never),
      ]) {
        expect(ask).toThrow(named);
      }
    },
  );
});

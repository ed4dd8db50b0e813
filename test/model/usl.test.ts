import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitUsl, usl, type UslPoint } from '../../src/model/index.ts';
import published from '../vectors/plan-usl.json' with { type: 'json' };
import extra from '../vectors/scale-extra.json' with { type: 'json' };

const { cisco, specsdm91, raytracer, synthetic, oracledb } = published.datasets;

const pointsOf = (rows: readonly (readonly number[])[]): UslPoint[] =>
  rows.map(([concurrency, throughput]) => ({ concurrency, throughput }) as UslPoint);

/** Relative difference. */
const off = (actual: number, expected: number): number => Math.abs(actual / expected - 1);

const parameters = fc.record({
  lambda: fc.double({ min: 0.5, max: 5000, noNaN: true }),
  sigma: fc.double({ min: 0.005, max: 0.6, noNaN: true }),
  kappa: fc.double({ min: 1e-5, max: 0.05, noNaN: true }),
});

describe('fitUsl', () => {
  it('fits the Cisco measurements as usl4j does', () => {
    const fit = fitUsl(pointsOf(cisco.points));
    const { sigma, kappa, lambda, nMax, xMax, relTol } = cisco.expect;

    expect(off(fit.sigma, sigma)).toBeLessThan(relTol);
    expect(off(fit.kappa, kappa)).toBeLessThan(relTol);
    expect(off(fit.lambda, lambda)).toBeLessThan(relTol);
    expect(Math.floor(fit.peakConcurrency)).toBe(nMax);
    expect(off(fit.peakThroughput, xMax)).toBeLessThan(relTol);
    expect(extra.usl[0]?.fit).toEqual(cisco.points); // the same set, stated twice
  });

  it('fits SPEC SDM91 as the R package usl does, with its standard errors', () => {
    const fit = fitUsl(pointsOf(specsdm91.points));
    const { expect: wanted } = specsdm91;

    expect(off(fit.sigma, wanted.sigma)).toBeLessThan(2e-4);
    expect(off(fit.kappa, wanted.kappa)).toBeLessThan(5e-4);
    expect(off(fit.lambda, wanted.lambda)).toBeLessThan(1e-5);
    expect(off(fit.residualStandardError, wanted.residualStdErr)).toBeLessThan(1e-4);
    expect(off(fit.standardErrors.sigma, wanted.stdErr.sigma)).toBeLessThan(1e-3);
    expect(off(fit.standardErrors.kappa, wanted.stdErr.kappa)).toBeLessThan(1e-3);
    expect(off(fit.standardErrors.lambda, wanted.stdErr.lambda)).toBeLessThan(1e-3);
    expect(off(fit.peakConcurrency, wanted.nMax)).toBeLessThan(1e-4);
    expect(off(fit.peakThroughput, wanted.xMax)).toBeLessThan(1e-3);
    expect(off(fit.kneeConcurrency, wanted.nOpt)).toBeLessThan(1e-4);
    expect(off(fit.throughputAt(fit.kneeConcurrency), wanted.xOpt)).toBeLessThan(1e-3);
    expect(off(fit.contentionLimit, wanted.limit)).toBeLessThan(1e-4);
    const fitted = specsdm91.points.map(([n]) => fit.throughputAt(n as number));
    expect(fitted.map(Math.round)).toEqual(wanted.fitted);
  });

  it('clamps the coherency of the ray tracer at 0, and then has no peak', () => {
    const fit = fitUsl(pointsOf(raytracer.points));
    const wanted = raytracer.expectComputedHere;

    expect(fit.kappa).toBe(0);
    expect(off(fit.sigma, wanted.sigma)).toBeLessThan(1e-6);
    expect(off(fit.lambda, wanted.lambda)).toBeLessThan(1e-6);
    expect(off(fit.squaredError, wanted.sse)).toBeLessThan(1e-9);
    expect(fit.peakConcurrency).toBe(Infinity);
    expect(off(fit.peakThroughput, wanted.limit)).toBeLessThan(1e-6);
    expect(fit.standardErrors.kappa).toBeNaN();
  });

  it('fits 360 noisy production samples', () => {
    const fit = fitUsl(pointsOf(oracledb.points));
    const wanted = oracledb.expectComputedHere;

    expect(off(fit.sigma, wanted.sigma)).toBeLessThan(1e-6);
    expect(off(fit.kappa, wanted.kappa)).toBeLessThan(1e-6);
    expect(off(fit.squaredError, wanted.sse)).toBeLessThan(1e-7);
    expect(off(fit.peakConcurrency, wanted.nMax)).toBeLessThan(1e-6);
  });

  it('fits the synthetic set', () => {
    const fit = fitUsl(pointsOf(synthetic.points));
    const { sigma, kappa, lambda, relTol } = synthetic.expect;

    expect(off(fit.sigma, sigma)).toBeLessThan(relTol);
    expect(off(fit.kappa, kappa)).toBeLessThan(relTol);
    expect(off(fit.lambda, lambda)).toBeLessThan(relTol);
  });

  it('recovers the law that made the measurements', () => {
    fc.assert(
      fc.property(parameters, (law) => {
        const model = usl(law);
        const levels = [1, 2, 4, 8, 16, 32, 64];
        const fit = fitUsl(
          levels.map((n) => ({ concurrency: n, throughput: model.throughputAt(n) })),
        );

        expect(off(fit.lambda, law.lambda)).toBeLessThan(1e-5);
        expect(off(fit.sigma, law.sigma)).toBeLessThan(1e-4);
        expect(off(fit.kappa, law.kappa)).toBeLessThan(1e-4);
      }),
    );
  });

  it('never fits worse than any neighbour within the bounds', () => {
    const noisy = fc.array(fc.double({ min: 1, max: 100, noNaN: true }), {
      minLength: 6,
      maxLength: 12,
    });
    fc.assert(
      fc.property(noisy, (throughputs) => {
        const points = throughputs.map((throughput, i) => ({ concurrency: i + 1, throughput }));
        const fit = fitUsl(points);
        const errorWith = (change: object): number => {
          const model = usl({ ...fit, ...change });
          return points.reduce(
            (sum, p) => sum + (p.throughput - model.throughputAt(p.concurrency)) ** 2,
            0,
          );
        };

        for (const factor of [0.999, 1.001]) {
          const neighbours = [
            { lambda: fit.lambda * factor },
            { sigma: Math.min(1, fit.sigma * factor + (factor > 1 ? 1e-4 : 0)) },
            { kappa: fit.kappa * factor + (factor > 1 ? 1e-4 : 0) },
          ];
          for (const change of neighbours) {
            expect(errorWith(change)).toBeGreaterThanOrEqual(fit.squaredError * (1 - 1e-6));
          }
        }
      }),
    );
  });

  it.each([
    ['too few points', Array<number>(5).fill(1), 'at least 6 measurements, got 5'],
    ['too few levels', [1, 1, 1, 2, 2, 2], 'at 3 or more different concurrencies, got 2'],
    ['a concurrency of 0', [1, 2, 3, 4, 5, 0], 'points[5].concurrency must be'],
    ['a concurrency that is no number', [1, NaN, 3, 4, 5, 6], 'points[1].concurrency must be'],
  ])('refuses %s', (_, levels, message) => {
    expect(() => fitUsl(levels.map((concurrency) => ({ concurrency, throughput: 10 })))).toThrow(
      message,
    );
  });

  it('refuses a throughput of 0', () => {
    const points = [1, 2, 3, 4, 5, 6].map((concurrency) => ({ concurrency, throughput: 0 }));

    expect(() => fitUsl(points)).toThrow('points[0].throughput must be');
  });
});

describe('usl', () => {
  it('gives the published throughputs and latencies of the Cisco fit', () => {
    const model = usl(cisco.expect);

    for (const [n, latency] of Object.entries(cisco.derived.latencyAtConcurrency)) {
      expect(off(model.latencyAt(Number(n)), latency)).toBeLessThan(1e-4);
    }
    for (const [n, throughput] of Object.entries(cisco.derived.throughputAtConcurrency)) {
      expect(off(model.throughputAt(Number(n)), throughput)).toBeLessThan(1e-4);
    }
  });

  it('gives the published concurrencies at a latency, from ten points only', () => {
    const model = fitUsl(pointsOf(cisco.points.slice(0, 10)));

    for (const [latency, n] of Object.entries(cisco.first10_concurrencyAtLatency)) {
      expect(off(model.concurrencyWithin(Number(latency)), n)).toBeLessThan(1e-3);
    }
  });

  it('gives the published throughputs at a latency', () => {
    const row = published.derivedFromParams[0] as Required<(typeof published.derivedFromParams)[0]>;
    const model = usl(row);

    for (const [latency, throughput] of Object.entries(row.throughputAtLatency)) {
      const n = model.concurrencyWithin(Number(latency));
      expect(off(model.throughputAt(n), throughput)).toBeLessThan(1e-9);
    }
  });

  it('agrees with usl4j on the concurrency for a throughput once κ is left out as there', () => {
    const model = usl({ ...cisco.expect, kappa: 0 });

    for (const [x, n] of Object.entries(cisco.derived.concurrencyAtThroughput)) {
      expect(off(model.concurrencyFor(Number(x)), n)).toBeLessThan(1e-4);
    }
  });

  it('gives the published peak', () => {
    const row = published.derivedFromParams[1];
    const model = usl({ lambda: 1, sigma: row?.sigma as number, kappa: row?.kappa as number });

    expect(off(model.peakConcurrency, row?.peak as number)).toBeLessThan(1e-6);
    expect(off(model.kneeConcurrency, row?.optimal as number)).toBeLessThan(1e-12);
  });

  it('turns back from throughput and latency to the concurrency they came from', () => {
    fc.assert(
      fc.property(parameters, fc.double({ min: 1, max: 500, noNaN: true }), (law, n) => {
        const model = usl(law);
        const before = Math.min(n, model.peakConcurrency * 0.99);

        expect(off(model.concurrencyFor(model.throughputAt(before)), before)).toBeLessThan(1e-5);
        expect(off(model.concurrencyWithin(model.latencyAt(n)), n)).toBeLessThan(1e-5);
      }),
    );
  });

  it('has its greatest throughput at the peak', () => {
    fc.assert(
      fc.property(parameters, fc.double({ min: 1, max: 5000, noNaN: true }), (law, n) => {
        const model = usl(law);

        expect(model.throughputAt(n)).toBeLessThanOrEqual(model.peakThroughput * (1 + 1e-12));
      }),
    );
  });

  it('says Infinity for a throughput out of reach and 0 for a latency out of reach', () => {
    const model = usl({ lambda: 100, sigma: 0.1, kappa: 0.01 });

    expect(model.concurrencyFor(model.peakThroughput * 1.01)).toBe(Infinity);
    expect(usl({ lambda: 100, sigma: 0.1, kappa: 0 }).concurrencyFor(1000)).toBe(Infinity);
    expect(model.concurrencyWithin(0.001)).toBe(0);
  });

  it('grows without end when nothing holds it back', () => {
    const model = usl({ lambda: 5, sigma: 0, kappa: 0 });

    expect(model.throughputAt(1e6)).toBe(5e6);
    expect(model.concurrencyFor(5e6)).toBe(1e6);
    expect([model.peakConcurrency, model.peakThroughput, model.contentionLimit]).toEqual([
      Infinity,
      Infinity,
      Infinity,
    ]);
    expect(model.concurrencyWithin(0.2)).toBe(Infinity);
    expect(model.concurrencyWithin(0.1)).toBe(0);
  });

  it.each([
    ['lambda', { lambda: 0 }],
    ['sigma', { sigma: 1.1 }],
    ['kappa', { kappa: -1 }],
  ])('refuses a wrong %s by name', (name, wrong) => {
    expect(() => usl({ lambda: 1, sigma: 0, kappa: 0, ...wrong })).toThrow(`usl.${name} must be`);
  });
});

// The policies that are compared on the load traces, each as its makers ship it, all given the same
// metric: arrivals per second over the last half minute, never saturated.
import type { Candidate } from '../../src/scale/index.ts';
import {
  awsTargetTracking,
  coolDown,
  hpa,
  knative,
  nomad,
  nomadTargetValue,
  predictive,
  rateLimits,
  scalingEngine,
  targetTracking,
  threshold,
} from '../../src/scale/index.ts';

/** Load one unit carries within its target, in arrivals per second. */
export const CAPACITY = 50;

const bounds = { min: 1, max: 10_000 };
const arrivals = { metric: 'arrivals', of: 'total', target: CAPACITY } as const;

/** HPA v2 with its defaults: what everything else is measured by. */
export const hpaDefault = (): Candidate =>
  scalingEngine(
    hpa({
      maxReplicas: bounds.max,
      metrics: [{ type: 'External', metric: 'arrivals', averageValue: CAPACITY }],
    }),
  );

/** What tenfold does when it is told no more than the metric and its target. */
export const tenfoldDefault = (): Candidate =>
  scalingEngine({ bounds, policies: { load: targetTracking(arrivals) } });

/** The same beside a forecast of the day. */
export const tenfoldPredictive = (): Candidate =>
  scalingEngine({
    bounds,
    policies: {
      load: targetTracking(arrivals),
      soon: predictive({ metric: 'arrivals', target: CAPACITY }),
    },
  });

/** All of them, by the name in the table. */
export const candidates: Readonly<Record<string, () => Candidate>> = {
  'HPA v2': hpaDefault,
  'tenfold default': tenfoldDefault,
  'tenfold + predictive': tenfoldPredictive,
  'HPA v2, tolerance 0': () =>
    scalingEngine(
      hpa({
        maxReplicas: bounds.max,
        metrics: [{ type: 'External', metric: 'arrivals', averageValue: CAPACITY }],
        tolerance: { scaleUp: 0, scaleDown: 0 },
      }),
    ),
  'without a window': () =>
    scalingEngine({ bounds, policies: { load: targetTracking(arrivals) }, stages: [rateLimits()] }),
  'Knative KPA': () => ({
    engine: scalingEngine(
      knative({
        readings: { stable: 'arrivals60s', panic: 'arrivals6s' },
        metric: 'rps',
        target: CAPACITY,
        utilisation: 1,
        minScale: 1,
        maxScale: bounds.max,
      }),
    ),
    everyMs: 2_000,
  }),
  'Nomad target-value': () =>
    scalingEngine({
      ...nomad({
        ...bounds,
        checks: { load: { metric: 'perUnit', strategy: nomadTargetValue({ target: CAPACITY }) } },
      }),
      derived: { perUnit: (value, { current }) => value('arrivals') / Math.max(1, current) },
    }),
  'AWS target tracking': () =>
    scalingEngine({ bounds, policies: { load: awsTargetTracking(arrivals) }, stages: [] }),
  'thresholds 80/60 %': () =>
    scalingEngine({
      bounds,
      policies: { use: threshold({ metrics: { utilisation: { out: 0.8, in: 0.6 } } }) },
      stages: [coolDown({ afterOutMs: 60_000, afterInMs: 60_000, holds: 'both' })],
    }),
};

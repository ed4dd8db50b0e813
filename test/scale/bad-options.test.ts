import { describe, expect, it } from 'vitest';
import type { ScalingEngineOptions, ScheduledBounds } from '../../src/scale/index.ts';
import {
  awsStepScaling,
  awsTargetTracking,
  backlog,
  backtest,
  budget,
  concurrencyActuator,
  controller,
  coolDown,
  deadBand,
  erlangC,
  flapBudget,
  hpa,
  keda,
  knative,
  nomad,
  nomadFixedValue,
  nomadTargetValue,
  nomadThreshold,
  predictive,
  rateLimits,
  rollback,
  scaleToZero,
  scalingEngine,
  schedule,
  scheduledBounds,
  stabilisation,
  targetTracking,
  threshold,
  unitActuator,
  weighted,
} from '../../src/scale/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

const engine: ScalingEngineOptions = {
  bounds: { min: 1, max: 9 },
  policies: { load: targetTracking({ metric: 'a', target: 1 }) },
  quality: {
    staleAfterMs: 1,
    keepLastMs: 1,
    plausible: { a: { min: 0, max: 1 } },
    fallback: { afterMs: 1, units: 1, forMs: 1 },
  },
  startUpMs: 1,
};
const external = { type: 'External', metric: 'a', averageValue: 1 } as const;
const rule = { rates: [{ units: 1, periodMs: 1 }] };

/** Every factory, with every number it takes. */
const factories: Readonly<
  Record<string, readonly [make: (options: never) => unknown, options: object]>
> = {
  scalingEngine: [scalingEngine, engine],
  targetTracking: [targetTracking, { metric: 'a', target: 1, tolerance: { out: 0, in: 0.1 } }],
  threshold: [
    threshold,
    {
      metrics: { a: { out: 2, in: 1 } },
      stepOut: { units: 1, ratio: 1 },
      stepIn: { units: 1, ratio: 1 },
    },
  ],
  backlog: [backlog, { backlog: 'a', serviceMs: 1, slots: 1, drainMs: 1, utilisation: 1 }],
  erlangC: [
    erlangC,
    { arrivals: 'a', serviceMs: 1, slots: 1, waitMs: 1, share: 0.9, arrivalScv: 1, serviceScv: 1 },
  ],
  predictive: [
    predictive,
    { metric: 'a', target: 1, periodMs: 2, intervalMs: 1, quantile: 0.5, cap: 1, anomalyBeyond: 1 },
  ],
  schedule: [schedule, { windows: [{ start: '* * * * *', durationMs: 1, units: 1 }], leadMs: 1 }],
  scheduledBounds: [
    (window: ScheduledBounds) => scheduledBounds([window]),
    { start: '* * * * *', durationMs: 1, min: 1, max: 2 },
  ],
  weighted: [weighted, { a: 1 }],
  stabilisation: [stabilisation, { outMs: 1, inMs: 1 }],
  rateLimits: [rateLimits, { out: rule, in: { rates: [{ ratio: 1, periodMs: 1 }] } }],
  coolDown: [coolDown, { afterOutMs: 1, afterInMs: 1 }],
  deadBand: [deadBand, { out: { units: 1, ratio: 1 }, in: { units: 1, ratio: 1 } }],
  flapBudget: [flapBudget, { reversals: 1, perMs: 1 }],
  budget: [budget, { perHour: 2, unitPerHour: 1 }],
  rollback: [rollback, { metric: 'a', worseBy: 1, demandTolerance: 1, settleMs: 1, holdMs: 1 }],
  scaleToZero: [scaleToZero, { activeAbove: { a: 1 }, idleMs: 1, wakeUnits: 2, idleUnits: 1 }],
  hpa: [
    (options: never) => scalingEngine(hpa(options)),
    {
      minReplicas: 1,
      maxReplicas: 2,
      metrics: [external],
      tolerance: { scaleUp: 1, scaleDown: 1 },
      controller: {
        cpuInitializationPeriodMs: 1,
        initialReadinessDelayMs: 1,
        downscaleStabilizationMs: 1,
        scaleUpLimitFactor: 1,
        scaleUpLimitMinimum: 1,
      },
    },
  ],
  'hpa with behavior': [
    (options: never) => scalingEngine(hpa(options)),
    {
      maxReplicas: 2,
      metrics: [external],
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 1,
          policies: [{ type: 'Pods', value: 1, periodSeconds: 1 }],
          tolerance: 1,
        },
      },
    },
  ],
  keda: [
    (options: never) => scalingEngine(keda(options)),
    {
      minReplicaCount: 1,
      maxReplicaCount: 2,
      idleReplicaCount: 0,
      cooldownPeriodMs: 1,
      triggers: [{ metric: external, activationThreshold: 1 }],
    },
  ],
  knative: [
    (options: never) => scalingEngine(knative(options)),
    {
      readings: { stable: 'a', panic: 'b' },
      containerConcurrency: 1,
      target: 1,
      utilisation: 0.5,
      total: 1,
      minScale: 1,
      maxScale: 2,
      stableWindowMs: 10_000,
      panicThreshold: 2,
      maxScaleUpRate: 2,
      maxScaleDownRate: 2,
      scaleDownDelayMs: 1,
      activationScale: 1,
      targetBurstCapacity: 1,
      tickMs: 1,
    },
  ],
  nomad: [
    (options: never) => scalingEngine(nomad(options)),
    {
      min: 1,
      max: 2,
      cooldownMs: 1,
      cooldownOnScaleUpMs: 1,
      checks: { a: { metric: 'a', strategy: nomadTargetValue({ target: 1 }), queryWindowMs: 1 } },
    },
  ],
  nomadTargetValue: [nomadTargetValue, { target: 1, threshold: 0.01 }],
  nomadFixedValue: [nomadFixedValue, { value: 1 }],
  nomadThreshold: [
    nomadThreshold,
    { lowerBound: 1, upperBound: 2, withinBoundsTrigger: 1, delta: 1 },
  ],
  awsStepScaling: [
    awsStepScaling,
    {
      metric: 'a',
      threshold: 1,
      steps: [{ lower: 0, upper: 1, change: 1 }],
      minAdjustmentMagnitude: 1,
      breaches: 1,
      warmUpMs: 1,
    },
  ],
  awsTargetTracking: [
    awsTargetTracking,
    { metric: 'a', target: 1, breachesOut: 1, breachesIn: 1, lowRatio: 0.9, periodMs: 1 },
  ],
  controller: [
    controller,
    {
      engine: scalingEngine(engine),
      sources: {},
      actuator: { current: () => 1, apply: () => undefined },
      everyMs: 1,
      answerMs: 1,
      keep: 1,
      unitPerHour: 1,
      runtime: virtualRuntime(),
    },
  ],
  concurrencyActuator: [
    concurrencyActuator,
    { workers: () => 1, set: () => undefined, perWorker: { min: 1, max: 2 }, initial: 1 },
  ],
  unitActuator: [
    unitActuator,
    {
      units: () => [],
      add: () => undefined,
      remove: () => undefined,
      scaleIn: { minLifetimeMs: 1, drainMs: 1 },
    },
  ],
  backtest: [
    (options: never) =>
      backtest({ name: 't', everyMs: 1, perSecond: [1] }, { p: scalingEngine(engine) }, options),
    {
      startupMs: 1,
      capacity: 1,
      utilisation: 1,
      price: 1,
      billingMs: 1,
      everyMs: 1,
      metricWindowMs: 1,
      metricLagMs: 1,
      waitLimitMs: 1,
      giveUpMs: 2,
      scoreFromMs: 0,
    },
  ],
};

/** Where numbers stand in plain data. */
function numbersIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value === 'number') return [path];
  const isPlain =
    Array.isArray(value) ||
    (typeof value === 'object' &&
      value !== null &&
      Object.getPrototypeOf(value) === Object.prototype);
  if (!isPlain) return [];
  return Object.entries(value as object).flatMap(([key, one]) => numbersIn(one, [...path, key]));
}

/** Every place in plain data, the numbers' and what they stand in. */
function placesIn(value: object): (readonly string[])[] {
  const places = numbersIn(value).flatMap((path) => path.map((_, i) => path.slice(0, i + 1)));
  const tops = Object.keys(value).map((key) => [key]);
  return [...new Map([...tops, ...places].map((path) => [path.join('.'), path])).values()];
}

/** What it throws, if it does. */
function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** A copy with another value at a place. */
function withAt(value: unknown, [key, ...rest]: readonly string[], put: unknown): unknown {
  if (key === undefined) return put;
  const before = value as Record<string, unknown>;
  const copy = Array.isArray(value) ? [...(value as unknown[])] : { ...before };
  return Object.assign(copy, { [key]: withAt(before[key], rest, put) });
}

describe.each(Object.entries(factories))('%s', (_, [make, options]) => {
  const places = numbersIn(options).filter(([first]) => first !== 'policies');

  it('takes the options that the others are made of', () => {
    expect(() => make(options as never)).not.toThrow();
  });

  it.each(places.map((path) => [path.join('.'), path] as const))(
    'refuses a %s that is no number',
    (__, path) => {
      for (const nonsense of [NaN, true]) {
        expect(() => make(withAt(options, path, nonsense) as never)).toThrow(
          expect.objectContaining({ code: 'ERR_OPTION' }),
        );
      }
    },
  );

  it('names what is null, a text or a list where it should not be', () => {
    for (const path of placesIn(options)) {
      for (const nonsense of [null, 'no', [null]]) {
        const error = thrown(() => make(withAt(options, path, nonsense) as never));

        const said = `${path.join('.')}: ${JSON.stringify(nonsense)}`;
        if (error !== undefined) expect(error, said).toMatchObject({ code: 'ERR_OPTION' });
      }
    }
  });

  it('refuses an option that it does not know', () => {
    if (make === weighted) return; // any name may be a policy's
    const misspelt = { ...options, metrix: 1 };
    expect(() => make(misspelt as never)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
  });
});

describe('plain JavaScript', () => {
  const units = { units: () => [], add: () => undefined, remove: () => undefined };
  const engine = { bounds: { min: 1, max: 2 }, policies: { p: { propose: () => undefined } } };

  it.each([
    ['rateLimits', rateLimits, { out: {} }],
    ['rateLimits', rateLimits, { in: { rates: [null] } }],
    ['schedule', schedule, {}],
    ['scheduledBounds', scheduledBounds, undefined],
    ['scaleToZero', scaleToZero, {}],
    ['concurrencyActuator', concurrencyActuator, { workers: () => 1, set: () => undefined }],
    ['unitActuator', unitActuator, { ...units, drain: 5 }],
    ['unitActuator', unitActuator, { ...units, scaleIn: { veto: 'busy' } }],
    ['unitActuator', unitActuator, { ...units, scaleIn: { before: 'drain' } }],
    ['unitActuator', unitActuator, { ...units, scaleIn: { before: ['drain'] } }],
    ['unitActuator', unitActuator, { ...units, scaleIn: { stays: 1 } }],
    ['unitActuator', unitActuator, { ...units, scaleIn: { vetoes: () => true } }],
    ['scalingEngine', scalingEngine, { ...engine, stages: {} }],
    ['scalingEngine', scalingEngine, { ...engine, restsAtZero: 'no' }],
    ['scalingEngine', scalingEngine, { ...engine, derived: null }],
    ['deadBand', deadBand, { out: null }],
    ['deadBand', deadBand, { in: 5 }],
    ['scalingEngine', scalingEngine, { ...engine, quality: { plausible: { cpu: null } } }],
  ] as const)(
    'gets a named error from %s for parts that are missing or no part: %#',
    (_, make, options) => {
      expect(() => (make as (options: unknown) => unknown)(options)).toThrow(
        expect.objectContaining({ code: 'ERR_OPTION' }),
      );
    },
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  EngineState,
  Observations,
  Reading,
  ScalingEngine,
  ScalingEngineOptions,
} from '../../src/scale/index.ts';
import {
  awsStepScaling,
  awsTargetTracking,
  backlog,
  budget,
  coolDown,
  deadBand,
  erlangC,
  flapBudget,
  hpa,
  keda,
  knative,
  nomad,
  nomadTargetValue,
  predictive,
  rateLimits,
  rollback,
  scalingEngine,
  stabilisation,
  targetTracking,
  threshold,
} from '../../src/scale/index.ts';

const bounds = { min: 1, max: 500 };
const total = { metric: 'a', of: 'total', target: 10 } as const;

/** One engine of every kind; `a` and `b` are the metrics. */
const engines: Readonly<Record<string, ScalingEngineOptions>> = {
  'target tracking': { bounds, policies: { load: targetTracking(total) } },
  'several policies': {
    bounds,
    policies: {
      load: targetTracking(total),
      average: targetTracking({ metric: 'b', target: 0.5 }),
      queue: backlog({ backlog: 'a', arrivals: 'b', serviceMs: 'b' }),
      wait: erlangC({ arrivals: 'a', serviceMs: 100, waitMs: 50 }),
      limits: threshold({ metrics: { a: { out: 50, in: 10 }, b: { out: 0.7, in: 0.3 } } }),
      step: awsStepScaling({ metric: 'a', threshold: 50, steps: [{ lower: 0, change: 3 }] }),
      soon: predictive({ metric: 'a', target: 10, periodMs: 600_000 }),
    },
    stages: [
      stabilisation({ inMs: 60_000, outMs: 5_000 }),
      deadBand(),
      flapBudget(),
      coolDown(),
      budget({ perHour: 400, unitPerHour: 1 }),
      rateLimits(),
      rollback({ metric: 'b', demand: 'a' }),
    ],
    quality: { keepLastMs: 30_000, fallback: { afterMs: 60_000, units: 7 } },
  },
  hpa: hpa({
    maxReplicas: 500,
    metrics: [
      { type: 'External', metric: 'a', averageValue: 10 },
      { type: 'Pods', metric: 'b', averageValue: 0.5 },
    ],
    behavior: {},
  }),
  'hpa without behavior': hpa({
    maxReplicas: 500,
    metrics: [{ type: 'Object', metric: 'a', value: 10 }],
  }),
  keda: keda({ triggers: [{ metric: { type: 'External', metric: 'a', averageValue: 10 } }] }),
  knative: knative({ readings: { stable: 'a', panic: 'b' }, target: 10, scaleDownDelayMs: 60_000 }),
  nomad: nomad({
    ...bounds,
    checks: { a: { metric: 'a', strategy: nomadTargetValue({ target: 10 }) } },
  }),
  aws: { bounds, policies: { load: awsTargetTracking(total) }, stages: [] },
};

const value = fc.oneof(
  fc.double({ min: 0, max: 1_000 }),
  fc.double(),
  fc.constantFrom(NaN, Infinity, -1, 0, 1e12, Number.MAX_VALUE),
);
const reading: fc.Arbitrary<Reading | undefined> = fc.oneof(
  value,
  fc.constant(undefined),
  fc.record({
    value,
    at: fc.integer({ min: -100_000, max: 0 }),
    quality: fc.constantFrom('fresh', 'stale', 'partial', 'empty', 'error'),
  }),
  fc.record({ perUnit: fc.record({ values: fc.array(value, { maxLength: 6 }) }) }),
);
const units = fc.array(
  fc.record({
    id: fc.string(),
    phase: fc.constantFrom('starting', 'running', 'failed'),
    draining: fc.boolean(),
    ready: fc.boolean(),
  }),
  { maxLength: 6 },
);
const tick = fc.record({
  waitMs: fc.integer({ min: 0, max: 120_000 }),
  fleet: fc.oneof(
    fc.nat(600),
    fc.record({ current: fc.nat(600), ready: fc.nat(600), draining: fc.nat(10), units }),
  ),
  metrics: fc.record({ a: reading, b: reading }),
});

/** Everything inside too. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    Object.values(value).forEach(frozen);
    Object.freeze(value);
  }
  return value;
}

type Step = ReturnType<ScalingEngine['decide']>;

describe.each(Object.keys(engines))('given anything at all, the engine of %s', (name) => {
  it('decides a whole number within its bounds, again and again, and changes nothing it was given', () => {
    const engine = scalingEngine(engines[name] as ScalingEngineOptions);
    const { min, max } = engine.bounds;
    fc.assert(
      fc.property(fc.array(tick, { minLength: 1, maxLength: 30 }), (ticks) => {
        let state: EngineState | undefined;
        let now = 0;
        for (const { waitMs, fleet, metrics } of ticks) {
          now += waitMs;
          const observations: Observations = frozen({ fleet, metrics });
          const step: Step = engine.decide(frozen(state), observations, now);
          const copy = engine.decide(
            state === undefined ? undefined : (JSON.parse(JSON.stringify(state)) as EngineState),
            observations,
            now,
          );
          state = step.state;

          expect(step.decision.faults).toEqual([]);
          expect(Number.isInteger(step.decision.desired)).toBe(true);
          const rests = step.decision.desired === 0 && step.decision.previous === 0;
          if (!rests) {
            expect(step.decision.desired).toBeGreaterThanOrEqual(min);
            expect(step.decision.desired).toBeLessThanOrEqual(max);
          }
          expect(copy.decision).toEqual(step.decision);
          expect(JSON.parse(JSON.stringify(copy.state))).toEqual(
            JSON.parse(JSON.stringify(step.state)),
          );
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('an engine that has run for long', () => {
  it('remembers no more than one that has run for an hour', () => {
    const engine = scalingEngine(engines['several policies'] as ScalingEngineOptions);
    let state: EngineState | undefined;
    const sizes: number[] = [];
    for (let i = 0; i < 17_280; i++) {
      const load = 200 + 100 * Math.sin(i / 50) + 20 * Math.sin(i * i);
      const observations = { fleet: 20, metrics: { a: load, b: 0.5 } };
      state = engine.decide(state, observations, i * 5_000).state;
      if (i % 720 === 719) sizes.push(JSON.stringify(state).length);
    }

    expect(Math.max(...sizes.slice(2))).toBeLessThan((sizes[1] as number) * 1.2);
  });
});

import {
  hpa,
  predictive,
  scalingEngine,
  targetTracking,
  type EngineState,
  type FleetReading,
  type Observations,
  type Reading,
  type ScalingEngine,
} from '../../src/scale/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';

const METRICS = Array.from({ length: 10 }, (_, i) => `m${i}`);
const UNITS = Array.from({ length: 1_000 }, (_, i) => ({
  id: `unit ${i}`,
  phase: 'running' as const,
  ready: true,
  startedAt: 0,
  readyChangedAt: 0,
}));
const FLEET = { current: 1_000, ready: 1_000, units: UNITS };

const tracking = (name: string) => targetTracking({ metric: name, target: 0.5 });

const averages = scalingEngine({
  bounds: { min: 1, max: 10_000 },
  policies: Object.fromEntries(METRICS.map((name) => [name, tracking(name)])),
});

const perPod = scalingEngine(
  hpa({
    maxReplicas: 10_000,
    metrics: METRICS.map((metric) => ({ type: 'Pods', metric, averageValue: 0.5 })),
    behavior: {},
  }),
);

const forecasting = scalingEngine({
  bounds: { min: 1, max: 10_000 },
  policies: {
    now: targetTracking({ metric: 'm0', of: 'total', target: 0.001 }),
    soon: predictive({ metric: 'm0', target: 0.001 }),
  },
});

/** One of everything. */
const smallest = scalingEngine({
  bounds: { min: 1, max: 10_000 },
  policies: { m0: tracking('m0') },
});

/** Decides every 5 s on readings that change a little, the fleet as it is. */
function deciding(
  engine: ScalingEngine,
  readings: Readonly<Record<string, Reading>>[],
  fleet: FleetReading = FLEET,
) {
  let state: EngineState | undefined;
  let now = 0;
  return {
    run: (i: number): unknown => {
      const metrics = readings[i % readings.length] as Readonly<Record<string, Reading>>;
      const observations: Observations = { fleet, metrics };
      const step = engine.decide(state, observations, (now += 5_000));
      state = step.state;
      return step.decision.desired;
    },
  };
}

const figures = (i: number): number => 0.45 + (i % 7) / 50;

const single = [0, 1, 2, 3].map((n) =>
  Object.fromEntries(METRICS.map((name, i) => [name, figures(i + n)])),
);
const perUnit = [0, 1].map((n) =>
  Object.fromEntries(
    METRICS.map((name) => {
      const values = Float64Array.from(UNITS, (_, i) => figures(i + n));
      return [name, { perUnit: { values } }];
    }),
  ),
);

const benchmark: Benchmark = {
  question: 'What does one scaling decision cost, with its trace?',
  decision: 'Whether an engine can tick every second, or replay a year of a trace in a minute.',
  contenders: {
    'one metric, one unit': { setup: () => deciding(smallest, single, 1) },
    'ten metrics, 1,000 units': { setup: () => deciding(averages, single) },
    'ten metrics of each of 1,000 units': { setup: () => deciding(perPod, perUnit) },
    'one metric and a forecast': { setup: () => deciding(forecasting, single) },
  },
  goals: [
    {
      id: 'ten-metrics',
      says: 'a decision over ten metrics and 1,000 units takes at most 50 us',
      value: (ns) => ns('ten metrics, 1,000 units'),
      atMost: 50_000,
      unit: 'ns',
    },
    {
      id: 'per-unit',
      says: 'also when each of the ten is given for each unit',
      value: (ns) => ns('ten metrics of each of 1,000 units'),
      atMost: 50_000,
      unit: 'ns',
    },
    {
      id: 'forecast',
      says: 'and with a forecast of a day by the minute',
      value: (ns) => ns('one metric and a forecast'),
      atMost: 50_000,
      unit: 'ns',
    },
  ],
};

export default benchmark;

import type { EngineState, ScalingEngine } from '../../src/scale/index.ts';
import {
  flapBudget,
  predictive,
  rateLimits,
  scalingEngine,
  stabilisation,
  targetTracking,
} from '../../src/scale/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';

const TICK_MS = 60_000;
const TICKS_A_DAY = 1_440;
const HOLD_MS = 300_000;

const bounds = { min: 1, max: 1_000 };
const tracking = targetTracking({ metric: 'load', of: 'total', target: 10 });

const plain = (): ScalingEngine =>
  scalingEngine({
    bounds,
    policies: { now: tracking },
    stages: [stabilisation({ inMs: HOLD_MS }), rateLimits(), flapBudget()],
  });
const forecasting = (): ScalingEngine =>
  scalingEngine({
    bounds,
    policies: { now: tracking, soon: predictive({ metric: 'load', target: 10 }) },
  });

/** Size of the state as JSON at the end of each of these days of a load with a season and noise. */
function sizes(engine: ScalingEngine, days: readonly number[]): number[] {
  let state: EngineState | undefined;
  let fleet = 100;
  const found: number[] = [];
  for (let i = 0; i < (days.at(-1) ?? 0) * TICKS_A_DAY; i++) {
    const load = 1_000 + 500 * Math.sin((i / TICKS_A_DAY) * 2 * Math.PI) + 50 * Math.sin(i * i);
    const step = engine.decide(state, { fleet, metrics: { load } }, i * TICK_MS);
    state = step.state;
    fleet = step.decision.desired;
    if (days.includes((i + 1) / TICKS_A_DAY)) found.push(JSON.stringify(state).length);
  }
  return found;
}

const benchmark: Benchmark = {
  question: 'How much must be handed over when another process goes on deciding?',
  decision: 'Whether the state may be written at every tick, and stays as it is over months.',
  measure: ({ quick }) => {
    // A forecast keeps four seasons: what comes after them must not add to it.
    const days = quick ? [5, 6] : [5, 20];
    const [early = 0, late = 0] = sizes(plain(), days);
    const [learned = 0, old = 0] = sizes(forecasting(), days);
    return Promise.resolve({
      'state, bytes': late,
      'state with a forecast, bytes': old,
      growth: Math.max(late / early, old / learned),
    });
  },
  goals: [
    {
      id: 'growth',
      says: 'memory does not depend on the length of history',
      value: (figure) => figure('growth'),
      atMost: 1.25,
    },
  ],
};

export default benchmark;

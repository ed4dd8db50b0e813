import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/core/index.ts';
import { seasonalNaive } from '../../src/model/index.ts';
import type {
  EngineState,
  Observations,
  PredictiveOptions,
  Reading,
} from '../../src/scale/index.ts';
import { predictive, scalingEngine } from '../../src/scale/index.ts';

const MINUTE = 60_000;
const HOUR = 60;

/** A load with a season of an hour: 20 units' worth for ten minutes, 10 for the rest. */
const hourly = (minute: number): number => (minute % HOUR < 10 ? 200 : 100);
/** A random walk: nothing is known of it but where it is. */
function walk(): (minute: number) => number {
  const random = seededRandom('walk');
  let at = 500;
  return () => (at += random() * 20 - 10);
}

interface Replay {
  readonly desired: number[];
  readonly why: string[];
  readonly state: EngineState | undefined;
}

/** Ticks once a minute, in the middle of it. */
function replay(
  minutes: number,
  load: (minute: number) => Reading | undefined,
  options: Partial<PredictiveOptions> = {},
  startUpMs = 5 * MINUTE,
): Replay {
  const engine = scalingEngine({
    bounds: { min: 0, max: 1_000 },
    policies: {
      soon: predictive({ metric: 'load', target: 10, periodMs: HOUR * MINUTE, ...options }),
    },
    stages: [],
    startUpMs,
  });
  let state: EngineState | undefined;
  const desired: number[] = [];
  const why: string[] = [];
  for (let minute = 0; minute < minutes; minute++) {
    const observations: Observations = { fleet: 10, metrics: { load: load(minute) } };
    const step = engine.decide(state, observations, (minute + 0.5) * MINUTE);
    state = JSON.parse(JSON.stringify(step.state)) as EngineState;
    desired.push(step.decision.desired);
    why.push(step.decision.steps[0]?.why ?? '');
  }
  return { desired, why, state };
}

describe('predictive', () => {
  it('asks for what will be needed when units are ready that are asked for now', () => {
    const { desired } = replay(8 * HOUR, hourly);
    const last = desired.slice(7 * HOUR); // the eighth hour, minute by minute

    // Start-up 5 min and a tick: minute 54 asks for minute 60; capped at 1.5 times the present.
    expect(last.slice(40, 53)).toEqual(Array(13).fill(10));
    expect(last.slice(55, 60)).toEqual(Array(5).fill(15));
  });

  it('goes on when units take a little longer to start than they did', () => {
    const state = replay(8 * HOUR, hourly).state as EngineState;
    const slower = scalingEngine({
      bounds: { min: 0, max: 1_000 },
      policies: { soon: predictive({ metric: 'load', target: 10, periodMs: HOUR * MINUTE }) },
      stages: [],
      startUpMs: 6 * MINUTE,
    });

    const { decision } = slower.decide(
      state,
      { fleet: 10, metrics: { load: 100 } },
      (8 * HOUR + 0.5) * MINUTE,
    );

    expect(decision.steps[0]?.why).toContain('expected in 420 s');
  });

  it('is silent until it has seen a season', () => {
    const { why, desired } = replay(HOUR, hourly);

    expect(new Set(why)).toEqual(new Set(['has not seen a season yet']));
    expect(new Set(desired)).toEqual(new Set([0]));
  });

  it('is silent while it does not beat the present', () => {
    const { why } = replay(10 * HOUR, walk());

    expect(why.at(-1)).toMatch(/does not beat the present/);
  });

  it('never asks for more than the cap allows', () => {
    const bounded = replay(8 * HOUR, hourly, { cap: 1.2 }).desired;

    expect(Math.max(...bounded.slice(7 * HOUR).filter((_, i) => i % HOUR > 20))).toBe(12);
  });

  it('masks gaps: an outage teaches it nothing', () => {
    const outage = (minute: number): number | undefined =>
      minute >= 5 * HOUR && minute < 6 * HOUR ? undefined : hourly(minute);

    const { desired } = replay(8 * HOUR, outage);

    expect(desired.slice(7 * HOUR + 55)).toEqual(Array(5).fill(15));
  });

  it('does not let one absurd figure change what it expects', () => {
    const spike = (minute: number): number => (minute === 6 * HOUR + 30 ? 1e6 : hourly(minute));

    const { desired } = replay(8 * HOUR, spike);

    expect(desired[7 * HOUR + 25]).toBe(10);
    expect(desired.slice(7 * HOUR + 55)).toEqual(Array(5).fill(15));
  });

  it('starts afresh after a season without a tick', () => {
    const { state } = replay(8 * HOUR, hourly);
    const engine = scalingEngine({
      bounds: { min: 0, max: 1_000 },
      policies: { soon: predictive({ metric: 'load', target: 10, periodMs: HOUR * MINUTE }) },
    });

    const { decision } = engine.decide(
      state,
      { fleet: 10, metrics: { load: 100 } },
      10 * HOUR * MINUTE,
    );

    expect(decision.steps[0]?.why).toBe('has not seen a season yet');
  });

  it('keeps a state that does not grow', () => {
    const size = (hours: number): number =>
      JSON.stringify(replay(hours * HOUR, hourly).state).length;

    expect(size(30)).toBeLessThan(size(12) * 1.1);
  });

  it('knows the season from recorded history at once', () => {
    const history = Array.from({ length: 8 * HOUR }, (_, minute) => hourly(minute));
    history[100] = NaN;

    const { desired, why } = replay(HOUR, hourly, { history });

    expect(why[0]).toContain('expected in');
    expect(desired[25]).toBe(10);
    expect(desired.slice(55)).toEqual(Array(5).fill(15));
  });

  it('takes any predictor', () => {
    const { desired } = replay(8 * HOUR, hourly, {
      predictor: (period) => seasonalNaive({ period }) as never,
    });

    expect(desired.slice(7 * HOUR + 55)).toEqual(Array(5).fill(15));
  });

  it.each([
    { target: 0 },
    { periodMs: 90_000 },
    { intervalMs: 0 },
    { quantile: 1 },
    { cap: 0.9 },
    { anomalyBeyond: 0 },
    { history: Array(1_439).fill(1) },
  ])('refuses %j', (options) => {
    expect(() => predictive({ metric: 'load', target: 10, ...options })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION' }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import type {
  Decision,
  EngineState,
  Observations,
  QualityOptions,
  ScalingEngineOptions,
} from '../../src/scale/index.ts';
import { scalingEngine, targetTracking } from '../../src/scale/index.ts';

const cpu = targetTracking({ metric: 'cpu', target: 0.5, tolerance: { in: 0 } });

function run(
  ticks: readonly (readonly [seconds: number, observations: Observations])[],
  options: Partial<ScalingEngineOptions> & { quality?: QualityOptions },
): Decision[] {
  const engine = scalingEngine({
    bounds: { min: 1, max: 100 },
    policies: { cpu },
    stages: [],
    ...options,
  });
  let state: EngineState | undefined;
  return ticks.map(([seconds, observations]) => {
    const step = engine.decide(state, observations, seconds * 1000);
    state = JSON.parse(JSON.stringify(step.state)) as EngineState;
    return step.decision;
  });
}

const seen = (value: number | undefined, fleet = 10): Observations => ({
  fleet,
  metrics: value === undefined ? {} : { cpu: value },
});

describe('what may be believed', () => {
  it('takes a reading that is too old for growth, never for shrinking', () => {
    const old = (value: number): Observations => ({
      fleet: 10,
      metrics: { cpu: { value, at: -61_000 } },
    });

    expect(run([[0, old(0.6)]], {})[0]?.desired).toBe(12);
    expect(run([[0, old(0.4)]], {})[0]?.desired).toBe(10);
    expect(run([[0, old(0.4)]], { quality: { staleAfterMs: 90_000 } })[0]?.desired).toBe(8);
  });

  it.each([-1, 1e12, NaN, Infinity])('takes %d for an error where it cannot be', (lie) => {
    const quality = { plausible: { cpu: { min: 0, max: 1 } } };

    const [decision] = run([[0, seen(lie)]], { quality });

    expect(decision?.desired).toBe(10);
    expect(decision?.steps[0]?.out).toBeUndefined();
  });

  it('goes on with the last good value for a while, without shrinking on it', () => {
    const quality = { keepLastMs: 30_000 };
    const ticks = [
      [0, seen(0.6, 10)],
      [20, seen(undefined, 10)],
      [31, seen(undefined, 10)],
    ] as const;

    expect(run(ticks, { quality }).map(({ desired }) => desired)).toEqual([12, 12, 10]);
    expect(run(ticks, {}).map(({ desired }) => desired)).toEqual([12, 10, 10]);
  });

  it('does not shrink on a last good value', () => {
    const ticks = [
      [0, seen(0.4, 10)],
      [20, seen(undefined, 10)],
    ] as const;

    expect(run(ticks, { quality: { keepLastMs: 30_000 } })[1]?.desired).toBe(10);
  });
});

describe('fallback', () => {
  const blind = [
    [0, seen(0.5)],
    [60, seen(undefined)],
    [119, seen(undefined)],
    [120, seen(undefined)],
    [300, seen(undefined)],
    [420, seen(undefined)],
  ] as const;
  const fallback = { afterMs: 60_000, units: 6 };
  const desired = (quality: QualityOptions): number[] =>
    run(blind, { quality }).map((decision) => decision.desired);

  it('goes to a safe count when nothing is known for long', () => {
    expect(desired({ fallback })).toEqual([10, 10, 10, 6, 6, 6]);
  });

  it('ends when its time is up', () => {
    expect(desired({ fallback: { ...fallback, forMs: 200_000 } })).toEqual([10, 10, 10, 6, 6, 10]);
  });

  it.each([
    ['ifHigher', 6, 10],
    ['ifHigher', 15, 15],
    ['ifLower', 15, 10],
    ['ifLower', 6, 6],
    ['always', 'current', 10],
  ] as const)('with %s and %s units goes to %d', (when, units, expected) => {
    expect(desired({ fallback: { afterMs: 60_000, units, when } })[3]).toBe(expected);
  });

  it('leaves the others their say', () => {
    const policies = { cpu, memory: targetTracking({ metric: 'memory', target: 0.5 }) };
    const both = { fleet: 10, metrics: { memory: 0.8 } };
    const ticks = [
      [0, both],
      [60, both],
    ] as const;

    expect(run(ticks, { policies, quality: { fallback } })[1]?.desired).toBe(16);
  });
});

describe('derived metrics', () => {
  const policies = { load: targetTracking({ metric: 'load', target: 10, of: 'total' }) };
  const derived = {
    load: (value: (metric: string) => number): number => {
      const [queue, running] = [value('queue'), value('running')];
      return (Number.isNaN(queue) ? 0 : queue) + running;
    },
  };
  const decide = (metrics: Record<string, number>): Decision | undefined =>
    run([[0, { fleet: 10, metrics }]], { policies, derived })[0];

  it('are computed from others', () => {
    expect(decide({ queue: 100, running: 40 })?.desired).toBe(14);
  });

  it('do not shrink the fleet when a part is missing', () => {
    expect(decide({ running: 40 })?.desired).toBe(10);
    expect(decide({ running: 140 })?.desired).toBe(14);
  });

  it('are errors when they give no number, or ask for themselves', () => {
    const self = { load: (value: (metric: string) => number) => value('load') };

    expect(decide({ queue: 5 })?.steps[0]?.out).toBeUndefined();
    const [decision] = run([[0, { fleet: 10, metrics: {} }]], { policies, derived: self });
    expect(decision?.steps[0]?.out).toBeUndefined();
  });
});

describe('start-up times', () => {
  it('are learned from the fleet', () => {
    const times: number[] = [];
    const spy = {
      propose: ({
        startUpMs,
        sample,
      }: {
        startUpMs: number;
        sample: (m: string) => { value: number };
      }) => {
        times.push(startUpMs);
        return { desired: sample('wish').value, why: 'given' };
      },
    };
    const at = (current: number, ready: number, wish: number): Observations => ({
      fleet: { current, ready },
      metrics: { wish },
    });
    run(
      [
        [0, at(2, 2, 6)],
        [10, at(6, 2, 6)],
        [20, at(6, 2, 6)],
        [30, at(6, 6, 6)],
        [40, at(6, 6, 6)],
      ],
      { policies: { spy }, startUpMs: 45_000 },
    );

    expect(times).toEqual([45_000, 45_000, 45_000, 30_000, 30_000]);
  });
});

describe('options of quality', () => {
  it.each([
    [{ staleAfterMs: 0 }, 'quality.staleAfterMs'],
    [{ keepLastMs: -1 }, 'quality.keepLastMs'],
    [{ plausible: { cpu: { min: 1, max: 1 } } }, 'quality.plausible.cpu.max'],
    [{ fallback: { afterMs: -1, units: 1 } }, 'quality.fallback.afterMs'],
    [{ fallback: { afterMs: 1, units: 1.5 } }, 'quality.fallback.units'],
    [{ fallback: { afterMs: 1, units: 1, forMs: 0 } }, 'quality.fallback.forMs'],
  ] as const)('refuse %j', (quality, option) => {
    expect(() => run([], { quality })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', option: `scalingEngine.${option}` }),
    );
  });
});

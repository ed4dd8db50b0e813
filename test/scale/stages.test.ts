import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  Decision,
  EngineState,
  Reading,
  RollbackState,
  ScalingEngineOptions,
  Stage,
} from '../../src/scale/index.ts';
import {
  budget,
  coolDown,
  deadBand,
  flapBudget,
  rateLimits,
  rollback,
  scaleToZero,
  scalingEngine,
  stabilisation,
} from '../../src/scale/index.ts';

/** Wishes for what the metric `wish` says. */
const wish = {
  propose: (situation: { sample: (name: string) => { value: number } }) => ({
    desired: situation.sample('wish').value,
    why: 'given',
  }),
};

interface Tick {
  readonly wish: number;
  readonly metrics?: Readonly<Record<string, Reading>>;
}

/** Ticks an engine of these stages; the fleet follows every decision at once. */
function fleetOver(
  stages: readonly Stage[],
  ticks: readonly Tick[],
  options: { start?: number; everyMs?: number; more?: Partial<ScalingEngineOptions> } = {},
): { decisions: Decision[]; fleet: number[]; state: EngineState | undefined } {
  const { start = 10, everyMs = 10_000, more } = options;
  const engine = scalingEngine({
    bounds: { min: 0, max: 1_000 },
    policies: { wish },
    stages,
    startUpMs: 0,
    ...more,
  });
  let state: EngineState | undefined;
  let fleet = start;
  const decisions = ticks.map((tick, i) => {
    const metrics = { ...tick.metrics, wish: tick.wish };
    const step = engine.decide(state, { fleet, metrics }, i * everyMs);
    state = step.state;
    fleet = step.decision.desired;
    return step.decision;
  });
  return { decisions, fleet: decisions.map(({ desired }) => desired), state };
}

const wishes = (...list: number[]): Tick[] => list.map((one) => ({ wish: one }));

describe('deadBand', () => {
  it('answers growth at once and small shrinking not at all', () => {
    const { fleet } = fleetOver([deadBand()], wishes(11, 10, 9, 9));

    expect(fleet).toEqual([11, 11, 9, 9]);
  });

  it('takes the greater of units and share', () => {
    const stage = deadBand({ out: { units: 2, ratio: 0.1 }, in: { units: 5 } });

    expect(fleetOver([stage], wishes(12, 13, 8, 7)).fleet).toEqual([10, 13, 13, 7]);
  });
});

describe('coolDown', () => {
  it('holds shrinking after any change, and never growth', () => {
    const stage = coolDown({ afterOutMs: 20_000, afterInMs: 30_000 });

    const { fleet } = fleetOver([stage], wishes(12, 5, 14, 5, 5, 4, 4, 4));

    expect(fleet).toEqual([12, 12, 14, 14, 5, 5, 5, 4]);
  });

  it('holds both where told so', () => {
    const stage = coolDown({ afterOutMs: 20_000, holds: 'both' });

    expect(fleetOver([stage], wishes(12, 14, 14)).fleet).toEqual([12, 12, 14]);
  });
});

describe('flapBudget', () => {
  it('stops shrinking when the turns are used up, and lets go when the first is forgotten', () => {
    const stage = flapBudget({ reversals: 2, perMs: 60_000 });

    const { fleet, decisions } = fleetOver([stage], wishes(12, 8, 12, 8, 8, 8, 8, 8));

    expect(fleet).toEqual([12, 8, 12, 12, 12, 12, 12, 8]);
    expect(decisions[3]).toMatchObject({ limitedBy: 'flapBudget', nextEligibleAt: 70_000 });
  });

  it('never stops growth', () => {
    const stage = flapBudget({ reversals: 1, perMs: 60_000 });

    expect(fleetOver([stage], wishes(12, 8, 12, 20)).fleet).toEqual([12, 8, 12, 20]);
  });
});

describe('budget', () => {
  const stage = budget({ perHour: 10, unitPerHour: 0.8 });

  it('pays no more units than the money does', () => {
    expect(fleetOver([stage], wishes(11, 12, 13)).fleet).toEqual([11, 12, 12]);
  });

  it('stops a fleet beyond it from growing, and does not shrink it', () => {
    expect(fleetOver([stage], wishes(30, 15), { start: 20 }).fleet).toEqual([20, 15]);
  });

  it('counts what is draining', () => {
    const engine = scalingEngine({
      bounds: { min: 0, max: 100 },
      policies: { wish },
      stages: [stage],
    });
    const fleet = { current: 5, draining: 4 };

    expect(engine.decide(undefined, { fleet, metrics: { wish: 50 } }, 0).decision.desired).toBe(8);
  });
});

describe('rollback', () => {
  const options = { metric: 'p95', settleMs: 30_000, holdMs: 60_000 };
  const after = (p95: number, count: number, want: number, arrivals = 100): Tick[] =>
    Array.from({ length: count }, () => ({ wish: want, metrics: { p95, arrivals } }));

  it('takes back a step down that hurt, and does not try it again for a while', () => {
    const ticks = [...after(100, 3, 10), ...after(300, 12, 6)];

    const { fleet, decisions, state } = fleetOver([rollback(options)], ticks);

    expect(fleet).toEqual([10, 10, 10, 6, 6, 6, 10, 10, 10, 10, 10, 10, 6, 6, 6]);
    expect(decisions[6]).toMatchObject({ limitedBy: 'rollback', nextEligibleAt: 120_000 });
    expect((state?.stages['rollback'] as RollbackState).verdicts.worse).toBeGreaterThan(0);
  });

  it('gives back no less than is called for by then, and takes back no more', () => {
    const down = [...after(100, 3, 10), ...after(300, 3, 6), ...after(300, 1, 15)];
    const up = [...after(100, 3, 10), ...after(300, 9, 20), ...after(300, 1, 4)];
    const both = (): Stage => rollback({ ...options, demand: 'arrivals' });

    const { fleet, decisions } = fleetOver([both()], down);
    expect(fleet).toEqual([10, 10, 10, 6, 6, 6, 15]);
    expect((decisions[6] as Decision).limitedBy).toBeUndefined();
    const more = { more: { startUpMs: 60_000 } };
    expect(fleetOver([both()], up, more).fleet.slice(-2)).toEqual([20, 4]);
  });

  it('keeps a step that did no harm', () => {
    const ticks = [...after(100, 3, 10), ...after(110, 8, 6)];

    const { fleet, state } = fleetOver([rollback(options)], ticks);

    expect(fleet.at(-1)).toBe(6);
    expect((state?.stages['rollback'] as RollbackState).verdicts).toEqual({
      better: 0,
      same: 1,
      worse: 0,
      unknown: 0,
    });
  });

  it('takes back growth only where demand is known not to have risen', () => {
    const ticks = [...after(100, 3, 10), ...after(300, 6, 20)];
    const rising = [...after(100, 3, 10), ...after(300, 6, 20, 200)];
    const knowing = (): Stage => rollback({ ...options, demand: 'arrivals' });

    expect(fleetOver([rollback(options)], ticks).fleet.at(-1)).toBe(20);
    expect(fleetOver([knowing()], ticks).fleet.at(-1)).toBe(10);
    expect(fleetOver([knowing()], rising).fleet.at(-1)).toBe(20);
  });

  it('gives new units their start-up time', () => {
    const ticks = [...after(100, 3, 10), ...after(300, 5, 20)];
    const stage = rollback({ ...options, demand: 'arrivals' });

    const { fleet } = fleetOver([stage], ticks, { more: { startUpMs: 60_000 } });

    expect(fleet.at(-1)).toBe(20);
  });

  it('passes no verdict on a metric that is missing', () => {
    const ticks = [...after(100, 3, 10), ...wishes(6, 6, 6, 6, 6, 6)];

    expect(fleetOver([rollback(options)], ticks).fleet.at(-1)).toBe(6);
  });
});

describe('scaleToZero', () => {
  const stage = (): Stage => scaleToZero({ activeAbove: { jobs: 0 }, idleMs: 30_000 });
  const jobs = (...list: (number | undefined)[]): Tick[] =>
    list.map((one) => ({ wish: 0, metrics: one === undefined ? {} : { jobs: one } }));

  it('sends the last unit away after the idle time, and brings one back at once', () => {
    expect(fleetOver([stage()], jobs(3, 0, 0, 0, 0, 1), { start: 1 }).fleet).toEqual([
      1, 1, 1, 0, 0, 1,
    ]);
  });

  it('leaves all as it is while it cannot see', () => {
    const blind = jobs(3, undefined, undefined, undefined, undefined, undefined);

    expect(fleetOver([stage()], blind, { start: 1 }).fleet).toEqual([1, 1, 1, 1, 1, 1]);
    expect(fleetOver([stage()], jobs(undefined), { start: 0 }).fleet).toEqual([0]);
  });
});

describe('any row of stages', () => {
  const rows: Readonly<Record<string, () => readonly Stage[]>> = {
    default: () => [stabilisation({ inMs: 60_000 }), rateLimits()],
    all: () => [
      stabilisation({ inMs: 60_000, outMs: 10_000 }),
      deadBand(),
      flapBudget(),
      coolDown(),
      budget({ perHour: 100, unitPerHour: 1 }),
      rateLimits({ in: { rates: [{ units: 5, periodMs: 30_000 }] } }),
      rollback({ metric: 'p95' }),
    ],
  };

  it.each(Object.keys(rows))('keeps the fleet between the wishes it was given: %s', (name) => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 60 }),
        (list) => {
          const { fleet } = fleetOver(rows[name]?.() ?? [], wishes(...list));
          const seen = [10, ...list];
          expect(Math.min(...fleet)).toBeGreaterThanOrEqual(Math.min(...seen));
          expect(Math.max(...fleet)).toBeLessThanOrEqual(Math.max(...seen));
        },
      ),
    );
  });

  it('never moves against the wish', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 60 }),
        (list) => {
          const { decisions } = fleetOver(rows['default']?.() ?? [], wishes(...list));
          for (const { previous, proposed, desired } of decisions) {
            // A window may keep a larger wish alive, so growth may come from an older one.
            if (proposed >= previous) expect(desired).toBeGreaterThanOrEqual(previous);
            if (desired < previous) expect(desired).toBeGreaterThanOrEqual(proposed);
          }
        },
      ),
    );
  });

  it.each([
    () => deadBand({ in: { ratio: -1 } }),
    () => flapBudget({ reversals: 0 }),
    () => budget({ perHour: 0.5, unitPerHour: 1 }),
    () => rollback({ metric: '' }),
    () => rollback({ metric: 'p95', worseBy: 0 }),
    () => coolDown({ afterInMs: NaN }),
    () => scaleToZero({ activeAbove: {} }),
    () => scaleToZero({ activeAbove: { jobs: NaN } }),
    () => scaleToZero({ activeAbove: { jobs: 0 }, idleUnits: 1 }),
  ])('refuses wrong options: %s', (make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
  });
});

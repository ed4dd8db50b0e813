import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Proposal, ScalingEngine, ScalingEngineOptions } from '../../src/scale/index.ts';
import {
  backlog,
  rateLimits,
  scalingEngine,
  stabilisation,
  targetTracking,
} from '../../src/scale/index.ts';

const cpu = targetTracking({ metric: 'cpu', target: 0.7 });

function engineOf(options: Partial<ScalingEngineOptions> = {}): ScalingEngine {
  return scalingEngine({ bounds: { min: 1, max: 100 }, policies: { cpu }, ...options });
}

describe('scalingEngine', () => {
  it('asks for as many units as bring the metric to its target', () => {
    const { decision } = engineOf().decide(undefined, { fleet: 4, metrics: { cpu: 1.05 } }, 0);

    expect(decision).toMatchObject({ previous: 4, desired: 6, proposed: 6, limitedBy: undefined });
  });

  it('leaves the fleet alone when the metric is within the tolerance', () => {
    const { decision } = engineOf().decide(undefined, { fleet: 4, metrics: { cpu: 0.65 } }, 0);

    expect(decision.desired).toBe(4);
    expect(decision.steps[0]?.why).toContain('within tolerance');
  });

  it('takes the largest of several proposals', () => {
    const engine = engineOf({
      policies: { cpu, queue: backlog({ backlog: 'queue', serviceMs: 1000, drainMs: 10_000 }) },
      stages: [],
    });

    const { decision } = engine.decide(
      undefined,
      { fleet: 4, metrics: { cpu: 0.7, queue: 70 } },
      0,
    );

    expect(decision.desired).toBe(10);
    expect(decision.steps.map(({ stage }) => stage)).toEqual([
      'policy cpu',
      'policy queue',
      'combine',
    ]);
  });

  it('never reads a missing metric as zero: it holds the fleet', () => {
    const { decision } = engineOf({ stages: [] }).decide(undefined, { fleet: 9, metrics: {} }, 0);

    expect(decision.desired).toBe(9);
  });

  it('grows on one good metric while another is bad, and does not shrink', () => {
    const engine = engineOf({
      policies: { cpu, memory: targetTracking({ metric: 'memory', target: 0.5 }) },
      stages: [],
    });
    const grow = { fleet: 4, metrics: { cpu: 1.4, memory: NaN } };
    const shrink = { fleet: 4, metrics: { cpu: 0.1, memory: NaN } };

    expect(engine.decide(undefined, grow, 0).decision.desired).toBe(8);
    expect(engine.decide(undefined, shrink, 0).decision.desired).toBe(4);
  });

  it('does not shrink on a stale metric', () => {
    const engine = engineOf({ stages: [] });
    const stale = { fleet: 4, metrics: { cpu: { value: 0.1, quality: 'stale' as const } } };

    expect(engine.decide(undefined, stale, 0).decision.desired).toBe(4);
  });

  it('shrinks only to the largest wish of the stabilisation window', () => {
    const engine = engineOf();
    const at = (seconds: number, load: number, state = first.state) =>
      engine.decide(state, { fleet: 10, metrics: { cpu: load } }, seconds * 1000);
    const first = engine.decide(undefined, { fleet: 10, metrics: { cpu: 0.35 } }, 0);

    expect(first.decision).toMatchObject({
      desired: 10,
      proposed: 5,
      limitedBy: 'stabilisation',
      nextEligibleAt: 300_000,
    });
    const second = at(299, 0.14);
    expect(second.decision.desired).toBe(10);
    expect(at(300, 0.14, second.state).decision.desired).toBe(2);
  });

  it('doubles at most every 15 s by default', () => {
    const engine = engineOf({ bounds: { min: 1, max: 1000 } });

    const first = engine.decide(undefined, { fleet: 10, metrics: { cpu: 70 } }, 0);
    const second = engine.decide(first.state, { fleet: 20, metrics: { cpu: 70 } }, 14_000);
    const third = engine.decide(second.state, { fleet: 20, metrics: { cpu: 70 } }, 15_000);

    expect(first.decision).toMatchObject({ desired: 20, limitedBy: 'rateLimits' });
    expect(second.decision).toMatchObject({ desired: 20, nextEligibleAt: 15_000 });
    expect(third.decision.desired).toBe(40);
  });

  it('forgets a change that the fleet shows was never made', () => {
    const engine = engineOf({ bounds: { min: 1, max: 1000 } });

    const first = engine.decide(undefined, { fleet: 10, metrics: { cpu: 70 } }, 0);
    const again = engine.decide(first.state, { fleet: 10, metrics: { cpu: 70 } }, 5_000);

    expect(again.decision.desired).toBe(20);
  });

  it('keeps within its bounds, whatever the policies ask for', () => {
    const { decision } = engineOf({ stages: [] }).decide(
      undefined,
      { fleet: 10, metrics: { cpu: 1e12 } },
      0,
    );

    expect(decision).toMatchObject({ desired: 100, limitedBy: 'bounds' });
  });

  it.each([
    ['scaleOutOnly', 0.1, 10, 2],
    ['scaleOutOnly', 1.4, 20, 20],
    ['recommend', 1.4, 10, 20],
    ['off', 1.4, 10, 20],
  ] as const)(
    'in mode %s at load %d asks for %d and recommends %d',
    (mode, load, desired, wish) => {
      const engine = engineOf({ mode, stages: [] });

      const { decision } = engine.decide(undefined, { fleet: 10, metrics: { cpu: load } }, 0);

      expect(decision).toMatchObject({ desired, recommended: wish });
    },
  );

  it('isolates a policy that throws', () => {
    const broken = {
      propose: () => {
        throw new Error('no luck');
      },
    };
    const engine = engineOf({ policies: { cpu, broken }, stages: [] });

    const { decision } = engine.decide(undefined, { fleet: 4, metrics: { cpu: 1.4 } }, 0);

    expect(decision.desired).toBe(8);
    expect(decision.faults).toEqual(['policy broken: no luck']);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['NaN', { desired: NaN, why: '', holdsIn: false }],
    ['a promise', Promise.resolve({ desired: 1, why: '' })],
  ])('takes no opinion, and does not shrink, when a policy answers with %s', (_, answer) => {
    const broken = { propose: () => answer as Proposal };
    const engine = engineOf({ policies: { broken }, stages: [] });

    expect(engine.decide(undefined, { fleet: 9, metrics: {} }, 0).decision.desired).toBe(9);
  });

  it('goes on without a stage or a combiner that answers with nothing', () => {
    const stage = { name: 'broken', adjust: () => undefined as never };
    const combine = { combine: () => undefined as never };

    const skipped = engineOf({ stages: [stage] });
    const kept = engineOf({ stages: [], combine });

    const observations = { fleet: 4, metrics: { cpu: 1.4 } };
    expect(skipped.decide(undefined, observations, 0).decision.desired).toBe(8);
    expect(kept.decide(undefined, observations, 0).decision.desired).toBe(4);
  });

  it.each([NaN, -3, 2.5, Infinity, null, undefined, 'three', {}, { current: NaN }])(
    'does not decide on a fleet of %j, which nobody has counted',
    (fleet) => {
      const observations = { fleet: fleet as number, metrics: { cpu: 0.1 } };

      expect(() => engineOf().decide(undefined, observations, 0)).toThrow(
        expect.objectContaining({ code: 'ERR_OPTION', option: 'fleet' }),
      );
    },
  );

  it('refuses a time that is none and a state of another version', () => {
    const observations = { fleet: 4, metrics: { cpu: 0.7 } };

    expect(() => engineOf().decide(undefined, observations, NaN)).toThrow(/decide\.now/);
    expect(() => engineOf().decide({ version: 2 } as never, observations, 0)).toThrow(
      /decide\.state/,
    );
  });

  it.each([
    {},
    { policies: 5 },
    { stages: null },
    { changes: {} },
    { changes: [null] },
    { changes: [{ at: 'x', from: 1, to: 2 }] },
    { at: '5' },
    { startUps: { pending: [{}], took: [], planMs: null } },
    { startUps: 5 },
    { lastGood: { cpu: 5 } },
    { blindSince: [undefined] },
  ])('refuses a state of the right version that is none: %j', (junk) => {
    const whole = { policies: {}, stages: {}, changes: [] };
    const parts = Object.keys(junk).length === 0 ? {} : { ...whole, ...junk };
    const state = { version: 1, ...parts } as never;

    expect(() => engineOf().decide(state, { fleet: 4, metrics: {} }, 0)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', option: 'decide.state' }),
    );
  });

  it('goes on from its own state after JSON', () => {
    const engine = engineOf();
    const observations = { fleet: { current: 4, ready: 4 }, metrics: { cpu: 1.4 } };
    const { state } = engine.decide(undefined, observations, 0);
    const stored = JSON.parse(JSON.stringify(state)) as typeof state;

    expect(engine.decide(stored, observations, 1_000)).toEqual(
      engine.decide(state, observations, 1_000),
    );
  });

  it.each([undefined, null, 5, {}, { fleet: 3 }])('refuses observations %j', (observations) => {
    expect(() => engineOf().decide(undefined, observations as never, 0)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION' }),
    );
  });

  it('in scaleOutOnly leaves a fleet above the most where it is', () => {
    const engine = scalingEngine({
      bounds: { min: 1, max: 5 },
      policies: { cpu: targetTracking({ metric: 'cpu', target: 0.5 }) },
      mode: 'scaleOutOnly',
    });

    const { decision } = engine.decide(undefined, { fleet: 8, metrics: { cpu: 0.9 } }, 0);

    expect(decision).toMatchObject({ recommended: 5, desired: 8 });
  });

  it.each<[string, unknown]>([
    ['measured at no time', { value: 0.1, at: NaN }],
    ['a text', '0.1'],
    ['null', null],
    ['of an unknown quality', { value: 0.1, quality: 'great' }],
  ])('does not shrink on a reading that is %s', (_, reading) => {
    const metrics = { cpu: reading as number };

    const { decision } = engineOf({ stages: [] }).decide(undefined, { fleet: 9, metrics }, 0);

    expect(decision.desired).toBe(9);
  });

  it('is pure, and its state survives JSON', () => {
    const engine = engineOf({ stages: [stabilisation({ inMs: 20_000 }), rateLimits()] });
    const run = (through: <T>(state: T) => T, loads: readonly number[]) => {
      let state: Parameters<ScalingEngine['decide']>[0];
      let fleet = 3;
      return loads.map((load, i) => {
        const step = engine.decide(state, { fleet, metrics: { cpu: load } }, i * 5_000);
        state = through(step.state);
        fleet = step.decision.desired;
        return step.decision;
      });
    };

    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 5, noNaN: true })), (loads) => {
        const plain = run((state) => Object.freeze(state), loads);
        const handedOver = run(<T>(state: T) => JSON.parse(JSON.stringify(state)) as T, loads);
        expect(handedOver).toEqual(plain);
      }),
    );
  });

  it.each([
    [{ bounds: { min: 5, max: 4 } }, 'scalingEngine.bounds.max'],
    [{ bounds: { min: NaN, max: 4 } }, 'scalingEngine.bounds.min'],
    [{ bounds: undefined as never }, 'scalingEngine.bounds'],
    [{ policies: {} }, 'scalingEngine.policies'],
    [{ policies: null as never }, 'scalingEngine.policies'],
    [{ policies: { cpu: null as never } }, 'scalingEngine.policies.cpu'],
    [{ quality: { stale: 1 } as never }, 'scalingEngine.stale'],
    [{ stages: [rateLimits(), rateLimits()] }, 'scalingEngine.stages'],
    [{ mode: 'maybe' as never }, 'scalingEngine.mode'],
  ])('refuses %j', (options, option) => {
    expect(() => engineOf(options)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', option }),
    );
  });

  it.each([
    () => targetTracking({ metric: 'cpu', target: 0 }),
    () => targetTracking({ metric: 'cpu', target: NaN }),
    () => targetTracking({ metric: '', target: 1 }),
    () => targetTracking({ metric: 'cpu', target: 1, tolerance: { in: -1 } }),
    () => backlog({ backlog: 'queue', serviceMs: 0 }),
    () => stabilisation({ inMs: -1 }),
    () => rateLimits({ out: { rates: [] } }),
    () => rateLimits({ out: { rates: [{ units: 1, periodMs: 0 }] } }),
  ])('refuses wrong options of a plug-in: %s', (make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
  });
});

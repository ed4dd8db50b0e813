import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type {
  EngineState,
  Reading,
  ScaledJobStrategy,
  ScalingEngine,
} from '../../src/scale/index.ts';
import {
  awsStepScaling,
  awsTargetTracking,
  keda,
  scaledJobs,
  scalingEngine,
} from '../../src/scale/index.ts';
import { adjusted, isInStep, roundedAway } from '../../src/scale/presets/aws-step.ts';

const vectors = JSON.parse(readFileSync('test/vectors/scale-extra.json', 'utf8')) as {
  readonly kedaScaledJob: readonly {
    readonly id: string;
    readonly test: string;
    readonly strategy: 'default' | 'custom' | 'accurate' | 'eager';
    readonly params: {
      readonly queueLengthDeduction?: number | null;
      readonly runningJobPercentage?: number;
    };
    readonly input: Parameters<typeof scaledJobs>[1];
    readonly expected: { readonly effectiveMaxScale: number; readonly scaleTo?: number };
  }[];
  readonly awsStep: {
    readonly interval: readonly {
      readonly threshold: number;
      readonly lower: number | null;
      readonly upper: number | null;
      readonly direction: 'above' | 'below';
      readonly metric: number;
      readonly expected: boolean;
    }[];
    readonly minAdjustment: readonly {
      readonly capacity: number;
      readonly percent: number;
      readonly minAdjustmentMagnitude: number;
      readonly expectedDelta: number;
    }[];
    readonly cooldown: readonly {
      readonly first: number;
      readonly secondDuringCooldown: number;
      readonly expectedExtra: number;
    }[];
    readonly percentRounding: readonly { readonly raw: number; readonly rounded: number }[];
  };
};

/** Runs an engine on readings at fixed intervals; the fleet follows each decision at once. */
function fleetOver(
  engine: ScalingEngine,
  readings: readonly (Reading | undefined)[],
  { everyMs, start }: { everyMs: number; start: number },
): number[] {
  let state: EngineState | undefined;
  let fleet = start;
  return readings.map((reading, i) => {
    const step = engine.decide(state, { fleet, metrics: { m: reading } }, i * everyMs);
    state = step.state;
    fleet = step.decision.desired;
    return fleet;
  });
}

describe('step scaling of AWS', () => {
  it.each(vectors.awsStep.interval)(
    'puts $metric in [$lower, $upper] $direction: $expected',
    (row) => {
      const step = {
        change: 1,
        ...(row.lower === null ? {} : { lower: row.lower }),
        ...(row.upper === null ? {} : { upper: row.upper }),
      };

      expect(isInStep(step, row.metric, row.threshold, row.direction)).toBe(row.expected);
    },
  );

  it.each(vectors.awsStep.minAdjustment)('changes at least the minimum: %j', (row) => {
    const { capacity, percent, minAdjustmentMagnitude, expectedDelta } = row;

    expect(adjusted(capacity, percent, 'percent', minAdjustmentMagnitude) - capacity).toBe(
      expectedDelta,
    );
  });

  it.each(vectors.awsStep.percentRounding)('rounds $raw to $rounded', ({ raw, rounded }) => {
    expect(roundedAway(raw)).toBe(rounded);
  });

  it.each(vectors.awsStep.cooldown)('credits growth in flight: %j', (row) => {
    const engine = scalingEngine({
      bounds: { min: 1, max: 100 },
      policies: {
        alarm: awsStepScaling({
          metric: 'm',
          threshold: 50,
          steps: [
            { lower: 0, upper: 10, change: row.first },
            { lower: 10, change: row.secondDuringCooldown },
          ],
        }),
      },
      stages: [],
    });

    const [first = 0, second = 0] = fleetOver(engine, [55, 65], { everyMs: 60_000, start: 10 });

    expect(first).toBe(10 + row.first);
    expect(second - first).toBe(row.expectedExtra);
  });

  it('takes nothing away while units warm up', () => {
    const steps = [{ upper: 0, change: -4 }];
    const options = { metric: 'm', threshold: 20, direction: 'below' as const, steps };
    const engine = scalingEngine({
      bounds: { min: 1, max: 100 },
      policies: { alarm: awsStepScaling({ ...options, warmUpMs: 100_000 }) },
      stages: [],
    });
    const changes = [{ at: 0, from: 8, to: 10 }];
    const state: EngineState = { version: 1, policies: {}, stages: {}, changes };
    const at = (now: number): number =>
      engine.decide(state, { fleet: 10, metrics: { m: 5 } }, now).decision.desired;

    expect([at(99_000), at(100_000)]).toEqual([10, 6]);
  });

  it.each([
    [
      { lower: 0, upper: 10, change: 1 },
      { lower: 5, change: 2 },
    ],
    [
      { lower: 0, upper: 10, change: 1 },
      { lower: 20, change: 2 },
    ],
    [{ lower: -5, upper: 10, change: 1 }],
    [{ lower: 10, upper: 10, change: 1 }],
    [
      { lower: 0, change: 1 },
      { lower: 5, change: 2 },
    ],
    [],
  ])('refuses the steps %j', (...steps) => {
    expect(() => awsStepScaling({ metric: 'm', threshold: 50, steps })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION' }),
    );
  });
});

describe('target tracking of AWS', () => {
  const engine = scalingEngine({
    bounds: { min: 1, max: 100 },
    policies: { cpu: awsTargetTracking({ metric: 'm', target: 50 }) },
    stages: [],
  });

  it('grows in proportion after three minutes above the target', () => {
    const over = fleetOver(engine, [100, 100, 100, 100, 50, 50], { everyMs: 60_000, start: 4 });

    expect(over).toEqual([4, 4, 4, 8, 8, 8]);
  });

  it('shrinks after fifteen minutes below nine tenths', () => {
    const readings = Array.from({ length: 17 }, () => 25);
    const fleet = fleetOver(engine, readings, { everyMs: 60_000, start: 8 });

    expect(fleet.slice(0, 15)).toEqual(Array.from({ length: 15 }, () => 8));
    expect(fleet[15]).toBe(4);
  });

  it('lets a minute without data break no row, and shrinks on none', () => {
    const gap = [25, ...Array.from({ length: 14 }, () => 25), undefined, 25, 25];
    const fleet = fleetOver(engine, gap, { everyMs: 60_000, start: 8 });

    expect(fleet[15]).toBe(8);
    expect(fleet.at(-1)).toBe(4);
  });
});

describe('a ScaledJob of KEDA', () => {
  it.each(vectors.kedaScaledJob.map((row) => [row.id, row.test, row] as const))(
    '%s: %s',
    (_, __, { strategy, params, input, expected }) => {
      const { queueLengthDeduction, runningJobPercentage } = params;
      const how: ScaledJobStrategy =
        strategy === 'custom'
          ? {
              strategy,
              ...(queueLengthDeduction == null ? {} : { queueLengthDeduction }),
              ...(runningJobPercentage == null ? {} : { runningJobRatio: runningJobPercentage }),
            }
          : { strategy };

      const answer = scaledJobs(how, input);

      expect(answer.effectiveMaxScale).toBe(expected.effectiveMaxScale);
      if (expected.scaleTo !== undefined) expect(answer.scaleTo).toBe(expected.scaleTo);
    },
  );
});

describe('keda()', () => {
  const queue = { type: 'External' as const, metric: 'm', averageValue: 10 };
  const engine = scalingEngine(
    keda({ triggers: [{ metric: queue, activationThreshold: 5 }], cooldownPeriodMs: 60_000 }),
  );
  const run = (readings: readonly (Reading | undefined)[], start: number): number[] =>
    fleetOver(engine, readings, { everyMs: 30_000, start });

  it('wakes only above the activation threshold', () => {
    expect(run([0, 5, 6], 0)).toEqual([0, 0, 1]);
  });

  it('goes to zero after the cool-down, not before', () => {
    expect(run([10, 0, 0, 0], 1)).toEqual([1, 1, 0, 0]);
  });

  it('neither sleeps nor wakes on a metric it cannot read', () => {
    expect(run([10, undefined, NaN, undefined, undefined], 1)).toEqual([1, 1, 1, 1, 1]);
    expect(run([undefined, NaN], 0)).toEqual([0, 0]);
  });

  it('rests with its idle count', () => {
    const resting = scalingEngine(
      keda({
        triggers: [{ metric: queue }],
        minReplicaCount: 3,
        idleReplicaCount: 0,
        cooldownPeriodMs: 0,
      }),
    );

    expect(fleetOver(resting, [0, 1, 0], { everyMs: 30_000, start: 3 })).toEqual([0, 3, 0]);
  });

  it('refuses an idle count of the minimum or more', () => {
    expect(() => keda({ triggers: [{ metric: queue }], idleReplicaCount: 1 })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION' }),
    );
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type {
  Change,
  EngineState,
  HpaMetric,
  HpaScalingRules,
  Reading,
  Stage,
} from '../../src/scale/index.ts';
import { hpa, scalingEngine, stabilisation } from '../../src/scale/index.ts';
import { fullScalingRules, legacyStages } from '../../src/scale/presets/hpa-behavior.ts';
import { netChange } from '../../src/scale/stages/rate-limits.ts';
import type { PodRow } from './hpa-fixtures.ts';
import { NOW, quantity, unitOf } from './hpa-fixtures.ts';

interface Event {
  readonly replicaChange: number;
  readonly ageSeconds: number;
}

interface Recommendation {
  readonly replicas: number;
  readonly ageSeconds: number;
}

type Rules = HpaScalingRules | null;

const vectors = JSON.parse(readFileSync('test/vectors/scale-hpa-behavior.json', 'utf8')) as {
  readonly rateLimit: readonly {
    readonly id: string;
    readonly name: string;
    readonly input: {
      readonly minReplicas: number;
      readonly maxReplicas: number;
      readonly currentReplicas: number;
      readonly desiredReplicas: number;
      readonly scaleUpRules: Rules;
      readonly scaleDownRules: Rules;
      readonly scaleUpEvents: readonly Event[];
      readonly scaleDownEvents: readonly Event[];
    };
    readonly expected: { readonly replicas: number; readonly condition: string };
  }[];
  readonly policyLimit: readonly {
    readonly id: string;
    readonly direction: 'up' | 'down';
    readonly input: {
      readonly currentReplicas: number;
      readonly rules: Rules;
      readonly scaleUpEvents: readonly Event[];
      readonly scaleDownEvents: readonly Event[];
    };
    readonly expected: { readonly limit: number };
  }[];
  readonly legacyLimit: readonly {
    readonly id: string;
    readonly input: {
      readonly currentReplicas: number;
      readonly desiredReplicas: number;
      readonly minReplicas: number;
      readonly maxReplicas: number;
      readonly scaleUpLimitFactor: number;
      readonly scaleUpLimitMinimum: number;
    };
    readonly expected: { readonly replicas: number; readonly condition: string };
  }[];
  readonly storeEvents: readonly {
    readonly id: string;
    readonly input: {
      readonly previousEvents: readonly Event[];
      readonly windowSeconds: number;
    };
    readonly expected: { readonly replicasChangeInWindowBeforeStore: number };
  }[];
  readonly stabilizeLegacy: readonly {
    readonly id: string;
    readonly input: {
      readonly recommendations: readonly Recommendation[];
      readonly desiredReplicas: number;
      readonly downscaleStabilizationSeconds: number;
    };
    readonly expected: { readonly replicas: number };
  }[];
  readonly stabilize: readonly {
    readonly id: string;
    readonly input: {
      readonly recommendations: readonly Recommendation[];
      readonly currentReplicas: number;
      readonly desiredReplicas: number;
      readonly scaleUpStabilizationWindowSeconds: number;
      readonly scaleDownStabilizationWindowSeconds: number;
    };
    readonly expected: { readonly replicas: number };
  }[];
  readonly defaults: readonly {
    readonly id: string;
    readonly direction: 'up' | 'down';
    readonly input: Rules;
    readonly expected: unknown;
  }[];
  readonly reconcile: readonly Reconcile[];
};

interface Reconcile {
  readonly id: string;
  readonly test: string;
  readonly input: {
    readonly minReplicas: number;
    readonly maxReplicas: number;
    readonly specReplicas: number;
    readonly tolerance: { readonly scaleUp: number; readonly scaleDown: number };
    readonly cpuInitializationPeriodSeconds: number;
    readonly delayOfInitialReadinessStatusSeconds: number;
    readonly downscaleStabilizationSeconds: number;
    readonly scaleUpLimitFactor: number;
    readonly scaleUpLimitMinimum: number;
    readonly metrics: readonly {
      readonly type: string;
      readonly targetUtilizationPercent?: number;
      readonly targetAverageMilli?: number;
      readonly targetValueMilli?: number;
    }[];
    readonly pods: readonly PodRow[];
    readonly reportedLevelsMilli: readonly number[];
    readonly metricAgeSeconds: number;
    readonly metricWindowSeconds: number;
    readonly externalMetricsError: boolean;
    readonly recommendations: readonly Recommendation[] | null;
  };
  readonly expected: {
    readonly desiredReplicas: number;
    readonly conditions?: readonly { type: string; status: boolean; reason: string }[];
  };
}

const AT_ONCE = { stabilizationWindowSeconds: 0 };

/** The events of both lists as changes, oldest first. The fleets before and after are arbitrary. */
function changesOf(up: readonly Event[], down: readonly Event[]): Change[] {
  const signed = [
    ...up,
    ...down.map((event) => ({ ...event, replicaChange: -event.replicaChange })),
  ].sort((a, b) => b.ageSeconds - a.ageSeconds);
  return signed.map(({ replicaChange, ageSeconds }) => ({
    at: NOW - ageSeconds * 1000,
    from: 10_000,
    to: 10_000 + replicaChange,
  }));
}

const wants = {
  propose: (situation: { sample: (name: string) => { value: number } }) => ({
    desired: situation.sample('desired').value,
    why: 'given',
  }),
};

/** Decides with the stages of `behavior` alone, from a wish given as a metric. */
function limited(input: {
  readonly bounds: { readonly min: number; readonly max: number };
  readonly current: number;
  readonly desired: number;
  readonly rules: { readonly scaleUp: Rules; readonly scaleDown: Rules };
  readonly changes: readonly Change[];
}) {
  const { stages } = hpa({
    maxReplicas: 1,
    behavior: {
      scaleUp: { ...input.rules.scaleUp, ...AT_ONCE },
      scaleDown: { ...input.rules.scaleDown, ...AT_ONCE },
    },
  });
  const engine = scalingEngine({
    bounds: input.bounds,
    policies: { wants },
    stages: stages as readonly Stage[],
  });
  const state = { version: 1 as const, policies: {}, stages: {}, changes: input.changes };
  const observations = { fleet: input.current, metrics: { desired: input.desired } };
  return engine.decide(state, observations, NOW).decision;
}

const LIMITED_BY: Readonly<Record<string, string | undefined>> = {
  DesiredWithinRange: undefined,
  TooFewReplicas: 'bounds',
  TooManyReplicas: 'bounds',
  ScaleUpLimit: 'rateLimits',
  ScaleDownLimit: 'rateLimits',
};

describe('behavior of HPA v2', () => {
  it.each(vectors.rateLimit.map((row) => [row.id, row.name, row] as const))(
    '%s: %s',
    (_, __, { input, expected }) => {
      const decision = limited({
        bounds: { min: input.minReplicas, max: input.maxReplicas },
        current: input.currentReplicas,
        desired: input.desiredReplicas,
        rules: { scaleUp: input.scaleUpRules, scaleDown: input.scaleDownRules },
        changes: changesOf(input.scaleUpEvents, input.scaleDownEvents),
      });

      expect(decision.desired).toBe(expected.replicas);
      expect(decision.limitedBy).toBe(LIMITED_BY[expected.condition]);
    },
  );

  it.each(vectors.policyLimit)('$id: the limit alone', ({ direction, input, expected }) => {
    const { desired } = limited({
      bounds: { min: 0, max: 1e6 },
      current: input.currentReplicas,
      desired: direction === 'up' ? 1e6 : 0,
      rules: { scaleUp: input.rules, scaleDown: input.rules },
      changes: changesOf(input.scaleUpEvents, input.scaleDownEvents),
    });

    expect(desired).toBe(expected.limit);
  });

  it.each(vectors.storeEvents)('$id: counts the events of a period', ({ input, expected }) => {
    const changes = changesOf(input.previousEvents, []);

    expect(netChange(changes, NOW, input.windowSeconds * 1000)).toBe(
      expected.replicasChangeInWindowBeforeStore,
    );
  });

  it.each(vectors.stabilize)('$id: stabilises', ({ input, expected }) => {
    const stage = stabilisation({
      outMs: input.scaleUpStabilizationWindowSeconds * 1000,
      inMs: input.scaleDownStabilizationWindowSeconds * 1000,
    }) as Stage;
    const engine = scalingEngine({
      bounds: { min: 0, max: 1e6 },
      policies: { wants },
      stages: [stage],
    });

    const { decision } = engine.decide(
      stateAfter(input.recommendations, stage, { lows: [], highs: [] }),
      { fleet: input.currentReplicas, metrics: { desired: input.desiredReplicas } },
      NOW,
    );

    expect(decision.desired).toBe(expected.replicas);
  });

  it.each(vectors.defaults)('$id: fills in what is left open', ({ direction, input, expected }) => {
    expect(fullScalingRules(direction, input)).toEqual(expected);
  });

  it.each([
    { maxReplicas: 0 },
    { maxReplicas: 5, minReplicas: 6 },
    { maxReplicas: 5, metrics: [] },
    { maxReplicas: 5, metrics: [{ type: 'Pods' as const, metric: 'q', averageValue: 0 }] },
    { maxReplicas: 5, tolerance: { scaleUp: -1 } },
    { maxReplicas: 5, behavior: { scaleUp: { stabilizationWindowSeconds: 3601 } } },
    { maxReplicas: 5, behavior: { scaleDown: { policies: [] } } },
    {
      maxReplicas: 5,
      behavior: {
        scaleUp: { policies: [{ type: 'Pods' as const, value: 1, periodSeconds: 1801 }] },
      },
    },
  ])('refuses %j', (options) => {
    expect(() => scalingEngine(hpa(options))).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION' }),
    );
  });
});

describe('HPA without behavior', () => {
  it.each(vectors.legacyLimit)('$id: limits growth', ({ input, expected }) => {
    const [, limit] = legacyStages({ ...input, downscaleStabilizationMs: 300_000 });
    const engine = scalingEngine({
      bounds: { min: input.minReplicas, max: input.maxReplicas },
      policies: { wants },
      stages: [limit as Stage],
    });

    const { decision } = engine.decide(
      undefined,
      { fleet: input.currentReplicas, metrics: { desired: input.desiredReplicas } },
      NOW,
    );

    expect(decision.desired).toBe(expected.replicas);
    expect(decision.limitedBy === 'scaleUpLimit').toBe(expected.condition === 'ScaleUpLimit');
  });

  it.each(vectors.stabilizeLegacy)('$id: stabilises', ({ input, expected }) => {
    const [window] = legacyStages({
      downscaleStabilizationMs: input.downscaleStabilizationSeconds * 1000,
      scaleUpLimitFactor: 2,
      scaleUpLimitMinimum: 4,
    });
    const stage = window as Stage;
    const engine = scalingEngine({
      bounds: { min: 0, max: 100 },
      policies: { wants },
      stages: [stage],
    });

    const { decision } = engine.decide(
      stateAfter(input.recommendations, stage, []),
      { fleet: 5, metrics: { desired: input.desiredReplicas } },
      NOW,
    );

    expect(decision.desired).toBe(expected.replicas);
  });

  it.each(vectors.reconcile.map((row) => [row.id, row.test, row] as const))(
    '%s: %s',
    (_, __, { input, expected }) => {
      const units = input.pods.map((pod) => unitOf(pod, null));
      const known = input.metrics.flatMap((metric, i) => metricOf(metric, `m${i}`));
      const options = hpa({
        minReplicas: input.minReplicas,
        maxReplicas: input.maxReplicas,
        ...(known.length === 0 ? {} : { metrics: known }),
        tolerance: input.tolerance,
        controller: {
          cpuInitializationPeriodMs: input.cpuInitializationPeriodSeconds * 1000,
          initialReadinessDelayMs: input.delayOfInitialReadinessStatusSeconds * 1000,
          downscaleStabilizationMs: input.downscaleStabilizationSeconds * 1000,
          scaleUpLimitFactor: input.scaleUpLimitFactor,
          scaleUpLimitMinimum: input.scaleUpLimitMinimum,
        },
      });
      // A type the controller does not know is a metric that cannot be computed.
      const unknown = input.metrics.length - known.length;
      const blind = { propose: () => ({ desired: undefined, why: 'unknown type' }) };
      const policies = unknown === 0 ? options.policies : { ...options.policies, blind };
      const state =
        input.recommendations === null
          ? undefined
          : stateAfter(input.recommendations, options.stages?.[0] as Stage, []);

      const { decision } = scalingEngine({ ...options, policies }).decide(
        state,
        {
          fleet: { current: input.specReplicas, units },
          metrics: Object.fromEntries(
            input.metrics.map((metric, i) => [`m${i}`, readingOf(metric.type, input)]),
          ),
        },
        NOW,
      );

      expect(decision.desired).toBe(expected.desiredReplicas);
    },
  );
});

describe('tolerance of a direction', () => {
  it('goes before the one of the controller', () => {
    const desired = (load: number): number =>
      scalingEngine(
        hpa({
          maxReplicas: 1_000,
          metrics: [{ type: 'External', metric: 'load', averageValue: 1 }],
          behavior: { scaleUp: { tolerance: 0.01 } },
        }),
      ).decide(undefined, { fleet: 100, metrics: { load } }, NOW).decision.proposed;

    expect([100, 101, 102, 95, 89].map(desired)).toEqual([100, 100, 102, 100, 89]);
  });
});

/** The state of an engine whose policies have wished for this, beginning with an empty window. */
function stateAfter(
  recommendations: readonly Recommendation[],
  stage: Stage,
  empty: unknown,
): EngineState {
  const engine = scalingEngine({
    bounds: { min: 0, max: 1e6 },
    policies: { wants },
    stages: [stage],
  });
  let state: EngineState = {
    version: 1,
    policies: {},
    stages: { [stage.name]: empty },
    changes: [],
  };
  for (const { replicas, ageSeconds } of recommendations.toSorted(
    (a, b) => b.ageSeconds - a.ageSeconds,
  )) {
    const observations = { fleet: 1, metrics: { desired: replicas } };
    state = engine.decide(state, observations, NOW - ageSeconds * 1000).state;
  }
  return { ...state, changes: [] };
}

function metricOf(metric: Reconcile['input']['metrics'][number], name: string): HpaMetric[] {
  const { type, targetUtilizationPercent, targetAverageMilli, targetValueMilli } = metric;
  if (type === 'Resource') {
    const averageUtilization = targetUtilizationPercent ?? 0;
    return [{ type, resource: 'cpu', metric: name, averageUtilization }];
  }
  if (type === 'Pods') {
    return [{ type, metric: name, averageValue: quantity(targetAverageMilli ?? 0) }];
  }
  if (type !== 'Object' && type !== 'External') return [];
  if (targetValueMilli !== undefined && targetValueMilli !== null) {
    return [{ type, metric: name, value: quantity(targetValueMilli) }];
  }
  return [{ type, metric: name, averageValue: quantity(targetAverageMilli ?? 0) }];
}

function readingOf(type: string, input: Reconcile['input']): Reading {
  const { reportedLevelsMilli, externalMetricsError, pods } = input;
  const levels = reportedLevelsMilli.map(quantity);
  if (type === 'External' && externalMetricsError) return { quality: 'error' };
  if (type === 'Object' || type === 'External') return levels.reduce((sum, one) => sum + one, 0);
  return {
    perUnit: { values: pods.map((_, i) => levels[i] ?? NaN) },
    at: NOW - input.metricAgeSeconds * 1000,
    windowMs: input.metricWindowSeconds * 1000,
  };
}

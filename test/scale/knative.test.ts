import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { knative, knativeSampleSize, knativeTarget, scalingEngine } from '../../src/scale/index.ts';
import type { KpaSpec, KpaState } from '../../src/scale/presets/knative-kpa.ts';
import { kpaStart, kpaStep, slidingMax } from '../../src/scale/presets/knative-kpa.ts';
import { bucketWindow, smoothingCoefficient } from '../../src/scale/presets/knative-window.ts';
import type { WindowEntry } from '../../src/scale/stages/stabilisation.ts';

interface SpecRow {
  readonly targetValue: number;
  readonly totalValue: number;
  readonly targetBurstCapacity: number;
  readonly panicThreshold: number;
  readonly maxScaleUpRate: number;
  readonly maxScaleDownRate: number;
  readonly stableWindowSeconds: number;
  readonly scaleDownDelaySeconds?: number;
  readonly activationScale?: number;
  readonly reachable: boolean;
}

const vectors = JSON.parse(readFileSync('test/vectors/scale-knative.json', 'utf8')) as {
  readonly kpa: readonly {
    readonly id: string;
    readonly test: string;
    readonly label: string;
    readonly tickSeconds: number;
    readonly spec: SpecRow;
    readonly readyPodsAtConstruction: number;
    readonly presetPanic?: { readonly panicSinceSeconds: number; readonly maxPanicPods: number };
    readonly steps: readonly {
      readonly atSeconds: number;
      readonly readyPods: number;
      readonly stableValue: number;
      readonly panicValue: number;
      readonly readyPodsError?: boolean;
      readonly metricsError?: boolean;
      readonly specUpdate?: SpecRow;
      readonly expected: {
        readonly valid: boolean;
        readonly desiredPods?: number;
        readonly excessBurstCapacity?: number;
        readonly panicSinceSeconds?: number | null;
      };
    }[];
  }[];
  readonly construct: readonly {
    readonly id: string;
    readonly input: { readonly readyPodsAtConstruction: number };
    readonly expected: { readonly inPanic: boolean; readonly maxPanicPods: number };
  }[];
  readonly delayWindowTime: readonly {
    readonly id: string;
    readonly input: {
      readonly windowSeconds: number;
      readonly granularitySeconds: number;
      readonly records: readonly { readonly atSeconds: number; readonly value: number }[];
    };
    readonly expected: { readonly currentAfterLast: number };
  }[];
  readonly delayWindowIndex: readonly {
    readonly id: string;
    readonly input: {
      readonly buckets: number;
      readonly records: readonly { readonly index: number; readonly value: number }[];
    };
    readonly expected: { readonly currentAfterEach: readonly number[] };
  }[];
  readonly resolveTarget: readonly {
    readonly id: string;
    readonly name: string;
    readonly input: {
      readonly metric: 'concurrency' | 'rps';
      readonly containerConcurrency: number;
      readonly targetAnnotation: number | null;
      readonly targetUtilizationAnnotationPercent: number | null;
      readonly config: {
        readonly containerConcurrencyTargetFraction: number;
        readonly containerConcurrencyTargetDefault: number;
        readonly rpsTargetDefault: number;
        readonly targetUtilization: number;
      };
    };
    readonly expected: { readonly target: number; readonly total: number };
  }[];
  readonly windowAverage: readonly {
    readonly id: string;
    readonly kind: 'linear' | 'weighted';
    readonly windowSeconds: number;
    readonly granularitySeconds: number;
    readonly absTolerance?: number;
    readonly ops: readonly {
      readonly op: 'record' | 'average' | 'resize';
      readonly atSeconds: number;
      readonly value: number;
      readonly windowSeconds: number;
      readonly expected: number;
    }[];
  }[];
  readonly smoothingCoefficient: readonly {
    readonly id: string;
    readonly input: {
      readonly buckets: number;
      readonly weightPrecision: number;
      readonly minExponent: number;
    };
    readonly expected: { readonly coefficient: number; readonly absTolerance: number };
  }[];
  readonly sampleSize: readonly {
    readonly id: string;
    readonly input: { readonly population: number };
    readonly expected: { readonly sampleSize: number };
  }[];
};

function specOf(row: SpecRow, tickSeconds: number): KpaSpec {
  return {
    ...row,
    stableWindowMs: row.stableWindowSeconds * 1000,
    scaleDownDelayMs: (row.scaleDownDelaySeconds ?? 0) * 1000,
    activationScale: row.activationScale ?? 0,
    tickMs: tickSeconds * 1000,
  };
}

/** What the policy says when it cannot read its metric or count its pods. */
function proposalOn(step: {
  readyPodsError?: boolean;
  metricsError?: boolean;
}): number | undefined {
  const engine = scalingEngine(knative({ readings: { stable: 's', panic: 'p' } }));
  const value = step.metricsError === true ? NaN : 1;
  const ready = step.readyPodsError === true ? NaN : 1;
  const observations = { fleet: { current: 1, ready }, metrics: { s: value, p: value } };
  return engine.decide(undefined, observations, 0).decision.steps[0]?.out;
}

describe('the KPA of Knative', () => {
  it.each(vectors.kpa.map((row) => [row.id, `${row.test} ${row.label}`, row] as const))(
    '%s: %s',
    (_, __, row) => {
      let spec = specOf(row.spec, row.tickSeconds);
      let state: KpaState = kpaStart(row.readyPodsAtConstruction, 0);
      if (row.presetPanic !== undefined) {
        const { panicSinceSeconds, maxPanicPods } = row.presetPanic;
        state = { ...state, panicSince: panicSinceSeconds * 1000, maxPanicPods };
      }
      for (const step of row.steps) {
        if (step.specUpdate !== undefined) spec = specOf(step.specUpdate, row.tickSeconds);
        if (!step.expected.valid) {
          expect(proposalOn(step)).toBeUndefined();
          continue;
        }

        const result = kpaStep(spec, state, step, step.atSeconds * 1000);

        state = result.state;
        const { expected } = step;
        expect(result.desiredPods).toBe(expected.desiredPods);
        expect(
          Math.abs(result.excessBurstCapacity - (expected.excessBurstCapacity ?? NaN)),
        ).toBeLessThanOrEqual(1);
        if (expected.panicSinceSeconds === undefined) continue;
        const since = expected.panicSinceSeconds;
        expect(state.panicSince).toBe(since === null ? undefined : since * 1000);
      }
    },
  );

  it.each(vectors.construct)('$id: starts calm or in panic', ({ input, expected }) => {
    const state = kpaStart(input.readyPodsAtConstruction, 0);

    expect(state.panicSince !== undefined).toBe(expected.inPanic);
    expect(state.maxPanicPods).toBe(expected.maxPanicPods);
  });

  it.each(vectors.delayWindowTime)('$id: delays by the maximum in time', ({ input, expected }) => {
    const buckets = Math.ceil(input.windowSeconds / input.granularitySeconds);
    let entries: readonly WindowEntry[] = [];
    for (const { atSeconds, value } of input.records) {
      const bucket = Math.floor(atSeconds / input.granularitySeconds);
      entries = slidingMax(entries, bucket, value, buckets);
    }

    expect(entries[0]?.[1]).toBe(expected.currentAfterLast);
  });

  it.each(vectors.delayWindowIndex)('$id: delays by the maximum', ({ input, expected }) => {
    let entries: readonly WindowEntry[] = [];
    const seen = input.records.map(({ index, value }) => {
      entries = slidingMax(entries, index, value, input.buckets);
      return entries[0]?.[1];
    });

    expect(seen).toEqual(expected.currentAfterEach);
  });

  it.each(vectors.resolveTarget)('$id: resolves the target: $name', ({ input, expected }) => {
    const { config, metric, targetAnnotation, targetUtilizationAnnotationPercent: per } = input;
    const rps = metric === 'rps';
    const fraction = rps ? config.targetUtilization : config.containerConcurrencyTargetFraction;
    const { target, total } = knativeTarget({
      metric,
      containerConcurrency: input.containerConcurrency,
      total: rps ? config.rpsTargetDefault : config.containerConcurrencyTargetDefault,
      utilisation: per === null ? fraction : per / 100,
      ...(targetAnnotation === null ? {} : { target: targetAnnotation }),
    });

    expect(target).toBeCloseTo(expected.target, 9);
    expect(total).toBeCloseTo(expected.total, 9);
  });

  it.each(vectors.windowAverage)('$id: averages over a window', (row) => {
    const weights = row.kind === 'linear' ? 'linear' : 'exponential';
    const window = bucketWindow(row.windowSeconds * 1000, row.granularitySeconds * 1000, weights);
    for (const { op, atSeconds, value, windowSeconds, expected } of row.ops) {
      if (op === 'record') window.record(atSeconds * 1000, value);
      else if (op === 'resize') window.resize(windowSeconds * 1000);
      else {
        const off = Math.abs(window.average(atSeconds * 1000) - expected);
        expect(off).toBeLessThanOrEqual(row.absTolerance ?? 1e-9);
      }
    }
  });

  it.each(vectors.smoothingCoefficient)('$id: weighs the newest bucket', ({ input, expected }) => {
    const share = smoothingCoefficient(input.buckets, input.weightPrecision, input.minExponent);

    expect(Math.abs(share - expected.coefficient)).toBeLessThanOrEqual(expected.absTolerance);
  });

  it.each(vectors.sampleSize)('$id: asks enough pods', ({ input, expected }) => {
    expect(knativeSampleSize(input.population)).toBe(expected.sampleSize);
  });
});

describe('knative()', () => {
  const readings = { stable: 'c60', panic: 'c6' };

  it('panics on a burst and does not shrink for a stable window', () => {
    const engine = scalingEngine(knative({ readings, target: 10, utilisation: 1 }));

    const calm = engine.decide(undefined, { fleet: 1, metrics: { c60: 5, c6: 5 } }, 0);
    const burst = engine.decide(calm.state, { fleet: 1, metrics: { c60: 10, c6: 50 } }, 2_000);
    const after = engine.decide(burst.state, { fleet: 5, metrics: { c60: 10, c6: 1 } }, 60_000);
    const later = engine.decide(after.state, { fleet: 5, metrics: { c60: 10, c6: 1 } }, 62_001);

    expect([calm, burst, after, later].map(({ decision }) => decision.desired)).toEqual([
      1, 5, 5, 2,
    ]);
  });

  it('decides nothing on a window without data', () => {
    const engine = scalingEngine(knative({ readings }));

    const { decision } = engine.decide(undefined, { fleet: 7, metrics: { c60: 3 } }, 0);

    expect(decision.desired).toBe(7);
  });

  it.each([{ target: 0 }, { panicThreshold: 0 }, { maxScaleUpRate: 1 }, { tickMs: NaN }])(
    'refuses %j',
    (options) => {
      expect(() => knative({ readings, ...options })).toThrow(
        expect.objectContaining({ code: 'ERR_OPTION' }),
      );
    },
  );
});

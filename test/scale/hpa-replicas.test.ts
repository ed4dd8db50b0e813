import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { HpaMetric, PerUnit, Unit } from '../../src/scale/index.ts';
import { hpa, scalingEngine } from '../../src/scale/index.ts';
import { groupOf, toMilli } from '../../src/scale/presets/hpa-replicas.ts';
import { podRequest } from '../../src/scale/presets/pod-request.ts';
import type { PodRow } from './hpa-fixtures.ts';
import { NOW, quantity, unitOf } from './hpa-fixtures.ts';

interface Case {
  readonly id: string;
  readonly name: string;
  readonly kind: 'resource' | 'pods' | 'object' | 'external' | 'objectPerPod' | 'externalPerPod';
  readonly input: {
    readonly currentReplicas: number;
    readonly tolerance: { readonly scaleUp: number; readonly scaleDown: number };
    readonly cpuInitializationPeriodSeconds: number;
    readonly delayOfInitialReadinessStatusSeconds: number;
    readonly pods: readonly PodRow[];
    readonly container: string | null;
    readonly targetUtilizationPercent: number;
    readonly targetMilli: number | string;
    readonly targetPerPodMilli: number | string;
    readonly podMetrics?: readonly {
      readonly pod: string;
      readonly containersMilli?: Readonly<Record<string, number>>;
      readonly valueMilli?: number;
      readonly ageSeconds: number;
      readonly windowSeconds: number;
    }[];
    readonly metricMilli?: readonly (number | string)[];
  };
  readonly expected: { readonly replicas?: number };
}

const vectors = JSON.parse(readFileSync('test/vectors/scale-hpa-replica.json', 'utf8')) as {
  readonly cases: readonly Case[];
  readonly groupPods: readonly {
    readonly id: string;
    readonly name: string;
    readonly input: Case['input'] & { readonly resource: string };
    readonly expected: {
      readonly readyPodCount: number;
      readonly unreadyPods: readonly string[];
      readonly missingPods: readonly string[];
      readonly ignoredPods: readonly string[];
    };
  }[];
  readonly calculateRequests: readonly {
    readonly id: string;
    readonly name: string;
    readonly input: {
      readonly container: string | null;
      readonly podLevelResourcesEnabled: boolean;
      readonly pods: readonly (Parameters<typeof podRequest>[0] & { readonly name: string })[];
    };
    readonly expected: {
      readonly requestsMilli?: Readonly<Record<string, number>>;
    };
  }[];
};

function metricOf({ kind, input }: Case): HpaMetric {
  const metric = 'metric';
  switch (kind) {
    case 'resource':
      return {
        type: 'Resource',
        resource: 'cpu',
        metric,
        averageUtilization: input.targetUtilizationPercent,
      };
    case 'pods':
      return { type: 'Pods', metric, averageValue: quantity(input.targetMilli) };
    case 'object':
      return { type: 'Object', metric, value: quantity(input.targetMilli) };
    case 'external':
      return { type: 'External', metric, value: quantity(input.targetMilli) };
    case 'objectPerPod':
      return { type: 'Object', metric, averageValue: quantity(input.targetPerPodMilli) };
    case 'externalPerPod':
      return { type: 'External', metric, averageValue: quantity(input.targetPerPodMilli) };
  }
}

function perUnitOf(input: Case['input'], units: readonly Unit[]): PerUnit {
  const samples = units.map(({ id }) => input.podMetrics?.find(({ pod }) => pod === id));
  return {
    values: samples.map((sample) => {
      if (sample === undefined) return NaN;
      const { containersMilli, valueMilli } = sample;
      if (containersMilli === undefined) return quantity(valueMilli ?? NaN);
      if (input.container !== null) return quantity(containersMilli[input.container] ?? NaN);
      return quantity(Object.values(containersMilli).reduce((sum, milli) => sum + milli, 0));
    }),
    at: samples.map((sample) => NOW - (sample?.ageSeconds ?? 0) * 1000),
  };
}

function decide(row: Case): { proposed: number; steps: readonly { out: number | undefined }[] } {
  const { input, kind } = row;
  const units = input.pods.map((pod) => unitOf(pod, input.container));
  const engine = scalingEngine({
    ...hpa({
      minReplicas: 0,
      maxReplicas: 2 ** 31 - 1,
      metrics: [metricOf(row)],
      tolerance: input.tolerance,
      controller: {
        cpuInitializationPeriodMs: input.cpuInitializationPeriodSeconds * 1000,
        initialReadinessDelayMs: input.delayOfInitialReadinessStatusSeconds * 1000,
      },
    }),
    stages: [],
  });
  const figures = (input.metricMilli ?? []).map(quantity);
  const windowMs = (input.podMetrics?.[0]?.windowSeconds ?? 60) * 1000;
  const reading =
    kind === 'resource'
      ? { perUnit: perUnitOf(input, units), windowMs }
      : kind === 'pods'
        ? { perUnit: { values: figures }, windowMs }
        : figures.reduce((sum, figure) => sum + figure, 0);
  const fleet = { current: input.currentReplicas, units };
  return engine.decide(undefined, { fleet, metrics: { metric: reading } }, NOW).decision;
}

describe('the replica calculator of HPA v2', () => {
  it.each(vectors.cases.map((row) => [row.id, row.name, row] as const))('%s: %s', (_, __, row) => {
    const { proposed, steps } = decide(row);

    if (row.expected.replicas === undefined) expect(steps[0]?.out).toBeUndefined();
    else expect(proposed).toBe(row.expected.replicas);
  });

  it.each(vectors.groupPods.map((row) => [row.id, row.name, row] as const))(
    '%s: groups pods: %s',
    (_, __, { input, expected }) => {
      const units = input.pods.map((pod) => unitOf(pod, null));
      const { values, at } = perUnitOf({ ...input, container: null }, units);
      const groups = units.map((_, i) =>
        groupOf(
          i,
          {
            units,
            values,
            times: at,
            at: NOW,
            isSteady: false,
            windowMs:
              (input.podMetrics?.find(({ pod }) => pod === units[i]?.id)?.windowSeconds ?? 0) *
              1000,
          },
          input.resource === 'cpu',
          {
            now: NOW,
            currentReplicas: units.length,
            tolerance: { scaleUp: 0.1, scaleDown: 0.1 },
            cpuInitializationPeriodMs: input.cpuInitializationPeriodSeconds * 1000,
            initialReadinessDelayMs: input.delayOfInitialReadinessStatusSeconds * 1000,
          },
        ),
      );
      const named = (group: string): string[] =>
        units.filter((__, i) => groups[i] === group).map(({ id }) => id);

      expect(named('ready')).toHaveLength(expected.readyPodCount);
      expect(named('unready').sort()).toEqual([...expected.unreadyPods].sort());
      expect(named('missing').sort()).toEqual([...expected.missingPods].sort());
      expect(named('ignored').sort()).toEqual([...expected.ignoredPods].sort());
    },
  );

  it.each(vectors.calculateRequests.map((row) => [row.id, row.name, row] as const))(
    '%s: sums requests: %s',
    (_, __, { input, expected }) => {
      const sums = input.pods.map((pod) => [
        pod.name,
        podRequest(pod, {
          ...(input.container === null ? {} : { container: input.container }),
          podLevel: input.podLevelResourcesEnabled,
        }),
      ]);

      if (expected.requestsMilli === undefined) expect(sums[0]?.[1]).toBeUndefined();
      else expect(Object.fromEntries(sums)).toEqual(expected.requestsMilli);
    },
  );
});

describe('toMilli', () => {
  it.each([
    [1.234, 1234],
    [0.1 + 0.2, 300],
    [0.0001, 1],
    [4.35, 4350],
    [0, 0],
  ])('reads %d as %d thousandths', (value, milli) => {
    expect(toMilli(value)).toBe(milli);
  });
});

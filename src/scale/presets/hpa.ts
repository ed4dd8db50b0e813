/**
 * The Horizontal Pod Autoscaler v2 of Kubernetes as options of the engine, with its field names, so
 * that a manifest's `spec` can be written down here and tried on a trace.
 */

import type { OptionChecks } from '../../core/index.ts';
import { optionChecks } from '../../core/index.ts';
import { requireObject, requireObjects } from '../plug-ins.ts';
import { show } from '../decision.ts';
import type { ScalingEngineOptions } from '../engine-options.ts';
import type { Proposal, ScalingPolicy, Situation, Unit } from '../ports.ts';
import { hasValue } from '../sample.ts';
import type { HpaScalingRules } from './hpa-behavior.ts';
import { behaviorStages, legacyStages } from './hpa-behavior.ts';
import type { HpaContext, HpaTolerance, PodUsage, ReplicaCount } from './hpa-replicas.ts';
import {
  areSteady,
  averageReplicas,
  readyPods,
  resourceReplicas,
  sharedReplicas,
  toMilli,
  valueReplicas,
} from './hpa-replicas.ts';

/** A metric of `spec.metrics`. `metric` names the reading; for a resource it defaults to its name. */
export type HpaMetric =
  | {
      readonly type: 'Resource';
      /** What units have in `requests`: `cpu`, `memory`, or a name of one's own for a container. */
      readonly resource: string;
      readonly metric?: string;
      /** Per cent of the requests; a whole number above 0. */
      readonly averageUtilization: number;
    }
  | {
      readonly type: 'Resource';
      readonly resource: string;
      readonly metric?: string;
      readonly averageValue: number;
    }
  | { readonly type: 'Pods'; readonly metric: string; readonly averageValue: number }
  | { readonly type: 'Object' | 'External'; readonly metric: string; readonly value: number }
  | {
      readonly type: 'Object' | 'External';
      readonly metric: string;
      readonly averageValue: number;
    };

export interface HpaOptions {
  /** @default 1 */
  readonly minReplicas?: number;
  readonly maxReplicas: number;
  /** @default [{ type: 'Resource', resource: 'cpu', averageUtilization: 80 }] */
  readonly metrics?: readonly HpaMetric[];
  /** @default the path of the controller without `behavior`: at most double, or 4 */
  readonly behavior?: {
    readonly scaleUp?: HpaScalingRules | null;
    readonly scaleDown?: HpaScalingRules | null;
  };
  /** Shares of the target, where `behavior` gives none; 0 or more. @default { scaleUp: 0.1, scaleDown: 0.1 } */
  readonly tolerance?: Partial<HpaTolerance>;
  /** Settings of the controller, by its flags. */
  readonly controller?: {
    /** @default 300_000 */
    readonly cpuInitializationPeriodMs?: number;
    /** @default 30_000 */
    readonly initialReadinessDelayMs?: number;
    /** @default 300_000 */
    readonly downscaleStabilizationMs?: number;
    /** Only without `behavior`. @default 2 */
    readonly scaleUpLimitFactor?: number;
    /** Only without `behavior`. @default 4 */
    readonly scaleUpLimitMinimum?: number;
  };
}

/**
 * Returns engine options that decide as HPA v2 does: `scalingEngine(hpa({ maxReplicas: 10 }))`.
 * Resource and Pods metrics are readings with `perUnit` figures; resources in units of the requests.
 *
 * @throws OptionError (`ERR_OPTION`) for what the API server would refuse
 */
export function hpa(options: HpaOptions): ScalingEngineOptions {
  const check = optionChecks('hpa');
  check.known(options, [
    'minReplicas',
    'maxReplicas',
    'metrics',
    'behavior',
    'tolerance',
    'controller',
  ]);
  const { metrics = [{ type: 'Resource', resource: 'cpu', averageUtilization: 80 }] } = options;
  requireObjects(check, 'metrics', metrics);
  if (metrics.length === 0) check.refuse('metrics', 'at least one metric', metrics);
  const { behavior } = options;
  if (behavior !== undefined) requireObject(check, 'behavior', behavior);
  const flags = checkedFlags(options.controller ?? {}, check);
  const tolerance = (direction: 'scaleUp' | 'scaleDown'): number => {
    const own = behavior?.[direction]?.tolerance ?? undefined;
    if (own !== undefined) return check.nonNegative(`behavior.${direction}.tolerance`, own);
    return check.nonNegative(`tolerance.${direction}`, options.tolerance?.[direction] ?? 0.1);
  };
  const settings: HpaSettings = {
    tolerance: { scaleUp: tolerance('scaleUp'), scaleDown: tolerance('scaleDown') },
    cpuInitializationPeriodMs: flags.cpuInitializationPeriodMs,
    initialReadinessDelayMs: flags.initialReadinessDelayMs,
  };
  return {
    bounds: { min: options.minReplicas ?? 1, max: options.maxReplicas },
    policies: Object.fromEntries(
      metrics.map((metric, i) => [
        `${i} ${nameOf(metric)}`,
        metricPolicy(metric, i, settings, check),
      ]),
    ),
    stages:
      behavior === undefined
        ? legacyStages(flags)
        : behaviorStages(behavior, flags.downscaleStabilizationMs, check),
    restsAtZero: true,
  };
}

type Flags = Required<NonNullable<HpaOptions['controller']>>;

function checkedFlags(flags: NonNullable<HpaOptions['controller']>, check: OptionChecks): Flags {
  const flag = (name: keyof Flags, standard: number): number =>
    check.nonNegative(`controller.${name}`, flags[name] ?? standard);
  return {
    cpuInitializationPeriodMs: flag('cpuInitializationPeriodMs', 300_000),
    initialReadinessDelayMs: flag('initialReadinessDelayMs', 30_000),
    downscaleStabilizationMs: flag('downscaleStabilizationMs', 300_000),
    scaleUpLimitFactor: flag('scaleUpLimitFactor', 2),
    scaleUpLimitMinimum: flag('scaleUpLimitMinimum', 4),
  };
}

type HpaSettings = Pick<
  HpaContext,
  'tolerance' | 'cpuInitializationPeriodMs' | 'initialReadinessDelayMs'
>;

function nameOf(metric: HpaMetric): string {
  return metric.type === 'Resource' ? (metric.metric ?? metric.resource) : metric.metric;
}

function metricPolicy(
  metric: HpaMetric,
  index: number,
  settings: HpaSettings,
  check: OptionChecks,
): ScalingPolicy {
  const path = `metrics[${index}]`;
  check.oneOf(`${path}.type`, metric.type, ['Resource', 'Pods', 'Object', 'External']);
  const name = check.text(`${path}.metric`, nameOf(metric));
  const target = targetOf(metric);
  check.positive(`${path} target`, target);
  return {
    propose(situation): Proposal {
      const { now, fleet } = situation;
      const context = { ...settings, now, currentReplicas: fleet.current };
      const answer = replicasOf(metric, name, target, situation, context);
      if ('error' in answer) return { desired: undefined, why: `${name}: ${answer.error}` };
      const { replicas, utilizationPercent, usageMilli } = answer;
      const usage =
        utilizationPercent === undefined ? show(usageMilli / 1000) : `${utilizationPercent} %`;
      return { desired: replicas, why: `${name} ${usage} against ${show(target)}` };
    },
  };
}

function targetOf(metric: HpaMetric): number {
  if ('averageUtilization' in metric) return metric.averageUtilization;
  return 'averageValue' in metric ? metric.averageValue : metric.value;
}

function replicasOf(
  metric: HpaMetric,
  name: string,
  target: number,
  situation: Situation,
  context: HpaContext,
): ReplicaCount {
  const { fleet } = situation;
  const sample = situation.sample(name);
  if (metric.type === 'Resource' || metric.type === 'Pods') {
    const pods = podUsage(situation, name);
    if ('error' in pods) return pods;
    return 'averageUtilization' in metric
      ? resourceReplicas(pods, metric.resource, target, context)
      : averageReplicas(
          pods,
          metric.type === 'Resource' ? metric.resource : undefined,
          toMilli(target),
          context,
        );
  }
  if (!hasValue(sample)) return { error: sample.note ?? sample.quality };
  const usage = toMilli(sample.value);
  return 'averageValue' in metric
    ? sharedReplicas(usage, toMilli(target), fleet.current, context)
    : valueReplicas(usage, toMilli(target), readyCount(situation), context);
}

function readyCount({ fleet }: Situation): number {
  return fleet.units === undefined ? fleet.ready : readyPods(fleet.units);
}

function podUsage(situation: Situation, name: string): PodUsage | { readonly error: string } {
  const { units } = situation.fleet;
  const { perUnit, at, windowMs, note } = situation.sample(name);
  if (units === undefined) return { error: 'the fleet does not name its units' };
  if (perUnit === undefined) return { error: note ?? 'no figures per unit' };
  const isSteady = steadiness(situation, units);
  return { units, values: perUnit.values, times: perUnit.at, at, windowMs, isSteady };
}

/** Looked at once per decision, not once per metric. */
const STEADY = new WeakMap<Situation, boolean>();

function steadiness(situation: Situation, units: readonly Unit[]): boolean {
  let isSteady = STEADY.get(situation);
  if (isSteady === undefined) STEADY.set(situation, (isSteady = areSteady(units)));
  return isSteady;
}

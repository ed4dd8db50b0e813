/**
 * A KEDA ScaledObject as options of the engine: an HPA between one and many, activation between none
 * and one.
 */

import { optionChecks } from '../../core/index.ts';
import { requireObjects } from '../plug-ins.ts';
import type { ScalingEngineOptions } from '../engine-options.ts';
import { scaleToZero } from '../stages/scale-to-zero.ts';
import type { HpaMetric, HpaOptions } from './hpa.ts';
import { hpa } from './hpa.ts';

/** A trigger: an HPA metric, and from where on there is anything to do. */
export interface KedaTrigger {
  readonly metric: HpaMetric;
  /** Active above this value. @default 0 */
  readonly activationThreshold?: number;
}

export interface KedaOptions {
  /** @default 0 */
  readonly minReplicaCount?: number;
  /** @default 100 */
  readonly maxReplicaCount?: number;
  /** Replicas while nothing is active; below `minReplicaCount`. @default minReplicaCount */
  readonly idleReplicaCount?: number;
  /** Wait before going to idle, in ms; from many to one the HPA's own window counts. @default 300_000 */
  readonly cooldownPeriodMs?: number;
  /** At least one. */
  readonly triggers: readonly KedaTrigger[];
  readonly behavior?: HpaOptions['behavior'];
}

/**
 * Returns engine options that decide as KEDA with its HPA does.
 *
 * @throws OptionError (`ERR_OPTION`) for what KEDA would refuse
 */
export function keda(options: KedaOptions): ScalingEngineOptions {
  const check = optionChecks('keda');
  check.known(options, [
    'minReplicaCount',
    'maxReplicaCount',
    'idleReplicaCount',
    'cooldownPeriodMs',
    'triggers',
    'behavior',
  ]);
  const { minReplicaCount: min = 0, maxReplicaCount: max = 100, triggers, behavior } = options;
  requireObjects(check, 'triggers', triggers);
  check.number('minReplicaCount', min, { min: 0, integer: true });
  const idle = check.number('idleReplicaCount', options.idleReplicaCount ?? min, {
    min: 0,
    max: min,
    integer: true,
  });
  const inner = hpa({
    minReplicas: Math.max(1, min),
    maxReplicas: max,
    metrics: triggers.map(({ metric }) => metric),
    ...(behavior === undefined ? {} : { behavior }),
  });
  if (idle >= 1 && idle === min) return inner;
  const activeAbove = Object.fromEntries(
    triggers.map(({ metric, activationThreshold = 0 }) => [
      metric.metric ?? (metric.type === 'Resource' ? metric.resource : ''),
      activationThreshold,
    ]),
  );
  return {
    ...inner,
    bounds: { min: idle, max },
    stages: [
      ...(inner.stages ?? []),
      scaleToZero({
        activeAbove,
        idleMs: options.cooldownPeriodMs ?? 300_000,
        wakeUnits: Math.max(1, min),
        idleUnits: idle,
      }),
    ],
    restsAtZero: false,
  };
}

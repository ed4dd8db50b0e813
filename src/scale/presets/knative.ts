/**
 * Knative's pod autoscaler as options of the engine.
 */

import type { OptionChecks } from '../../core/index.ts';
import { optionChecks } from '../../core/index.ts';
import { show } from '../decision.ts';
import type { ScalingEngineOptions } from '../engine-options.ts';
import type { Proposal, ScalingPolicy } from '../ports.ts';
import { hasValue } from '../sample.ts';
import { noOpinion } from '../policies/target-tracking.ts';
import type { KpaSpec, KpaState } from './knative-kpa.ts';
import { kpaStart, kpaStep } from './knative-kpa.ts';

/** What a pod is meant to carry. */
export interface KnativeTargetOptions {
  /** @default 'concurrency' */
  readonly metric?: 'concurrency' | 'rps';
  /** Requests a container takes at once; 0 for no limit. @default 0 */
  readonly containerConcurrency?: number;
  /** The `autoscaling.knative.dev/target` annotation. */
  readonly target?: number;
  /** Share of the target to aim at, above 0. @default 0.7 */
  readonly utilisation?: number;
  /** Total without an annotation and a limit. @default 100 concurrent requests, or 200 per second */
  readonly total?: number;
}

export interface KnativeOptions extends KnativeTargetOptions {
  /** Names of the readings of the metric, summed over all pods: means over the two windows. */
  readonly readings: { readonly stable: string; readonly panic: string };
  /** @default 0 */
  readonly minScale?: number;
  /** @default 1_000 */
  readonly maxScale?: number;
  /** @default 60_000 */
  readonly stableWindowMs?: number;
  /** @default 2 */
  readonly panicThreshold?: number;
  /** @default 1_000 */
  readonly maxScaleUpRate?: number;
  /** @default 2 */
  readonly maxScaleDownRate?: number;
  /** @default 0 */
  readonly scaleDownDelayMs?: number;
  /** @default 1 */
  readonly activationScale?: number;
  /** @default 211 */
  readonly targetBurstCapacity?: number;
  /** @default true */
  readonly reachable?: boolean;
  /** Time between decisions: what `controller.everyMs` must be. @default 2_000 */
  readonly tickMs?: number;
}

const LEAST_TARGET = 0.01;

/** What one pod should carry, and what it can, as Knative resolves it from limits and annotations. */
export function knativeTarget(options: KnativeTargetOptions = {}): {
  readonly target: number;
  readonly total: number;
} {
  const { metric = 'concurrency', containerConcurrency = 0, utilisation = 0.7 } = options;
  const rps = metric === 'rps';
  const standard = options.total ?? (rps ? 200 : 100);
  const limit = rps || containerConcurrency === 0 ? undefined : containerConcurrency;
  const total = Math.min(options.target ?? limit ?? standard, limit ?? Infinity);
  return { target: Math.max(LEAST_TARGET, total * utilisation), total };
}

/** Pods to ask of `N` for their figures, so that their mean is close to that of all. */
export function knativeSampleSize(pods: number): number {
  if (pods <= 0) return 0;
  // (z ∕ error)² · variance, at 95 % and with the variance Knative assumes.
  const infinite = 15.37;
  return Math.ceil((pods * infinite) / (pods + infinite - 1));
}

/**
 * Returns engine options that decide as the KPA does. Tick it every 2 s.
 *
 * @throws OptionError (`ERR_OPTION`) for an option out of range
 */
export function knative(options: KnativeOptions): ScalingEngineOptions {
  const check = optionChecks('knative');
  check.known(options, [
    'readings',
    'metric',
    'containerConcurrency',
    'target',
    'utilisation',
    'total',
    'minScale',
    'maxScale',
    'stableWindowMs',
    'panicThreshold',
    'maxScaleUpRate',
    'maxScaleDownRate',
    'scaleDownDelayMs',
    'activationScale',
    'targetBurstCapacity',
    'reachable',
    'tickMs',
  ]);
  return {
    bounds: { min: options.minScale ?? 0, max: options.maxScale ?? 1_000 },
    policies: { kpa: kpaPolicy(options.readings, checkedSpec(options, check)) },
    stages: [],
  };
}

/** The checked specification of the KPA. */
function checkedSpec(options: KnativeOptions, check: OptionChecks): KpaSpec {
  const { target, total } = checkedTarget(options, check);
  return {
    targetValue: target,
    totalValue: total,
    // -1 keeps the activator in the path for ever.
    targetBurstCapacity: check.number('targetBurstCapacity', options.targetBurstCapacity ?? 211, {
      min: -1,
    }),
    panicThreshold: check.positive('panicThreshold', options.panicThreshold ?? 2),
    maxScaleUpRate: check.number('maxScaleUpRate', options.maxScaleUpRate ?? 1_000, { above: 1 }),
    maxScaleDownRate: check.number('maxScaleDownRate', options.maxScaleDownRate ?? 2, { above: 1 }),
    stableWindowMs: check.positive('stableWindowMs', options.stableWindowMs ?? 60_000),
    scaleDownDelayMs: check.nonNegative('scaleDownDelayMs', options.scaleDownDelayMs ?? 0),
    activationScale: check.count('activationScale', options.activationScale ?? 1),
    reachable: options.reachable ?? true,
    tickMs: check.positive('tickMs', options.tickMs ?? 2_000),
  };
}

function checkedTarget(
  options: KnativeOptions,
  check: OptionChecks,
): ReturnType<typeof knativeTarget> {
  check.oneOf('metric', options.metric ?? 'concurrency', ['concurrency', 'rps']);
  check.nonNegative('containerConcurrency', options.containerConcurrency ?? 0);
  if (options.target !== undefined) check.positive('target', options.target);
  if (options.total !== undefined) check.positive('total', options.total);
  check.positive('utilisation', options.utilisation ?? 0.7);
  return knativeTarget(options);
}

function kpaPolicy(readings: KnativeOptions['readings'], spec: KpaSpec): ScalingPolicy<KpaState> {
  return {
    propose(situation, state): Proposal<KpaState> {
      const { now, fleet } = situation;
      const before = state ?? kpaStart(fleet.ready, now);
      const stable = situation.sample(readings.stable);
      const panic = situation.sample(readings.panic);
      if (!Number.isFinite(fleet.ready)) {
        return { ...noOpinion('ready pods', 'cannot be counted'), state: before };
      }
      for (const sample of [stable, panic]) {
        if (!hasValue(sample)) {
          const name = sample === stable ? readings.stable : readings.panic;
          return { ...noOpinion(name, sample.quality), state: before };
        }
      }
      const input = {
        readyPods: fleet.ready,
        stableValue: stable.value,
        panicValue: panic.value,
      };
      const { desiredPods, excessBurstCapacity, state: next } = kpaStep(spec, before, input, now);
      const mode = next.panicSince === undefined ? 'stable' : 'panic';
      return {
        desired: desiredPods,
        why: `${mode}: ${show(stable.value)} stable, ${show(panic.value)} panic, burst room ${excessBurstCapacity}`,
        holdsIn: stable.quality !== 'fresh' || panic.quality !== 'fresh',
        state: next,
      };
    },
  };
}

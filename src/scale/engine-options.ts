/**
 * The options of an engine, and what becomes of them once they are checked.
 */

import type { OptionChecks } from '../core/index.ts';
import { optionChecks } from '../core/index.ts';
import type { ScalingMode } from './decision.ts';
import { requireMethod, requireObject, requireObjects } from './plug-ins.ts';
import type { Bounds, Combiner, ScalingPolicy, Stage } from './ports.ts';
import type { QualityOptions, QualityRules } from './quality.ts';
import { qualityRules } from './quality.ts';
import type { DerivedMetric } from './situation.ts';
import { rateLimits } from './stages/rate-limits.ts';
import { stabilisation } from './stages/stabilisation.ts';

export interface ScalingEngineOptions {
  /** Fewest and most units; whole numbers, 0 ≤ min ≤ max, max at least 1. */
  readonly bounds: Bounds;
  /** The policies by name; at least one. */
  readonly policies: Readonly<Record<string, ScalingPolicy>>;
  /** Makes one wish of several proposals. @default largest() */
  readonly combine?: Combiner;
  /** What the wish passes on its way, in order. @default [stabilisation(), rateLimits()] */
  readonly stages?: readonly Stage[];
  /** @default 'on' */
  readonly mode?: ScalingMode;
  /** Metrics computed from others, by name; policies use them like any other. */
  readonly derived?: Readonly<Record<string, DerivedMetric>>;
  /** What may be believed, and what to do when nothing may. */
  readonly quality?: QualityOptions;
  /** How long new units take, in ms, until enough is learned; 0 or more. @default 60_000 */
  readonly startUpMs?: number;
  /** True: a fleet that somebody put to 0, below `bounds.min`, is left there. @default false */
  readonly restsAtZero?: boolean;
}

/** The checked parts of an engine. */
export interface Parts {
  readonly bounds: Bounds;
  readonly policies: readonly (readonly [string, ScalingPolicy])[];
  readonly combine: Combiner | undefined;
  readonly stages: readonly Stage[];
  readonly mode: ScalingMode;
  readonly derived: Readonly<Record<string, DerivedMetric>>;
  readonly rules: QualityRules;
  /** Until one is learned. */
  readonly startUpMs: number;
  readonly restsAtZero: boolean;
}

/** Checks every option. */
export function checkedParts(options: ScalingEngineOptions): Parts {
  const check = optionChecks('scalingEngine');
  check.known(options, [
    'bounds',
    'policies',
    'combine',
    'stages',
    'mode',
    'derived',
    'quality',
    'startUpMs',
    'restsAtZero',
  ]);
  const { combine, derived = {}, restsAtZero = false } = options;
  requireObject(check, 'bounds', options.bounds);
  requireObject(check, 'policies', options.policies);
  const min = check.number('bounds.min', options.bounds.min, { min: 0, integer: true });
  const max = check.count('bounds.max', options.bounds.max);
  if (max < min) check.refuse('bounds.max', `bounds.min (${min}) or more`, max);
  if (typeof restsAtZero !== 'boolean') check.refuse('restsAtZero', 'true or false', restsAtZero);
  requireObject(check, 'derived', derived);
  if (combine !== undefined) requireMethod(check, 'combine', combine, 'combine');
  for (const [name, compute] of Object.entries(derived)) {
    check.callable(`derived.${name}`, compute);
  }
  return {
    bounds: { min, max },
    policies: checkedPolicies(options.policies, check),
    combine,
    stages: checkedStages(options.stages ?? [stabilisation(), rateLimits()], check),
    derived,
    rules: qualityRules(options.quality ?? {}, check),
    startUpMs: check.nonNegative('startUpMs', options.startUpMs ?? 60_000),
    restsAtZero,
    mode: check.oneOf('mode', options.mode ?? 'on', ['on', 'scaleOutOnly', 'recommend', 'off']),
  };
}

function checkedPolicies(
  policies: ScalingEngineOptions['policies'],
  check: OptionChecks,
): Parts['policies'] {
  const entries = Object.entries(policies);
  if (entries.length === 0) check.refuse('policies', 'at least one policy', policies);
  for (const [name, policy] of entries) {
    requireMethod(check, `policies.${name}`, policy, 'propose');
  }
  return entries;
}

function checkedStages(stages: readonly Stage[], check: OptionChecks): readonly Stage[] {
  requireObjects(check, 'stages', stages);
  for (const stage of stages) requireMethod(check, 'stages', stage, 'adjust');
  const names = stages.map((stage) => check.text('stages.name', stage.name));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) check.refuse('stages', 'a row of stages with different names', twice);
  return stages;
}

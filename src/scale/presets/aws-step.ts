/**
 * Step scaling of AWS Auto Scaling: the further the metric is from its threshold, the larger the step.
 *
 * Source: AWS Auto Scaling API reference (StepAdjustment, MinAdjustmentMagnitude) and EC2 Auto Scaling
 * user guide (rounding, warm-up). Steps above the threshold include their lower bound, steps below it
 * their upper one. While earlier growth is still warming up it counts towards the next step, and
 * nothing is taken away.
 */

import { optionChecks } from '../../core/index.ts';
import type { OptionChecks } from '../../core/index.ts';
import { requireObjects } from '../plug-ins.ts';
import { show } from '../decision.ts';
import type { Change, Proposal, ScalingPolicy } from '../ports.ts';
import { hasValue } from '../sample.ts';
import { noOpinion } from '../policies/target-tracking.ts';

/** A step; bounds are relative to the threshold, an absent one is open. */
export interface AwsStep {
  readonly lower?: number;
  readonly upper?: number;
  /** Units, per cent or an exact count, by `adjustment`; negative takes away. */
  readonly change: number;
}

export interface AwsStepOptions {
  /** Name of the metric. */
  readonly metric: string;
  /** The alarm's threshold, in the metric's unit. */
  readonly threshold: number;
  /** Steps of an alarm at or above the threshold, or of one at or below it; without gap or overlap. */
  readonly steps: readonly AwsStep[];
  /** @default 'above' */
  readonly direction?: 'above' | 'below';
  /** What `change` counts. @default 'units' */
  readonly adjustment?: 'units' | 'percent' | 'exact';
  /** Least units a step in per cent changes. @default 1 */
  readonly minAdjustmentMagnitude?: number;
  /** Readings in a row that must breach. @default 1 */
  readonly breaches?: number;
  /** Time new units take to count, in ms. @default 300_000 */
  readonly warmUpMs?: number;
}

/**
 * Makes the policy of one alarm.
 *
 * @throws OptionError (`ERR_OPTION`) for steps that overlap, leave a gap or cross the threshold
 */
export function awsStepScaling(options: AwsStepOptions): ScalingPolicy {
  const check = optionChecks('awsStepScaling');
  check.known(options, [
    'metric',
    'threshold',
    'steps',
    'direction',
    'adjustment',
    'minAdjustmentMagnitude',
    'breaches',
    'warmUpMs',
  ]);
  const { metric, direction = 'above', adjustment = 'units', warmUpMs = 300_000 } = options;
  check.text('metric', metric);
  check.nonNegative('warmUpMs', warmUpMs);
  const threshold = check.number('threshold', options.threshold);
  check.oneOf('direction', direction, ['above', 'below']);
  check.oneOf('adjustment', adjustment, ['units', 'percent', 'exact']);
  const least = check.count('minAdjustmentMagnitude', options.minAdjustmentMagnitude ?? 1);
  const breaches = check.count('breaches', options.breaches ?? 1);
  const steps = checkSteps(check, options.steps, direction);

  return {
    lookBackMs: warmUpMs,
    propose(situation, state): Proposal {
      const sample = situation.sample(metric);
      if (!hasValue(sample)) return noOpinion(metric, sample.quality);
      const { current } = situation.fleet;
      const step = steps.find((one) => isInStep(one, sample.value, threshold, direction));
      const why = `${metric} ${show(sample.value)} against ${show(threshold)}`;
      const inRow = step === undefined ? 0 : (typeof state === 'number' ? state : 0) + 1;
      if (step === undefined || inRow < breaches) {
        return { desired: current, why, holdsIn: false, state: inRow };
      }
      const warming = warmingUp(situation.changes, situation.now, warmUpMs);
      const base = current - warming;
      const wanted = adjusted(base, step.change, adjustment, least);
      // Growth in flight is credited, never undone; while there is any, nothing shrinks.
      const desired = warming > 0 ? Math.max(current, wanted) : wanted;
      return { desired, why: `${why}: step ${show(step.change)}`, holdsIn: false, state: inRow };
    },
  };
}

/** Whether the metric lies in a step: [lower, upper) above the threshold, (lower, upper] below. */
export function isInStep(
  { lower = -Infinity, upper = Infinity }: AwsStep,
  metric: number,
  threshold: number,
  direction: 'above' | 'below',
): boolean {
  const off = metric - threshold;
  return direction === 'above' ? off >= lower && off < upper : off > lower && off <= upper;
}

/** The count a step leads to. */
export function adjusted(
  base: number,
  change: number,
  adjustment: 'units' | 'percent' | 'exact',
  least: number,
): number {
  if (adjustment === 'exact') return Math.max(0, change);
  if (adjustment === 'units') return Math.max(0, base + change);
  const units = roundedAway((base * change) / 100);
  const magnitude = Math.max(Math.abs(units), least);
  return Math.max(0, base + Math.sign(change) * magnitude);
}

/** Rounds towards zero, but never to nothing: 12.7 is 12, and 0.67 is 1. */
export function roundedAway(units: number): number {
  if (units === 0) return 0;
  return Math.abs(units) < 1 ? Math.sign(units) : Math.trunc(units);
}

/** Units of the growth that is still warming up. */
function warmingUp(changes: readonly Change[], now: number, warmUpMs: number): number {
  let units = 0;
  for (const { at, from, to } of changes) if (now - at < warmUpMs && to > from) units += to - from;
  return units;
}

function checkSteps(
  check: OptionChecks,
  steps: readonly AwsStep[],
  direction: 'above' | 'below',
): readonly AwsStep[] {
  requireObjects(check, 'steps', steps);
  if (steps.length === 0) check.refuse('steps', 'at least one step', steps);
  steps.forEach(({ lower, upper }, i) => {
    if (lower !== undefined) check.number(`steps[${i}].lower`, lower);
    if (upper !== undefined) check.number(`steps[${i}].upper`, upper);
  });
  const sorted = steps.toSorted((a, b) => (a.lower ?? -Infinity) - (b.lower ?? -Infinity));
  sorted.forEach(({ lower = -Infinity, upper = Infinity, change }, i) => {
    check.number(`steps[${i}].change`, change);
    if (!(lower < upper)) check.refuse(`steps[${i}].upper`, `above lower (${lower})`, upper);
    const crosses = direction === 'above' ? lower < 0 : upper > 0;
    if (crosses) check.refuse(`steps[${i}]`, `on the ${direction} side of the threshold`, steps[i]);
    const next = sorted[i + 1];
    if (next !== undefined && next.lower !== upper) {
      check.refuse(`steps[${i + 1}].lower`, `${upper}, where the step before ends`, next.lower);
    }
  });
  return sorted;
}

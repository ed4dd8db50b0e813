/**
 * Target tracking: as many units as bring a metric to its target.
 *
 * The formula of Kubernetes' HPA and of AWS target tracking, n = ⌈ready · value ∕ target⌉. Within a
 * tolerance nothing changes. Ours differs upwards and downwards by default: a single tolerance of
 * 10 % costs most of the under-provisioned time on smooth load, none at all upwards costs next to
 * nothing (docs/scale.md, back-test), and downwards it keeps the fleet calm.
 */

import { optionChecks } from '../../core/index.ts';
import { requireObject } from '../plug-ins.ts';
import { show } from '../decision.ts';
import type { Proposal, ScalingPolicy, Situation } from '../ports.ts';
import { hasValue } from '../sample.ts';

/** How far a metric may be off its target without a change, as a share of the target. */
export interface Tolerance {
  /** Above the target; 0 or more. @default 0 */
  readonly out?: number;
  /** Below the target; 0 to 1. @default 0.1 */
  readonly in?: number;
}

export interface TargetTrackingOptions {
  /** Name of the metric. */
  readonly metric: string;
  /** The value to hold, in the metric's unit; above 0. */
  readonly target: number;
  /**
   * `average`: the metric is a mean over the ready units, such as CPU use. `total`: it is a sum over
   * the fleet, such as requests per second, and `target` is one unit's share. @default 'average'
   */
  readonly of?: 'average' | 'total';
  /** @default { out: 0, in: 0.1 } */
  readonly tolerance?: Tolerance;
}

/**
 * Makes a policy that holds a metric at its target.
 *
 * @throws OptionError (`ERR_OPTION`) for a target that is not above 0, or a tolerance out of range
 */
export function targetTracking(options: TargetTrackingOptions): ScalingPolicy {
  const check = optionChecks('targetTracking');
  check.known(options, ['metric', 'target', 'of', 'tolerance']);
  const { metric, tolerance = {} } = options;
  requireObject(check, 'tolerance', tolerance);
  check.text('metric', metric);
  const target = check.positive('target', options.target);
  const of = check.oneOf('of', options.of ?? 'average', ['average', 'total']);
  const above = check.nonNegative('tolerance.out', tolerance.out ?? 0);
  const below = check.ratio('tolerance.in', tolerance.in ?? 0.1);

  return {
    propose(situation: Situation): Proposal {
      const sample = situation.sample(metric);
      if (!hasValue(sample)) return noOpinion(metric, sample.note ?? sample.quality);
      const { current, ready } = situation.fleet;
      const share = of === 'average' ? sample.value : sample.value / Math.max(1, current);
      const ratio = share / target;
      const why = `${metric} ${show(share)} against ${show(target)}`;
      const holdsIn = sample.quality !== 'fresh';
      if (ratio <= 1 + above && ratio >= 1 - below && current > 0) {
        return { desired: current, why: `${why}: within tolerance`, holdsIn };
      }
      const units = of === 'average' ? Math.max(1, ready) : Math.max(1, current);
      return { desired: ceilUnits(units * ratio), why, holdsIn };
    },
  };
}

/** The answer of a policy that cannot see. */
export function noOpinion(metric: string, why: string): Proposal {
  return { desired: undefined, why: `${metric}: ${why}` };
}

/** Rounds up, but not for the last bits of a division: 0.7 · 10 ∕ 0.7 is 10 units, not 11. */
export function ceilUnits(units: number): number {
  return Math.ceil(units - 1e-9 * Math.max(1, Math.abs(units)));
}

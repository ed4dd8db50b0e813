/**
 * Target tracking of AWS Auto Scaling: two alarms over minutes, quick upwards and slow downwards.
 *
 * Source: EC2 and Application Auto Scaling user guides. Growth needs 3 minutes in a row above the
 * target and is proportional; shrinking needs 15 minutes below nine tenths of it. A minute without data
 * breaks neither row and lets nothing shrink. Several such policies under `largest()` shrink only
 * when all agree, as AWS does. Deviation: AWS does not publish how it rounds inwards; here one may not
 * shrink below what the target calls for.
 */

import { optionChecks } from '../../core/index.ts';
import { show } from '../decision.ts';
import type { Proposal, ScalingPolicy } from '../ports.ts';
import { hasValue } from '../sample.ts';
import { ceilUnits } from '../policies/target-tracking.ts';

export interface AwsTargetTrackingOptions {
  /** Name of the metric. */
  readonly metric: string;
  /** Value to hold; above 0. */
  readonly target: number;
  /** As in `targetTracking`. @default 'average' */
  readonly of?: 'average' | 'total';
  /** Periods in a row above the target before growth. @default 3 */
  readonly breachesOut?: number;
  /** Periods in a row below before shrinking. @default 15 */
  readonly breachesIn?: number;
  /** Share of the target below which a period counts for shrinking, 0 to 1. @default 0.9 */
  readonly lowRatio?: number;
  /** Length of a period, in ms. @default 60_000 */
  readonly periodMs?: number;
}

interface Alarms {
  /** Number of the period under way, and what was measured in it. */
  readonly period: number;
  readonly sum: number;
  readonly count: number;
  /** Closed periods in a row above, and below. */
  readonly above: number;
  readonly below: number;
  /** Mean of the last closed period with data; null before there is one. */
  readonly last: number | null;
}

/**
 * Makes the policy.
 *
 * @throws OptionError (`ERR_OPTION`) for an option out of range
 */
export function awsTargetTracking(options: AwsTargetTrackingOptions): ScalingPolicy<Alarms> {
  const check = optionChecks('awsTargetTracking');
  check.known(options, [
    'metric',
    'target',
    'of',
    'breachesOut',
    'breachesIn',
    'lowRatio',
    'periodMs',
  ]);
  const { metric, of = 'average' } = options;
  check.text('metric', metric);
  const target = check.positive('target', options.target);
  check.oneOf('of', of, ['average', 'total']);
  const breachesOut = check.count('breachesOut', options.breachesOut ?? 3);
  const breachesIn = check.count('breachesIn', options.breachesIn ?? 15);
  const lowRatio = check.ratio('lowRatio', options.lowRatio ?? 0.9);
  const periodMs = check.positive('periodMs', options.periodMs ?? 60_000);

  const closed = (alarms: Alarms): Alarms => {
    if (alarms.count === 0) return alarms;
    const last = alarms.sum / alarms.count;
    return {
      ...alarms,
      last,
      above: last > target ? alarms.above + 1 : 0,
      below: last < target * lowRatio ? alarms.below + 1 : 0,
    };
  };

  return {
    propose(situation, state): Proposal<Alarms> {
      const { now, fleet } = situation;
      const sample = situation.sample(metric);
      const period = Math.floor(now / periodMs);
      const before = state ?? { period, sum: 0, count: 0, above: 0, below: 0, last: null };
      const began =
        period === before.period ? before : { ...closed(before), period, sum: 0, count: 0 };
      const units = Math.max(1, fleet.current);
      const value = of === 'average' ? sample.value : sample.value / units;
      const next = hasValue(sample)
        ? { ...began, sum: began.sum + value, count: began.count + 1 }
        : began;
      const fires = period !== before.period;
      const last = next.last ?? NaN;
      const wanted = ceilUnits((units * last) / target);
      const why = `${metric} ${show(last)} against ${show(target)}`;
      const holdsIn = sample.quality !== 'fresh';
      if (fires && next.above >= breachesOut) {
        const desired = Math.max(fleet.current, wanted);
        return { desired, why, state: { ...next, above: 0 }, holdsIn };
      }
      if (fires && next.below >= breachesIn && !holdsIn) {
        const desired = Math.min(fleet.current, wanted);
        return { desired, why, state: { ...next, below: 0 }, holdsIn };
      }
      return { desired: fleet.current, why: `${why}: no alarm`, state: next, holdsIn };
    },
  };
}

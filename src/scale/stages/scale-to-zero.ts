/**
 * Scale to zero: the last unit goes when nothing has been active for a while, and the first comes as
 * soon as something is.
 *
 * KEDA's activation (kedacore/keda@8b4f083): whether anything is to be done is a question of its own,
 * with a threshold of its own, apart from how many are needed. Between one unit and many the policies
 * decide; here only 0 ↔ 1. A metric that cannot be read never counts as idle.
 */

import { optionChecks } from '../../core/index.ts';
import { requireObject } from '../plug-ins.ts';
import type { Adjustment, Stage } from '../ports.ts';
import { hasValue } from '../sample.ts';

export interface ScaleToZeroOptions {
  /** Metrics by name: active above this value. At least one; any of them wakes the fleet. */
  readonly activeAbove: Readonly<Record<string, number>>;
  /** How long nothing must have been active before the last unit goes, in ms; 0 or more. @default 300_000 */
  readonly idleMs?: number;
  /** Units to wake up with; whole number. @default 1 */
  readonly wakeUnits?: number;
  /** Units to rest with; whole number below `wakeUnits`. @default 0 */
  readonly idleUnits?: number;
}

interface Activity {
  readonly lastActiveAt: number;
}

/**
 * Makes the stage; put it last. The engine's `bounds.min` must be `idleUnits` or less for it to matter.
 *
 * @throws OptionError (`ERR_OPTION`) for an option out of range
 */
export function scaleToZero(options: ScaleToZeroOptions): Stage<Activity> {
  const check = optionChecks('scaleToZero');
  check.known(options, ['activeAbove', 'idleMs', 'wakeUnits', 'idleUnits']);
  requireObject(check, 'activeAbove', options.activeAbove);
  const metrics = Object.entries(options.activeAbove);
  if (metrics.length === 0) check.refuse('activeAbove', 'at least one metric', options.activeAbove);
  for (const [name, above] of metrics) check.number(`activeAbove.${name}`, above);
  const idleMs = check.nonNegative('idleMs', options.idleMs ?? 300_000);
  const wake = check.count('wakeUnits', options.wakeUnits ?? 1);
  const idle = check.number('idleUnits', options.idleUnits ?? 0, {
    min: 0,
    max: wake - 1,
    integer: true,
  });

  return {
    name: 'scaleToZero',
    adjust(desired, situation, state): Adjustment<Activity> {
      const { now, fleet } = situation;
      const { lastActiveAt } = state ?? { lastActiveAt: now };
      let unknown: string | undefined;
      for (const [name, above] of metrics) {
        const sample = situation.sample(name);
        if (!hasValue(sample)) unknown = name;
        else if (sample.value > above) {
          const why = `${name} is active`;
          return { desired: Math.max(desired, wake), why, state: { lastActiveAt: now } };
        }
      }
      const rests = fleet.current <= idle;
      const until = lastActiveAt + idleMs;
      if (unknown !== undefined) {
        const held = rests ? fleet.current : Math.max(desired, wake);
        return { desired: held, why: `${unknown} cannot be read`, state: { lastActiveAt } };
      }
      if (rests) return { desired: idle, why: 'nothing is active', state: { lastActiveAt } };
      if (now >= until) {
        return { desired: idle, why: `idle for ${idleMs / 1000} s`, state: { lastActiveAt } };
      }
      const why = 'not idle for long enough';
      return { desired: Math.max(desired, wake), why, until, state: { lastActiveAt } };
    },
  };
}

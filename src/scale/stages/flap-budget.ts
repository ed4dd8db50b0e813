/**
 * Flap budget: a fleet may turn round only so often. Once that is used up it may still grow, but not
 * shrink, until the oldest turn is forgotten.
 *
 * Proposed for Kubernetes (enhancements#883) and built by nobody; a window alone does not bound the
 * number of turns.
 */

import { optionChecks } from '../../core/index.ts';
import type { Adjustment, Change, Stage } from '../ports.ts';

export interface FlapBudgetOptions {
  /** Turns from growing to shrinking or back; whole number of 1 or more. @default 4 */
  readonly reversals?: number;
  /** Time in which they are counted, in ms; above 0. @default 3_600_000 */
  readonly perMs?: number;
}

/**
 * Makes the stage; put it after `stabilisation`.
 *
 * @throws OptionError (`ERR_OPTION`) for an option out of range
 */
export function flapBudget(options: FlapBudgetOptions = {}): Stage {
  const check = optionChecks('flapBudget');
  check.known(options, ['reversals', 'perMs']);
  const budget = check.count('reversals', options.reversals ?? 4);
  const perMs = check.positive('perMs', options.perMs ?? 3_600_000);

  return {
    name: 'flapBudget',
    lookBackMs: perMs,
    adjust(desired, { fleet, changes, now }): Adjustment {
      if (desired >= fleet.current) return { desired };
      const turns = turnsOf(changes).filter((at) => now - at < perMs);
      const first = turns[turns.length - budget];
      if (first === undefined) return { desired };
      const why = `turned ${turns.length} times within ${perMs / 1000} s`;
      return { desired: fleet.current, why, until: first + perMs };
    },
  };
}

/** When the changes turned round. */
function turnsOf(changes: readonly Change[]): number[] {
  const turns: number[] = [];
  for (let i = 1; i < changes.length; i++) {
    const before = changes[i - 1] as Change;
    const after = changes[i] as Change;
    if (before.to > before.from !== after.to > after.from) turns.push(after.at);
  }
  return turns;
}

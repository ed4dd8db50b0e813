/**
 * Budget guard: no more units than the money for an hour pays.
 */

import { optionChecks } from '../../core/index.ts';
import type { Adjustment, Stage } from '../ports.ts';

export interface BudgetOptions {
  /** What may be spent in an hour; above 0. */
  readonly perHour: number;
  /** What one unit costs for an hour, in the same money; above 0. */
  readonly unitPerHour: number;
}

/**
 * Makes the stage. Units that are draining are still paid, so they count. A fleet that is already
 * beyond the budget is not shrunk by it; it only stops growing.
 *
 * @throws OptionError (`ERR_OPTION`) when the money does not pay a single unit
 */
export function budget(options: BudgetOptions): Stage {
  const check = optionChecks('budget');
  check.known(options, ['perHour', 'unitPerHour']);
  const unitPerHour = check.positive('unitPerHour', options.unitPerHour);
  const perHour = check.number('perHour', options.perHour, { min: unitPerHour });
  const paid = Math.floor(perHour / unitPerHour + 1e-9);

  return {
    name: 'budget',
    adjust(desired, { fleet }): Adjustment {
      const most = Math.max(fleet.current, paid - fleet.draining);
      if (desired <= most) return { desired };
      return { desired: most, why: `${perHour} per hour pays ${paid} units` };
    },
  };
}

/** What a call costs, checked: a wrong number would spoil a count for ever. */

import type { Call } from '../core/index.ts';
import { costOf, OptionError } from '../core/index.ts';

/**
 * The part of the call's cost that the limiter `name` counts.
 *
 * @throws OptionError when it is no finite number of 0 or more
 */
export function checkedCost(name: string, call: Call, unit: string | undefined): number {
  const cost = costOf(call, unit);
  return cost >= 0 && cost < Infinity ? cost : wrongCost(name, call, unit);
}

/** Whether the call says what it costs. */
export function namesCost({ cost }: Call, unit: string | undefined): boolean {
  if (typeof cost !== 'object' || cost === null) return cost !== undefined;
  return unit !== undefined && cost[unit] !== undefined;
}

function wrongCost(name: string, { cost }: Call, unit: string | undefined): never {
  const expected = 'a number of 0 or more';
  if (unit === undefined || typeof cost !== 'object' || cost === null) {
    throw new OptionError(`${name}: call.cost`, expected, cost);
  }
  throw new OptionError(`${name}: call.cost.${unit}`, expected, cost[unit]);
}

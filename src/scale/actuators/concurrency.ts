/**
 * Per-worker concurrency as an actuator: the units are slots, shared out among workers that stay.
 * Scaling up and down within the workers there are takes effect at once and costs nothing.
 */

import { optionChecks } from '../../core/index.ts';
import { requireObject } from '../plug-ins.ts';
import type { Actuator } from '../ports.ts';

export interface ConcurrencyActuatorOptions {
  /** Workers there are, 1 or more. */
  readonly workers: () => number;
  /** Tells every worker how many calls it may take at once. */
  readonly set: (slotsPerWorker: number) => void;
  /** Fewest and most slots of a worker. */
  readonly perWorker: { readonly min: number; readonly max: number };
  /** Slots a worker begins with. @default perWorker.min */
  readonly initial?: number;
}

/**
 * Makes the actuator; the engine's bounds are in slots.
 *
 * @throws OptionError (`ERR_OPTION`) for bounds out of range
 */
export function concurrencyActuator(options: ConcurrencyActuatorOptions): Actuator {
  const check = optionChecks('concurrencyActuator');
  check.known(options, ['workers', 'set', 'perWorker', 'initial']);
  requireObject(check, 'perWorker', options.perWorker);
  const min = check.count('perWorker.min', options.perWorker.min);
  const max = check.number('perWorker.max', options.perWorker.max, { min, integer: true });
  const range = { min, max, integer: true };
  let slots = check.number('initial', options.initial ?? min, range);
  check.callable('set', options.set);
  check.callable('workers', options.workers);
  return {
    current: () => slots * options.workers(),
    apply(units) {
      const each = Math.ceil(units / Math.max(1, options.workers()));
      slots = Math.max(min, Math.min(max, each));
      options.set(slots);
    },
  };
}

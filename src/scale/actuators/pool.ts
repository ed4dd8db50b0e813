/**
 * A pool as an actuator: the engine says how many workers, the pool makes and takes them away, idle
 * ones first and busy ones when they come back.
 */

import { optionChecks } from '../../core/index.ts';
import { requireMethod } from '../plug-ins.ts';
import type { Actuator } from '../ports.ts';

/** What a pool must offer; tenfold's does. */
export interface SizedPool {
  /** Asks for so many workers. */
  apply(size: number): void;
  snapshot(): {
    readonly min: number;
    readonly max: number;
    readonly target: number | undefined;
    readonly size: number;
    readonly starting: number;
    readonly draining: number;
  };
}

/**
 * Makes the actuator.
 *
 * @throws OptionError (`ERR_OPTION`) for what is no pool
 */
export function poolActuator(pool: SizedPool): Actuator {
  const check = optionChecks('poolActuator');
  for (const method of ['apply', 'snapshot']) requireMethod(check, 'pool', pool, method);
  return {
    current() {
      const { min, max, target, size, starting, draining } = pool.snapshot();
      const current = target === undefined ? size : Math.max(min, Math.min(max, target));
      return { current, ready: size - starting, starting, draining };
    },
    apply: (units) => pool.apply(units),
  };
}

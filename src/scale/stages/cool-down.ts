/**
 * Cool-down: after a change, no further one for a while.
 *
 * Simple, and worse than a stabilisation window where it also holds growth back: nearly twice to six
 * times the overloaded calls on recorded loads (`npm run backtest`, Nomad). So it holds scale-in alone
 * unless told otherwise.
 */

import { optionChecks } from '../../core/index.ts';
import type { Adjustment, Stage } from '../ports.ts';

export interface CoolDownOptions {
  /** Time after a scale-out, in ms; 0 or more. @default 300_000 */
  readonly afterOutMs?: number;
  /** Time after a scale-in, in ms; 0 or more. @default 300_000 */
  readonly afterInMs?: number;
  /** What is held meanwhile. @default 'in' */
  readonly holds?: 'in' | 'both';
}

/**
 * Makes the stage.
 *
 * @throws OptionError (`ERR_OPTION`) for a time below 0
 */
export function coolDown(options: CoolDownOptions = {}): Stage {
  const check = optionChecks('coolDown');
  check.known(options, ['afterOutMs', 'afterInMs', 'holds']);
  const afterOutMs = check.nonNegative('afterOutMs', options.afterOutMs ?? 300_000);
  const afterInMs = check.nonNegative('afterInMs', options.afterInMs ?? 300_000);
  const holds = check.oneOf('holds', options.holds ?? 'in', ['in', 'both']);

  return {
    name: 'coolDown',
    lookBackMs: Math.max(afterOutMs, afterInMs),
    adjust(desired, { fleet, changes, now }): Adjustment {
      const last = changes.at(-1);
      if (last === undefined || desired === fleet.current) return { desired };
      if (holds === 'in' && desired > fleet.current) return { desired };
      const until = last.at + (last.to > last.from ? afterOutMs : afterInMs);
      if (now >= until) return { desired };
      const why = `${last.from} to ${last.to} was ${(now - last.at) / 1000} s ago`;
      return { desired: fleet.current, why, until };
    },
  };
}

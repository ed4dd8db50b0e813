/**
 * Dead band: wishes near the present fleet change nothing. Asymmetric, because a unit too few costs
 * calls and a unit too many costs money.
 */

import { optionChecks } from '../../core/index.ts';
import type { OptionChecks } from '../../core/index.ts';
import { requireObject } from '../plug-ins.ts';
import type { Adjustment, Stage } from '../ports.ts';

/** The greater of the two is let pass unanswered. */
export interface Band {
  /** Units; 0 or more. @default 0 */
  readonly units?: number;
  /** Share of the fleet; 0 or more. @default 0 */
  readonly ratio?: number;
}

export interface DeadBandOptions {
  /** @default none */
  readonly out?: Band;
  /** @default { ratio: 0.1 } */
  readonly in?: Band;
}

/**
 * Makes the stage.
 *
 * @throws OptionError (`ERR_OPTION`) for a band below 0
 */
export function deadBand(options: DeadBandOptions = {}): Stage {
  const check = optionChecks('deadBand');
  check.known(options, ['out', 'in']);
  const { out: outBand = {}, in: inBand = { ratio: 0.1 } } = options;
  const out = checkedBand(check, 'out', outBand);
  const inward = checkedBand(check, 'in', inBand);

  return {
    name: 'deadBand',
    adjust(desired, { fleet: { current } }): Adjustment {
      const { units, ratio } = desired > current ? out : inward;
      const band = Math.max(units, current * ratio);
      if (desired === current || Math.abs(desired - current) > band) return { desired };
      return { desired: current, why: `${desired} is within ${band} of ${current}` };
    },
  };
}

function checkedBand(check: OptionChecks, name: string, band: Band): Required<Band> {
  requireObject(check, name, band);
  check.known(band, ['units', 'ratio']);
  return {
    units: check.nonNegative(`${name}.units`, band.units ?? 0),
    ratio: check.nonNegative(`${name}.ratio`, band.ratio ?? 0),
  };
}

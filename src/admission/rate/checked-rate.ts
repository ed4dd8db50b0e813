/** Whether what was given is a rate at all. */

import { optionChecks } from '../../core/index.ts';
import type { Rate } from './rule.ts';

/**
 * Returns `rate`.
 *
 * @param subject what the error names first: a factory, or a limiter whose rate is changed
 * @throws OptionError when it is none
 */
export function checkedRate(subject: string, option: string, rate: Rate): Rate {
  const given = rate as Partial<Rate> | null | undefined;
  const isRate =
    typeof given?.kind === 'string' &&
    typeof given.rule === 'function' &&
    typeof given.scaled === 'function';
  return isRate ? rate : optionChecks(subject).refuse(option, 'a rate, such as bucket(…)', rate);
}

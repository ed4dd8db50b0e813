/**
 * Keeping plug-ins apart from the engine: they are checked when it is made, and isolated when it runs.
 */

import type { OptionChecks } from '../core/index.ts';
import type { Step } from './decision.ts';

/** Refuses a plug-in without its method. */
export function requireMethod(
  check: OptionChecks,
  option: string,
  plugIn: object | undefined,
  method: string,
): void {
  const found: unknown = (plugIn as Record<string, unknown> | null | undefined)?.[method];
  if (typeof found !== 'function')
    check.refuse(option, `an object with a method ${method}`, plugIn);
}

/** Refuses what is no object, before its parts are looked at. */
export function requireObject(check: OptionChecks, option: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) check.refuse(option, 'an object', value);
}

/** Refuses what is no list, or one in which something is no object. */
export function requireObjects(check: OptionChecks, option: string, value: unknown): void {
  if (!Array.isArray(value)) check.refuse(option, 'a list', value);
  (value as unknown[]).forEach((one, i) => requireObject(check, `${option}[${i}]`, one));
}

/** What is noted while a decision is made. */
export interface Trace {
  readonly steps: Step[];
  readonly faults: string[];
}

/**
 * Runs a plug-in. What it throws becomes a fault of this decision, not the end of scaling, and so does
 * an answer that is none, or a promise of one: decisions are synchronous.
 */
export function isolated<T extends object>(
  origin: string,
  trace: Trace,
  fallback: T,
  plugIn: () => T,
): T {
  try {
    const answer: unknown = plugIn();
    if (typeof answer !== 'object' || answer === null || 'then' in answer) {
      throw new TypeError(
        `answered with ${answer instanceof Promise ? 'a promise' : String(answer)}`,
      );
    }
    return answer as T;
  } catch (error) {
    trace.faults.push(`${origin}: ${error instanceof Error ? error.message : String(error)}`);
    return fallback;
  }
}

/** Most units anybody can ask for: above it, sums and products are no longer exact. */
const MOST_UNITS = 2 ** 31 - 1;

/** A whole number of units, rounded up; undefined for what is no number. */
export function usable(desired: number | undefined): number | undefined {
  if (desired === undefined || Number.isNaN(desired)) return undefined;
  return Math.min(MOST_UNITS, Math.max(0, Math.ceil(desired)));
}

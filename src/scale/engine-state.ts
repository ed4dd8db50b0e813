/**
 * What an engine remembers from one decision to the next.
 */

import { OptionError } from '../core/index.ts';
import type { Change } from './ports.ts';
import type { LastGood } from './quality.ts';
import type { StartUps } from './start-up.ts';

/** All an engine remembers. Plain JSON. */
export interface EngineState {
  readonly version: 1;
  /** State of policies and stages, by name. */
  readonly policies: Readonly<Record<string, unknown>>;
  readonly stages: Readonly<Record<string, unknown>>;
  readonly changes: readonly Change[];
  /** When it last decided. */
  readonly at?: number;
  readonly startUps?: StartUps;
  readonly lastGood?: LastGood;
  /** Since when each policy that has no opinion has had none. */
  readonly blindSince?: Readonly<Record<string, number>>;
}

/** The state before the first decision. */
export const FIRST_STATE: EngineState = { version: 1, policies: {}, stages: {}, changes: [] };

/**
 * A state that somebody hands in: stored by another process, of another version, or no state at all.
 *
 * @param option what the refusal names
 * @throws OptionError (`ERR_OPTION`) for what no engine has returned
 */
export function checkedState(option: string, state: EngineState): EngineState {
  const given: Partial<EngineState> | null = state;
  if (given?.version !== 1) throw new OptionError(option, 'of version 1', state);
  const { policies, stages, changes, at, startUps, lastGood, blindSince } = given;
  const isWhole =
    isRecord(policies) &&
    isRecord(stages) &&
    isListOf(changes, (change) => areNumbers([change.at, change.from, change.to])) &&
    (at === undefined || areNumbers([at])) &&
    (startUps === undefined || areStartUps(startUps)) &&
    (lastGood === undefined || areGood(lastGood)) &&
    (blindSince === undefined || (isRecord(blindSince) && areNumbers(Object.values(blindSince))));
  if (!isWhole) throw new OptionError(option, 'a state that an engine has returned', state);
  return state;
}

function areStartUps({ pending, took, planMs }: Partial<StartUps>): boolean {
  return (
    isListOf(pending, ({ at, units }) => areNumbers([at, units])) &&
    Array.isArray(took) &&
    areNumbers(took) &&
    (planMs === null || areNumbers([planMs]))
  );
}

function areGood(lastGood: LastGood): boolean {
  const isGood = (pair: unknown): boolean => Array.isArray(pair) && areNumbers(pair);
  return isRecord(lastGood) && Object.values(lastGood).every(isGood);
}

function isListOf<T>(list: readonly T[] | undefined, isWhole: (one: T) => boolean): boolean {
  return Array.isArray(list) && list.every((one) => isRecord(one) && isWhole(one as T));
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function areNumbers(values: readonly unknown[]): boolean {
  return values.every((value) => Number.isFinite(value));
}

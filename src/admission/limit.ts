/**
 * What every limit is beneath its shell: something that can be asked without being changed, and then
 * be spent from. Two steps in one turn of the event loop are what makes several limits one decision.
 */

import type { Call, Pass, RefusalCode } from '../core/index.ts';

/** A wait that no clock ends: somebody must leave, or the limit must rise. */
export const UNTIL_ROOM: number = Number.MAX_VALUE;

/** What those ahead in a line will spend. */
export interface Ahead {
  units: number;
  /** By limit, where several decide together. */
  readonly parts: readonly Ahead[];
}

/** Nobody stands ahead. */
export function nobody(parts: readonly Ahead[] = []): Ahead {
  return { units: 0, parts };
}

/** Two who wait in different lines for the same. */
export function sumOf(one: Ahead, other: Ahead): Ahead {
  const parts = one.parts.map((part, i) => sumOf(part, other.parts[i] as Ahead));
  return { units: one.units + other.units, parts };
}

/** One limit, or several that decide together. */
export interface Limit {
  /** A new count of those ahead, with nobody in it. */
  nobody(): Ahead;
  /** Adds `call` to those ahead of the next (`sign` 1), or takes it out again (-1). */
  count(call: Call, ahead: Ahead, sign: 1 | -1): void;
  /**
   * Milliseconds until `call` may pass behind all that is `ahead`: 0 for now, Infinity for never,
   * `UNTIL_ROOM` where time alone brings nothing. Changes nothing.
   */
  waitMs(call: Call, ahead: Ahead, now: number): number;
  /** Lets the call pass, and spends as of `now`; the caller has just been answered 0. */
  admit(call: Call, now: number): Pass;
  /** Both in one step: the pass, or the milliseconds to wait where that is not 0. */
  enter(call: Call, ahead: Ahead, now: number): Pass | number;
  /** Why a call that would wait `waitMs` behind all that is `ahead` is refused. */
  explain(call: Call, waitMs: number, ahead: Ahead, now: number): Reason;
  /** How much is left for `call`. */
  peek(call: Call, ahead: Ahead, now: number): Allowance;
  /** Spends (`sign` 1) or gives back (-1) what `call` costs, without asking. */
  adjust(call: Call, sign: 1 | -1, now: number): void;
}

/** The shell before a limit, for limits that calls come back to. */
export interface Shell {
  /** The time, never going back; `at` is what the clock says where somebody has just read it. */
  now(at?: number): number;
  /** Lets pass who now can. */
  pump(now: number): void;
}

/** The words of a refusal. */
export interface Reason {
  readonly code: RefusalCode;
  readonly message: string;
  /** The limit that binds, where it is one of several. @default the asking shell's name */
  readonly policy?: string;
}

/** How much of a limit is left, as `RateLimit` headers tell it. */
export interface Allowance {
  /** Name of the limiter. */
  readonly name: string;
  /** What is counted: the unit of its options, 'requests', or 'concurrent-requests'. */
  readonly unit: string;
  /** Units that may pass at once when nothing has been spent. */
  readonly limit: number;
  /** The period the limit is stated for, in ms; 0 for one that is not about time. */
  readonly windowMs: number;
  /** Units that may pass now; below 0 while overdrawn. */
  readonly remaining: number;
  /** Milliseconds until nothing is owed any more; 0 where only others can give back. */
  readonly resetMs: number;
  /** Milliseconds until the call asked about may pass; 0 for now or unknown, Infinity for never. */
  readonly retryAfterMs: number;
}

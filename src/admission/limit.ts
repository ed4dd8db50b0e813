/**
 * What every limit is beneath its shell: something that can be asked without being changed, and then
 * be spent from. Two steps in one turn of the event loop are what makes several limits one decision.
 */

import type { Call, Pass, RefusalCode } from '../core/index.ts';

/** A wait that no clock ends: somebody must leave, or the limit must rise. */
export const UNTIL_ROOM: number = Number.MAX_VALUE;

/** One limit, or several that decide together. */
export interface Limit {
  /** Numbers in `ahead`: one for each thing that is spent from. */
  readonly parts: number;
  /** Adds `call` to what waits ahead of the next (`sign` 1), or takes it out again (-1). */
  count(call: Call, ahead: Float64Array, sign: 1 | -1): void;
  /**
   * Milliseconds until `call` may pass behind all that is `ahead`: 0 for now, Infinity for never,
   * `UNTIL_ROOM` where time alone brings nothing. Changes nothing.
   */
  waitMs(call: Call, ahead: Float64Array, now: number): number;
  /** Lets the call pass, and spends as of `now`; the caller has just been answered 0. */
  admit(call: Call, now: number): Pass;
  /** Both in one step: the pass, or the milliseconds to wait where that is not 0. */
  enter(call: Call, ahead: Float64Array, now: number): Pass | number;
  /** Why a call that would wait `waitMs` is refused. */
  explain(call: Call, waitMs: number): Reason;
}

/** The words of a refusal. */
export interface Reason {
  readonly code: RefusalCode;
  readonly message: string;
  /** The limit that binds, where it is one of several. @default the asking shell's name */
  readonly policy?: string;
}

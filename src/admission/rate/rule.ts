/**
 * What a rate algorithm is: a handful of synchronous functions over rows of numbers.
 *
 * One row is the state of one limit: a single limiter has one, a keyed limiter one per key. Waiting,
 * reservations, events and keys are the business of the shells, the same for every algorithm.
 */

/** A rate as data: which algorithm, and its numbers. Made by `bucket`, `fixedWindow` and the like. */
export interface Rate {
  /** The algorithm; `update` keeps it. */
  readonly kind: string;
  /** Units that may pass at once when nothing has been spent. */
  readonly limit: number;
  /** The period the limit is stated for, in ms: the window, or the time a full refill takes. */
  readonly windowMs: number;
  /** The same algorithm with `ratio` times as much in the same time; above 0. */
  scaled(ratio: number): Rate;
  /** Makes the algorithm with no rows; each limiter makes its own. */
  rule(now: number): RateRule;
}

/**
 * A rate algorithm and its rows. Times are `runtime.now()`, made to never go back by the shell; a
 * spend may lie a little in the past, when a turn in the line was noticed late.
 */
export interface RateRule {
  /** Numbers per row. */
  readonly width: number;
  /** The rate in force. */
  readonly rate: Rate;
  /** The rows, one after the other. The owner puts a longer copy here to make room. */
  rows: Float64Array;
  /** Writes the state of a limit that has spent nothing. */
  start(at: number, now: number): void;
  /**
   * Milliseconds until `cost` may pass behind `ahead` units that wait already: 0 for now, Infinity for
   * never (it could not pass even alone). Changes nothing.
   *
   * @param at where the row begins in `rows`
   */
  waitMs(at: number, cost: number, ahead: number, now: number): number;
  /** Both in one step: what `waitMs` answers, and spends where that is 0. The busiest path there is. */
  take(at: number, cost: number, ahead: number, now: number): number;
  /** Spends `cost`, 0 or more, whatever `waitMs` says. */
  spend(at: number, cost: number, now: number): void;
  /** Gives back of what was spent at `spentAt`, at most to the full limit; what is past is past. */
  giveBack(at: number, cost: number, spentAt: number, now: number): void;
  /** Units that may pass now, below 0 while overdrawn. */
  remaining(at: number, now: number): number;
  /** Milliseconds until the row is as if nothing had been spent; from then on it may be forgotten. */
  resetMs(at: number, now: number): number;
  /** Changes the numbers, keeping what has been spent. `rate` is of the same kind. */
  retune(rate: Rate, now: number): void;
  /** The row as numbers that mean the same in another process: every time relative to `now`. */
  save(at: number, now: number): number[];
  /** Writes a saved row back. `now` lies earlier by the time passed since it was saved. */
  load(at: number, saved: readonly number[], now: number): void;
}

/** `take` for rules in which doing both at once saves nothing. */
export function takeInTwoSteps(
  rule: RateRule,
  at: number,
  cost: number,
  ahead: number,
  now: number,
): number {
  const waitMs = rule.waitMs(at, cost, ahead, now);
  if (waitMs === 0) rule.spend(at, cost, now);
  return waitMs;
}

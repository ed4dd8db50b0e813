/**
 * CoDel for a line of calls: tells a standing queue from a passing burst, by the least wait seen in an
 * interval.
 *
 * A burst empties: somebody in it waited hardly at all. A standing queue does not: even the least wait
 * of a whole interval is above the target. Then, and only then, calls that have waited more than twice
 * the target are dropped, so that those behind them are still worth serving.
 *
 * Source: Nichols and Jacobson, "Controlling Queue Delay" (2012), RFC 8289, in the form for servers of
 * facebook/folly's `Codel`: a fixed sloughing threshold in place of the control law that drops ever
 * faster, since a refused caller does not slow down as a TCP sender does.
 */

import { optionChecks } from './options.ts';

/** When a wait is too long. */
export interface CodelOptions {
  /** The wait, in ms, that at least one call of every interval must stay within; above 0. @default 5 */
  readonly targetMs?: number;
  /** How long, in ms, a queue must stand before it counts; at least `targetMs`. @default 100 */
  readonly intervalMs?: number;
}

/** One controller for one line. `now` is in milliseconds, from any origin. */
export interface Codel {
  /** Whether the queue stood throughout the last interval in which anybody came. */
  readonly isOverloaded: boolean;
  /** Least wait of the current interval over twice the target, 0–1. */
  readonly load: number;
  /** Whether a call that has waited `waitMs` and is to be served now should be dropped instead. */
  shouldDrop(waitMs: number, now: number): boolean;
  /** Changes the numbers; refuses a wrong set as a whole. */
  update(options: CodelOptions): void;
}

/**
 * Makes a controller.
 *
 * ```ts
 * import { codel } from 'tenfold/core';
 *
 * const line = codel({ targetMs: 5, intervalMs: 100 });
 * line.shouldDrop(40, 110); // false: the first wait that is seen cannot be a standing queue yet
 * line.shouldDrop(40, 220); // false: a new interval begins, and the last one was bad
 * line.shouldDrop(40, 221); // true
 * ```
 *
 * @param now when the first interval ends at the earliest
 * @throws OptionError (`ERR_OPTION`) when a number is not above 0, or the target above the interval
 */
export function codel(options: CodelOptions = {}, now = 0): Codel {
  return new Controller(options, now);
}

const TARGET_MS = 5;
const INTERVAL_MS = 100;
/** Waits above this many targets are dropped while the queue stands. */
const SLOUGH_TARGETS = 2;

class Controller implements Codel {
  isOverloaded = false;
  private targetMs = TARGET_MS;
  private intervalMs = INTERVAL_MS;
  private intervalEndsAt: number;
  private leastWaitMs = 0;
  /** The next wait begins an interval. One call alone never makes a queue: it is never dropped. */
  private isFresh = true;

  constructor(options: CodelOptions, now: number) {
    this.update(options);
    this.intervalEndsAt = now;
  }

  get load(): number {
    return Math.min(1, this.leastWaitMs / (this.targetMs * SLOUGH_TARGETS));
  }

  shouldDrop(waitMs: number, now: number): boolean {
    if (now > this.intervalEndsAt && !this.isFresh) {
      this.isOverloaded = this.leastWaitMs > this.targetMs;
      this.intervalEndsAt = now + this.intervalMs;
      this.isFresh = true;
    }
    if (this.isFresh) {
      this.isFresh = false;
      this.leastWaitMs = waitMs;
      return false;
    }
    if (waitMs < this.leastWaitMs) this.leastWaitMs = waitMs;
    return this.isOverloaded && waitMs > this.targetMs * SLOUGH_TARGETS;
  }

  update(options: CodelOptions): void {
    const check = optionChecks('codel');
    const targetMs = check.positive('targetMs', options.targetMs ?? this.targetMs);
    const intervalMs = check.positive('intervalMs', options.intervalMs ?? this.intervalMs);
    if (targetMs > intervalMs)
      check.refuse('targetMs', `at most intervalMs (${intervalMs})`, targetMs);
    this.targetMs = targetMs;
    this.intervalMs = intervalMs;
  }
}

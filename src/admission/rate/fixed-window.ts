/**
 * Fixed window: so many units in each window of time, all at its beginning if they like.
 *
 * The simplest rate to explain, and the one quotas are sold by. Its weakness: two windows' worth may
 * pass around a boundary; `bucket` and the sliding windows have none. Windows are aligned to the
 * limiter's start. What is spent beyond the limit (penalties, settled costs) weighs on the windows
 * after, as in failsafe-go's bursty limiter.
 */

import { optionChecks } from '../../core/index.ts';
import type { Rate, RateRule } from './rule.ts';
import { takeInTwoSteps } from './rule.ts';

/** So many units per window of time. */
export interface WindowRate {
  /** Units per window: also the dearest call; above 0. */
  readonly limit: number;
  /** Length of the window in ms; above 0. */
  readonly windowMs: number;
}

/**
 * A fixed window as a rate.
 *
 * ```ts
 * import { fixedWindow } from 'tenfold/admission';
 *
 * const quota = fixedWindow({ limit: 1_000, windowMs: 3_600_000 });
 * ```
 *
 * @throws OptionError when a number is out of its range
 */
export function fixedWindow(options: WindowRate): Rate {
  const { limit, windowMs } = checkedWindow('fixedWindow', options);
  const rate: Rate = {
    kind: 'fixedWindow',
    limit,
    windowMs,
    scaled: (ratio) => fixedWindow({ limit: limit * ratio, windowMs }),
    rule: (now) => new FixedWindowRule(rate, now),
  };
  return rate;
}

/** Checks the two numbers of a window. */
export function checkedWindow(factory: string, options: WindowRate): WindowRate {
  const check = optionChecks(factory);
  check.known(options, ['limit', 'windowMs']);
  return {
    limit: check.positive('limit', options.limit),
    windowMs: check.positive('windowMs', options.windowMs),
  };
}

const WINDOW = 0;
const USED = 1;

class FixedWindowRule implements RateRule {
  readonly width = 2;
  rate: Rate;
  /** By row: number of the window last spent in, and units used in it. */
  rows: Float64Array = new Float64Array(0);
  private epoch: number;

  constructor(rate: Rate, now: number) {
    this.rate = rate;
    this.epoch = now;
  }

  start(at: number): void {
    this.rows[at + WINDOW] = 0;
    this.rows[at + USED] = 0;
  }

  waitMs(at: number, cost: number, ahead: number, now: number): number {
    const { limit, windowMs } = this.rate;
    const total = this.used(at, now) + ahead + cost;
    if (total <= limit) return 0;
    if (cost > limit) return Infinity;
    const windows = Math.ceil(total / limit) - 1;
    return (this.windowAt(now) + windows) * windowMs + this.epoch - now;
  }

  take(at: number, cost: number, ahead: number, now: number): number {
    return takeInTwoSteps(this, at, cost, ahead, now);
  }

  spend(at: number, cost: number, now: number): void {
    this.rows[at + USED] = this.used(at, now) + cost;
    this.rows[at + WINDOW] = this.windowAt(now);
  }

  giveBack(at: number, cost: number, spentAt: number): void {
    if (this.windowAt(spentAt) !== this.rows[at + WINDOW]) return;
    this.rows[at + USED] = Math.max(0, (this.rows[at + USED] as number) - cost);
  }

  remaining(at: number, now: number): number {
    return this.rate.limit - this.used(at, now);
  }

  resetMs(at: number, now: number): number {
    const windows = Math.ceil(this.used(at, now) / this.rate.limit);
    if (windows === 0) return 0;
    return (this.windowAt(now) + windows) * this.rate.windowMs + this.epoch - now;
  }

  retune(rate: Rate, now: number): void {
    for (let at = 0; at < this.rows.length; at += this.width) {
      this.rows[at + USED] = this.used(at, now);
      this.rows[at + WINDOW] = 0;
    }
    this.rate = rate;
    this.epoch = now;
  }

  save(at: number, now: number): number[] {
    return [this.used(at, now)];
  }

  load(at: number, saved: readonly number[], now: number): void {
    this.rows[at + WINDOW] = this.windowAt(now);
    this.rows[at + USED] = saved[0] ?? 0;
  }

  private windowAt(now: number): number {
    return Math.floor((now - this.epoch) / this.rate.windowMs);
  }

  /** Units used in the window of `now`, with what the windows before left unpaid. */
  private used(at: number, now: number): number {
    const used = this.rows[at + USED] as number;
    const windows = this.windowAt(now) - (this.rows[at + WINDOW] as number);
    return windows <= 0 ? used : Math.max(0, used - windows * this.rate.limit);
  }
}

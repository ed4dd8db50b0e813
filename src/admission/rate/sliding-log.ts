/**
 * Sliding window by a log: every unit counts for exactly `windowMs` after it was spent.
 *
 * The only window that is exact, at the price of two numbers for each remembered call. When the log is
 * full, a further call shares the newest entry, which then counts a little longer than it must: too
 * small a log errs on the careful side and never lets more pass.
 */

import { optionChecks } from '../../core/index.ts';
import type { WindowRate } from './fixed-window.ts';
import { checkedWindow } from './fixed-window.ts';
import type { Rate, RateRule } from './rule.ts';
import { takeInTwoSteps } from './rule.ts';

/** A window, and how finely it is remembered. */
export interface LogRate extends WindowRate {
  /** Calls remembered apart, 1 or more; 16 bytes each and per key. @default the limit, at most 1000 */
  readonly entries?: number;
}

interface LogKind extends Rate {
  readonly entries: number;
}

/**
 * A sliding log as a rate.
 *
 * ```ts
 * import { slidingLog } from 'tenfold/admission';
 *
 * const exactly = slidingLog({ limit: 5, windowMs: 60_000 });
 * ```
 *
 * @throws OptionError when a number is out of its range
 */
export function slidingLog(options: LogRate): Rate {
  optionChecks('slidingLog').known(options, ['limit', 'windowMs', 'entries']);
  const { entries = Math.max(1, Math.min(1000, Math.floor(options.limit))), ...window } = options;
  const { limit, windowMs } = checkedWindow('slidingLog', window);
  const rate: LogKind = {
    kind: 'slidingLog',
    limit,
    windowMs,
    entries: optionChecks('slidingLog').count('entries', entries),
    scaled: (ratio) => slidingLog({ limit: limit * ratio, windowMs, entries }),
    rule: () => new SlidingLogRule(rate),
  };
  return rate;
}

/** A row: position of the oldest entry, number of entries, then pairs of time and cost in a ring. */
const OLDEST = 0;
const COUNT = 1;
const RING = 2;

class SlidingLogRule implements RateRule {
  readonly width: number;
  rate: LogKind;
  rows: Float64Array = new Float64Array(0);
  private readonly entries: number;

  constructor(rate: LogKind) {
    this.rate = rate;
    this.entries = rate.entries;
    this.width = RING + 2 * rate.entries;
  }

  start(at: number): void {
    this.rows.fill(0, at, at + this.width);
  }

  waitMs(at: number, cost: number, ahead: number, now: number): number {
    const { limit, windowMs } = this.rate;
    if (cost > limit) return Infinity;
    let excess = this.used(at, now) + ahead + cost - limit;
    if (excess <= 0) return 0;
    const count = this.rows[at + COUNT] as number;
    let waitMs = 0;
    for (let i = 0; i < count && excess > 0; i++) {
      const entry = this.entry(at, i);
      const time = this.rows[entry] as number;
      if (time + windowMs <= now) continue;
      excess -= this.rows[entry + 1] as number;
      waitMs = time + windowMs - now;
    }
    // The rest of those ahead spend first and are forgotten a window later.
    return waitMs + Math.max(0, Math.ceil(excess / limit)) * windowMs;
  }

  take(at: number, cost: number, ahead: number, now: number): number {
    return takeInTwoSteps(this, at, cost, ahead, now);
  }

  spend(at: number, cost: number, now: number): void {
    this.expire(at, now);
    if (cost > 0) this.append(at, cost, now);
  }

  /** Takes units off the newest entries that are not newer than what was spent. */
  giveBack(at: number, cost: number, spentAt: number): void {
    let left = cost;
    for (let i = (this.rows[at + COUNT] as number) - 1; i >= 0 && left > 0; i--) {
      const entry = this.entry(at, i);
      if ((this.rows[entry] as number) > spentAt) continue;
      const taken = Math.min(left, this.rows[entry + 1] as number);
      left -= taken;
      this.rows[entry + 1] = (this.rows[entry + 1] as number) - taken;
    }
    this.dropEmpty(at);
  }

  remaining(at: number, now: number): number {
    return this.rate.limit - this.used(at, now);
  }

  resetMs(at: number, now: number): number {
    const count = this.rows[at + COUNT] as number;
    if (count === 0) return 0;
    const newest = this.rows[this.entry(at, count - 1)] as number;
    return Math.max(0, newest + this.rate.windowMs - now);
  }

  retune(rate: Rate): void {
    if ((rate as LogKind).entries !== this.entries) {
      optionChecks('slidingLog').refuse(
        'entries',
        `${this.entries}, as before`,
        (rate as LogKind).entries,
      );
    }
    this.rate = rate as LogKind;
  }

  save(at: number, now: number): number[] {
    const saved: number[] = [];
    for (let i = 0; i < (this.rows[at + COUNT] as number); i++) {
      const entry = this.entry(at, i);
      saved.push((this.rows[entry] as number) - now, this.rows[entry + 1] as number);
    }
    return saved;
  }

  load(at: number, saved: readonly number[], now: number): void {
    this.start(at);
    for (let i = 0; i + 1 < saved.length; i += 2) {
      this.append(at, saved[i + 1] as number, now + (saved[i] as number));
    }
  }

  /** Where the `i`th oldest entry of the row lies. */
  private entry(at: number, i: number): number {
    return at + RING + 2 * (((this.rows[at + OLDEST] as number) + i) % this.entries);
  }

  private used(at: number, now: number): number {
    let used = 0;
    for (let i = (this.rows[at + COUNT] as number) - 1; i >= 0; i--) {
      const entry = this.entry(at, i);
      if ((this.rows[entry] as number) + this.rate.windowMs <= now) break;
      used += this.rows[entry + 1] as number;
    }
    return used;
  }

  private expire(at: number, now: number): void {
    let count = this.rows[at + COUNT] as number;
    while (count > 0 && (this.rows[this.entry(at, 0)] as number) + this.rate.windowMs <= now) {
      this.rows[at + OLDEST] = ((this.rows[at + OLDEST] as number) + 1) % this.entries;
      this.rows[at + COUNT] = --count;
    }
  }

  private append(at: number, cost: number, now: number): void {
    const count = this.rows[at + COUNT] as number;
    const isFull = count === this.entries;
    const entry = this.entry(at, isFull ? count - 1 : count);
    this.rows[entry] = now;
    this.rows[entry + 1] = (isFull ? (this.rows[entry + 1] as number) : 0) + cost;
    if (!isFull) this.rows[at + COUNT] = count + 1;
  }

  /** Forgets the newest entries while they hold nothing. */
  private dropEmpty(at: number): void {
    let count = this.rows[at + COUNT] as number;
    while (count > 0 && this.rows[this.entry(at, count - 1) + 1] === 0) count--;
    this.rows[at + COUNT] = count;
  }
}

/**
 * Even spacing: no bursts, each call as long after the one before as its cost takes; from cold, slower
 * at first.
 *
 * A call passes when all before it is paid for and pays afterwards, so a dear call is never refused
 * for its size, it only keeps the next waiting (leaky bucket as a queue; bottleneck's `minTime`).
 * With `warmUpMs` an idle limiter cools down and then gains its full rate over that time: unused
 * permits are stored and cost up to `coldFactor` times as long to spend, so that caches and pools
 * behind it can fill.
 *
 * Source of the warm-up: Guava's `SmoothWarmingUp`, as in Sentinel's warm-up controller: with a rate of
 * c per second and a warm-up of w seconds, permits above `w·c/(cold − 1)` are dear, of at most
 * `2·w·c/(1 + cold)` more.
 */

import { optionChecks } from '../../core/index.ts';
import type { Rate, RateRule } from './rule.ts';
import { takeInTwoSteps } from './rule.ts';

/** A rate without bursts. */
export interface SpacingRate {
  /** Units per second in the long run; above 0. */
  readonly perSecond: number;
  /** How long it takes an idle limiter to reach that rate, in ms; 0 starts at full rate. @default 0 */
  readonly warmUpMs?: number;
  /** How many times slower than that the first call is; above 1. @default 3 */
  readonly coldFactor?: number;
}

interface SpacingKind extends Rate, Required<SpacingRate> {}

/**
 * Even spacing as a rate.
 *
 * ```ts
 * import { evenSpacing } from 'tenfold/admission';
 *
 * const gentle = evenSpacing({ perSecond: 20, warmUpMs: 10_000 });
 * ```
 *
 * @throws OptionError when a number is out of its range
 */
export function evenSpacing(options: SpacingRate): Rate {
  const check = optionChecks('evenSpacing');
  check.known(options, ['perSecond', 'warmUpMs', 'coldFactor']);
  const rate: SpacingKind = {
    kind: 'evenSpacing',
    limit: 1,
    windowMs: 1000 / check.positive('perSecond', options.perSecond),
    perSecond: options.perSecond,
    warmUpMs: check.nonNegative('warmUpMs', options.warmUpMs ?? 0),
    coldFactor: check.number('coldFactor', options.coldFactor ?? 3, { above: 1 }),
    scaled: (ratio) => evenSpacing({ ...options, perSecond: options.perSecond * ratio }),
    rule: () => new SpacingRule(rate),
  };
  return rate;
}

const FREE_AT = 0;
const CARRY = 1;
const STORED = 2;

class SpacingRule implements RateRule {
  readonly width = 3;
  rate: SpacingKind;
  /** By row: when all spent so far is paid for, what rounding has left out of that, stored permits. */
  rows: Float64Array = new Float64Array(0);

  constructor(rate: SpacingKind) {
    this.rate = rate;
  }

  start(at: number): void {
    this.rows[at + FREE_AT] = -Infinity;
    this.rows[at + CARRY] = 0;
    this.rows[at + STORED] = this.mostStored();
  }

  waitMs(at: number, _cost: number, ahead: number, now: number): number {
    const freeAt = this.rows[at + FREE_AT] as number;
    return Math.max(0, freeAt - now) + ahead * this.rate.windowMs;
  }

  take(at: number, cost: number, ahead: number, now: number): number {
    return takeInTwoSteps(this, at, cost, ahead, now);
  }

  spend(at: number, cost: number, now: number): void {
    const stored = this.stored(at, now);
    const { rows } = this;
    if (now > (rows[at + FREE_AT] as number)) {
      rows[at + FREE_AT] = now;
      rows[at + CARRY] = 0;
    }
    // Kahan's sum: a short interval added to a late time would lose its last digits for ever.
    const step = this.priceMs(stored, cost) - (rows[at + CARRY] as number);
    const before = rows[at + FREE_AT] as number;
    rows[at + FREE_AT] = before + step;
    rows[at + CARRY] = (rows[at + FREE_AT] as number) - before - step;
    rows[at + STORED] = Math.max(0, stored - Math.max(0, cost));
  }

  giveBack(at: number, cost: number, _spentAt: number, now: number): void {
    this.spend(at, -cost, now);
  }

  remaining(at: number, now: number): number {
    const overdue = Math.max(0, (this.rows[at + FREE_AT] as number) - now);
    return 1 - overdue / this.rate.windowMs;
  }

  resetMs(at: number, now: number): number {
    const overdue = Math.max(0, (this.rows[at + FREE_AT] as number) - now);
    const missing = this.mostStored() - this.stored(at, now);
    return missing === 0 ? overdue : overdue + missing * this.coolingMs();
  }

  retune(rate: Rate, now: number): void {
    const before = this.mostStored();
    const stored = Array.from({ length: this.rows.length / this.width }, (_, row) =>
      this.stored(row * this.width, now),
    );
    this.rate = rate as SpacingKind;
    const scale = before === 0 ? 1 : this.mostStored() / before;
    stored.forEach((permits, row) => {
      this.rows[row * this.width + STORED] = before === 0 ? this.mostStored() : permits * scale;
      this.rows[row * this.width + FREE_AT] = Math.max(
        now,
        this.rows[row * this.width + FREE_AT] as number,
      );
    });
  }

  save(at: number, now: number): number[] {
    return [Math.max(0, (this.rows[at + FREE_AT] as number) - now), this.stored(at, now)];
  }

  load(at: number, saved: readonly number[], now: number): void {
    this.rows[at + FREE_AT] = now + (saved[0] ?? 0);
    this.rows[at + CARRY] = 0;
    this.rows[at + STORED] = Math.min(saved[1] ?? 0, this.mostStored());
  }

  /** Stored permits above which the next is dear. */
  private threshold(): number {
    const { warmUpMs, coldFactor, windowMs } = this.rate;
    return warmUpMs / windowMs / (coldFactor - 1);
  }

  private mostStored(): number {
    const { warmUpMs, coldFactor, windowMs } = this.rate;
    return this.threshold() + (2 * warmUpMs) / windowMs / (1 + coldFactor);
  }

  /** Milliseconds of idleness in which one permit is stored: cooling takes as long as warming up. */
  private coolingMs(): number {
    const most = this.mostStored();
    return most === 0 ? 0 : this.rate.warmUpMs / most;
  }

  private stored(at: number, now: number): number {
    const stored = this.rows[at + STORED] as number;
    const idleMs = now - (this.rows[at + FREE_AT] as number);
    const coolingMs = this.coolingMs();
    return idleMs <= 0 || coolingMs === 0
      ? stored
      : Math.min(this.mostStored(), stored + idleMs / coolingMs);
  }

  /** How long `cost` permits take with so many stored: the dearest go first. */
  private priceMs(stored: number, cost: number): number {
    const { windowMs, coldFactor } = this.rate;
    const threshold = this.threshold();
    const dear = Math.max(0, Math.min(cost, stored - threshold));
    if (dear === 0) return cost * windowMs;
    const slope = ((coldFactor - 1) * windowMs) / (this.mostStored() - threshold);
    const meanAbove = stored - threshold - dear / 2;
    return cost * windowMs + dear * slope * meanAbove;
  }
}

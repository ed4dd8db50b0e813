/**
 * Token bucket and GCRA, which are one algorithm seen from two sides, in one number per row.
 *
 * The bucket holds at most `capacity` tokens, gains `refillPerSecond` and starts full. The row is the
 * count of the mint (see mint.ts) at which everything spent is paid for: GCRA's theoretical arrival
 * time, measured in tokens. A call passes when, having paid, it owes at most a bucketful.
 *
 * Sources: GCRA of ITU-T I.371 (1993) as in throttled and redis-cell, where `limit = burst + 1`;
 * golang.org/x/time/rate for what a bucket does when the clock or the limits change.
 */

import { optionChecks } from '../../core/index.ts';
import { Mint } from './mint.ts';
import type { Rate, RateRule } from './rule.ts';

/** The two numbers of a token bucket. */
export interface BucketRate {
  /** Tokens the bucket holds when full: the largest burst, and the dearest call; above 0. */
  readonly capacity: number;
  /** Tokens gained per second; 0 never refills, Infinity lets everything pass. */
  readonly refillPerSecond: number;
}

interface BucketKind extends Rate, BucketRate {}

/**
 * A token bucket as a rate, for `rateLimiter`, `keyedLimiter` and the rest.
 *
 * ```ts
 * import { bucket } from 'tenfold/admission';
 *
 * const bursts = bucket({ capacity: 20, refillPerSecond: 10 });
 * ```
 *
 * @throws OptionError when a number is out of its range
 */
export function bucket(options: BucketRate): Rate {
  const check = optionChecks('bucket');
  check.known(options, ['capacity', 'refillPerSecond']);
  const capacity = check.positive('capacity', options.capacity);
  const range = { min: 0, infinite: true };
  const refillPerSecond = check.number('refillPerSecond', options.refillPerSecond, range);
  const kind: BucketKind = {
    kind: 'bucket',
    limit: capacity,
    windowMs: (capacity / refillPerSecond) * 1000,
    capacity,
    refillPerSecond,
    scaled: (ratio) =>
      bucket({ capacity: capacity * ratio, refillPerSecond: refillPerSecond * ratio }),
    rule: (now) => new BucketRule(kind, now),
  };
  return kind;
}

function capacityOf({ capacity, refillPerSecond }: BucketRate): number {
  return refillPerSecond === Infinity ? Infinity : capacity;
}

function perMsOf({ refillPerSecond }: BucketRate): number {
  return refillPerSecond === Infinity ? 0 : refillPerSecond / 1000;
}

/** How far sums of counts may be off, relative to their size. */
const GRAIN = 2 * Number.EPSILON;

/** Above this count a 64-bit float keeps less than 1/65536 of a token. */
const REBASE_ABOVE = 2 ** 36;

class BucketRule implements RateRule {
  readonly width = 1;
  rate: BucketKind;
  /** By row: the minted count at which everything spent is paid; -Infinity for nothing ever spent. */
  rows: Float64Array = new Float64Array(0);
  /** Infinity where the rate is: everything fits, and no division by the rate is ever made. */
  private capacity: number;
  private readonly mint: Mint;

  constructor(rate: BucketKind, now: number) {
    this.rate = rate;
    this.capacity = capacityOf(rate);
    this.mint = new Mint(perMsOf(rate), now);
  }

  start(at: number): void {
    this.rows[at] = -Infinity;
  }

  waitMs(at: number, cost: number, ahead: number, now: number): number {
    const paidAt = this.rows[at] as number;
    const minted = this.mint.minted(now);
    const short = (paidAt > minted ? paidAt - minted : 0) + ahead + cost - this.capacity;
    // The grain of the two counts, so that a call told to come back in a millisecond passes then.
    if (short <= 0 || short <= (Math.abs(minted) + this.capacity) * GRAIN) return 0;
    return cost > this.capacity ? Infinity : short / this.mint.perMs;
  }

  take(at: number, cost: number, ahead: number, now: number): number {
    const minted = this.mint.minted(now);
    const paidAt = this.rows[at] as number;
    const from = paidAt > minted ? paidAt : minted;
    if (from - minted + ahead + cost <= this.capacity && minted <= REBASE_ABOVE) {
      this.rows[at] = from + cost;
      return 0;
    }
    return this.takeSlowly(at, cost, ahead, now);
  }

  spend(at: number, cost: number, now: number): void {
    const paidAt = this.rows[at] as number;
    const minted = this.mint.minted(now);
    this.rows[at] = (paidAt > minted ? paidAt : minted) + cost;
    if (minted > REBASE_ABOVE) this.rebase(minted);
  }

  giveBack(at: number, cost: number, _spentAt: number, now: number): void {
    this.spend(at, -cost, now);
  }

  remaining(at: number, now: number): number {
    return Math.min(this.capacity - this.owed(at, now), this.rate.capacity);
  }

  resetMs(at: number, now: number): number {
    const owed = this.capacity === Infinity ? 0 : this.owed(at, now);
    return owed === 0 ? 0 : owed / this.mint.perMs;
  }

  /** Tokens in hand stay in hand, up to the new capacity; a larger bucket fills at its own pace. */
  retune(rate: Rate, now: number): void {
    if (this.capacity === Infinity) this.rows.fill(-Infinity);
    const before = this.rate.capacity;
    this.rate = rate as BucketKind;
    this.capacity = capacityOf(this.rate);
    this.mint.retune(perMsOf(this.rate), now);
    const growth = this.rate.capacity - before;
    if (growth === 0) return;
    const minted = this.mint.minted(now);
    for (let at = 0; at < this.rows.length; at++) {
      this.rows[at] = Math.max(this.rows[at] as number, minted) + growth;
    }
  }

  save(at: number, now: number): number[] {
    return [this.owed(at, now)];
  }

  load(at: number, saved: readonly number[], now: number): void {
    this.rows[at] = this.mint.minted(now) + (saved[0] ?? 0);
  }

  private owed(at: number, now: number): number {
    return Math.max(0, (this.rows[at] as number) - this.mint.minted(now));
  }

  private takeSlowly(at: number, cost: number, ahead: number, now: number): number {
    const waitMs = this.waitMs(at, cost, ahead, now);
    if (waitMs === 0) this.spend(at, cost, now);
    return waitMs;
  }

  private rebase(tokens: number): void {
    for (let at = 0; at < this.rows.length; at++)
      this.rows[at] = (this.rows[at] as number) - tokens;
    this.mint.rebase(tokens);
  }
}

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
    rule: (now) => new BucketRule(kind, now),
  };
  return kind;
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
  private capacity: number;
  private readonly mint: Mint;

  constructor(rate: BucketKind, now: number) {
    this.rate = rate;
    this.capacity = rate.capacity;
    this.mint = new Mint(rate.refillPerSecond / 1000, now);
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
    if (this.mint.perMs === Infinity) return 0;
    return cost > this.capacity ? Infinity : short / this.mint.perMs;
  }

  spend(at: number, cost: number, now: number): void {
    if (this.mint.perMs === Infinity) return;
    const paidAt = this.rows[at] as number;
    const minted = this.mint.minted(now);
    this.rows[at] = (paidAt > minted ? paidAt : minted) + cost;
    if (minted > REBASE_ABOVE) this.rebase(minted);
  }

  remaining(at: number, now: number): number {
    return this.capacity - this.owed(at, now);
  }

  resetMs(at: number, now: number): number {
    const owed = this.owed(at, now);
    return owed === 0 ? 0 : owed / this.mint.perMs;
  }

  /** Tokens in hand stay in hand, up to the new capacity; a larger bucket fills at its own pace. */
  retune(rate: Rate, now: number): void {
    this.rate = rate as BucketKind;
    this.mint.retune(this.rate.refillPerSecond / 1000, now);
    const minted = this.mint.minted(now);
    const growth = this.rate.capacity - this.capacity;
    for (let at = 0; growth !== 0 && at < this.rows.length; at++) {
      this.rows[at] = Math.max(this.rows[at] as number, minted) + growth;
    }
    this.capacity = this.rate.capacity;
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

  private rebase(tokens: number): void {
    for (let at = 0; at < this.rows.length; at++)
      this.rows[at] = (this.rows[at] as number) - tokens;
    this.mint.rebase(tokens);
  }
}

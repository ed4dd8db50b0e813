/**
 * Sums over the last stretch of time, kept in buckets that leave whole: what happened in the last 10 s,
 * in tenths. Buckets are aligned to multiples of their length, and the newest is the one `now` is in, so
 * the stretch is between one bucket less than `windowMs` and all of it.
 *
 * Nothing runs while nobody asks. The first call in a later bucket subtracts what has run out from
 * running sums, in one pass over the ring at most, however long the idling was: a window left alone for
 * longer than itself is empty.
 *
 * Source of the semantics: resilience4j's sliding time window, which keeps one bucket per second. Our
 * deviations: any bucket length; a clock that goes back evicts nothing, and what is added then counts in
 * the newest bucket; sums are taken anew once per turn of the ring, so that fractions do not drift.
 */

/** The shape of a time window; the caller has checked it. */
export interface TimeWindowOptions {
  /** How far back it reaches, in milliseconds; above 0. */
  readonly windowMs: number;
  /** In how many buckets, a whole number of 1 or more: more are finer and cost 8 bytes per counter. */
  readonly buckets: number;
  /** How many numbers are kept, a whole number of 1 or more. They are named by index, 0 … counters - 1. */
  readonly counters: number;
}

/** Several sums over one sliding window of time. `now` is in milliseconds, from any origin. */
export interface TimeWindow {
  /** Adds to a counter in the bucket of `now`. Amortised O(counters). */
  add(now: number, counter: number, amount: number): void;
  /** The sum of a counter over the window that ends at `now`. Amortised O(counters). */
  sum(now: number, counter: number): number;
  /** Forgets everything, the clock's last reading included. */
  clear(): void;
}

/**
 * An empty time window.
 *
 * ```ts
 * import { timeWindow } from 'tenfold/core';
 *
 * const last = timeWindow({ windowMs: 10_000, buckets: 10, counters: 2 });
 * last.add(500, 0, 1);
 * last.sum(9_999, 0); // 1
 * last.sum(10_000, 0); // 0
 * ```
 */
export function timeWindow(options: TimeWindowOptions): TimeWindow {
  return new BucketRing(options);
}

class BucketRing implements TimeWindow {
  private readonly buckets: number;
  private readonly counters: number;
  private readonly bucketMs: number;
  /** A row of counters for each bucket. */
  private readonly rows: Float64Array;
  /** By counter, the sum of its column of `rows`. */
  private readonly sums: Float64Array;
  /** Number of the newest bucket, counted from the clock's origin, and its row. */
  private newest = -Infinity;
  private row = 0;
  /** When the newest bucket ends: until then a call costs one comparison. */
  private endsAt = -Infinity;

  constructor({ windowMs, buckets, counters }: TimeWindowOptions) {
    this.buckets = buckets;
    this.counters = counters;
    this.bucketMs = windowMs / buckets;
    this.rows = new Float64Array(buckets * counters);
    this.sums = new Float64Array(counters);
  }

  add(now: number, counter: number, amount: number): void {
    if (now >= this.endsAt) this.turnTo(now);
    this.rows[this.row * this.counters + counter]! += amount;
    this.sums[counter]! += amount;
  }

  sum(now: number, counter: number): number {
    if (now >= this.endsAt) this.turnTo(now);
    return this.sums[counter]!;
  }

  clear(): void {
    this.empty();
    this.newest = -Infinity;
    this.endsAt = -Infinity;
  }

  private turnTo(now: number): void {
    const bucket = Math.floor(now / this.bucketMs);
    const steps = bucket - this.newest;
    if (steps >= this.buckets) this.empty();
    else for (let step = 0; step < steps; step++) this.evictOldest();
    this.newest = bucket;
    this.endsAt = (bucket + 1) * this.bucketMs;
  }

  /** Makes the oldest row the newest, empty. */
  private evictOldest(): void {
    const { rows, sums, counters } = this;
    this.row = this.row + 1 === this.buckets ? 0 : this.row + 1;
    const first = this.row * counters;
    for (let counter = 0; counter < counters; counter++) {
      sums[counter]! -= rows[first + counter]!;
      rows[first + counter] = 0;
    }
    if (this.row === 0) this.sumAnew();
  }

  private sumAnew(): void {
    const { rows, sums, counters } = this;
    sums.fill(0);
    for (let at = 0; at < rows.length; at++) sums[at % counters]! += rows[at]!;
  }

  private empty(): void {
    this.rows.fill(0);
    this.sums.fill(0);
    this.row = 0;
  }
}

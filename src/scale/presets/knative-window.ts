/**
 * Window averages as Knative's autoscaler keeps them: one sum per bucket of time, none for idle time.
 *
 * Source: knative/serving@98e5ef90, pkg/autoscaler/aggregation/bucketing.go. A window that has not been
 * full since the first record is averaged over the buckets there are, so that a new service is not
 * diluted by a past it never had; a window in which nothing was recorded averages to 0.
 */

export interface BucketWindow {
  /** Adds `value` to the bucket of `now`. What is older than the window is dropped. */
  record(now: number, value: number): void;
  /** The mean per bucket over the window that ends at `now`. */
  average(now: number): number;
  /** True when nothing was recorded within the window that ends at `now`: no data, which is not 0. */
  isEmpty(now: number): boolean;
  /** Changes the length of the window and keeps what fits. */
  resize(windowMs: number): void;
}

/**
 * Makes a window.
 *
 * @param weights `linear` weighs all buckets alike; `exponential` prefers the newest, such that nearly
 *   all of the weight (99.99 %) lies within the window
 */
export function bucketWindow(
  windowMs: number,
  granularityMs: number,
  weights: 'linear' | 'exponential' = 'linear',
): BucketWindow {
  return new Buckets(windowMs, granularityMs, weights);
}

const WEIGHT_WITHIN_WINDOW = 0.9999;
const LEAST_COEFFICIENT = 0.2;

/** Share of the newest bucket in an exponential average over so many buckets. */
export function smoothingCoefficient(
  buckets: number,
  weight: number = WEIGHT_WITHIN_WINDOW,
  least: number = LEAST_COEFFICIENT,
): number {
  return Math.max(least, 1 - (1 - weight) ** (1 / buckets));
}

class Buckets implements BucketWindow {
  private readonly granularityMs: number;
  private readonly weights: 'linear' | 'exponential';
  private buckets: Float64Array;
  /** Numbers of the first and the last bucket written to; -Infinity before. */
  private first = -Infinity;
  private last = -Infinity;

  constructor(windowMs: number, granularityMs: number, weights: 'linear' | 'exponential') {
    this.granularityMs = granularityMs;
    this.weights = weights;
    this.buckets = new Float64Array(Math.max(1, Math.ceil(windowMs / granularityMs)));
  }

  record(now: number, value: number): void {
    const { length } = this.buckets;
    const at = this.numberOf(now);
    if (at - this.last >= length) {
      this.buckets.fill(0);
      this.first = at;
      this.last = at;
    } else if (at > this.last) {
      for (let n = this.last + 1; n <= at; n++) this.buckets[this.slot(n)] = 0;
      this.last = at;
    } else if (this.last - at >= length) {
      return;
    }
    this.first = Math.min(this.first, at);
    this.buckets[this.slot(at)] = (this.buckets[this.slot(at)] as number) + value;
  }

  average(now: number): number {
    if (this.isEmpty(now)) return 0;
    const end = Math.max(this.last, this.numberOf(now));
    const begin = Math.max(this.first, end - this.buckets.length + 1);
    return this.weights === 'linear' ? this.mean(begin) : this.weighted(begin, end);
  }

  isEmpty(now: number): boolean {
    return this.numberOf(now) - this.last >= this.buckets.length;
  }

  resize(windowMs: number): void {
    const old = this.buckets;
    const buckets = new Float64Array(Math.max(1, Math.ceil(windowMs / this.granularityMs)));
    this.first = Math.max(this.first, this.last - old.length + 1);
    const begin = Math.max(this.first, this.last - buckets.length + 1);
    for (let n = begin; n <= this.last; n++) {
      buckets[modulo(n, buckets.length)] = old[modulo(n, old.length)] as number;
    }
    this.buckets = buckets;
  }

  private mean(begin: number): number {
    let sum = 0;
    for (let n = begin; n <= this.last; n++) sum += this.buckets[this.slot(n)] as number;
    return sum / (this.last - begin + 1);
  }

  private weighted(begin: number, end: number): number {
    const share = smoothingCoefficient(this.buckets.length);
    let weight = share;
    let sum = 0;
    for (let n = end; n >= begin; n--) {
      if (n <= this.last) sum += weight * (this.buckets[this.slot(n)] as number);
      weight *= 1 - share;
    }
    return sum;
  }

  private numberOf(time: number): number {
    return Math.floor(time / this.granularityMs);
  }

  private slot(number: number): number {
    return modulo(number, this.buckets.length);
  }
}

function modulo(n: number, length: number): number {
  return ((n % length) + length) % length;
}

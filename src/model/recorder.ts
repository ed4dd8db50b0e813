/**
 * A histogram that records a value in a few nanoseconds and answers quantiles with a guaranteed
 * relative error, for latencies, sizes and whatever else is counted in millions.
 *
 * See recorder-buckets.ts for the buckets and the bound. Memory is one array that grows by whole
 * octaves towards the values seen: 2 KiB an octave, 20 KiB for 1 ms to 1 s, 192 KiB at most.
 */
import { optionChecks } from '../core/options.ts';
import { HIGHEST, keyOf, LOWEST, lowOf, middleOf, OCTAVE } from './recorder-buckets.ts';
import {
  packCounts,
  type RecorderContents,
  type RecorderSnapshot,
  readSnapshot,
} from './recorder-snapshot.ts';

/** The values that fell between `low` (included) and `high` (excluded). */
export interface RecorderBucket {
  readonly low: number;
  readonly high: number;
  /** The answer given for any value of the bucket; within 1/512 of each of them. */
  readonly value: number;
  readonly count: number;
}

/**
 * A mergeable histogram of numbers from 0 up to 2^64, of any one unit.
 *
 * `count`, `sum`, `min` and `max` are exact (the sum is a plain float64 sum). Quantiles are within
 * 1/512 (0.195 %) of the exact sample of that rank, for values of 2^-32 and above; smaller ones
 * count as 0. Negative values, NaN, Infinity and values of 2^64 and above are not recorded but
 * counted in `rejected`: a broken clock must neither throw on a hot path nor bend the mean.
 * With nothing recorded every statistic but `count`, `sum` and `rejected` is NaN, never 0.
 */
export interface Recorder {
  /** Records one value; O(1), without allocation once its octave has been seen. */
  record(value: number): void;
  /** Records the same value `times` times (a whole number ≥ 0) at the cost of one. */
  recordMany(value: number, times: number): void;
  /**
   * Records a latency and those of the calls a stalled closed loop never made: value − interval,
   * value − 2·interval, … down to the interval. Use it only where latency was measured from the
   * actual start of a call in a stream that meant to call every `expectedInterval` (> 0, the
   * unit of the values); never for latency measured from the intended start, which has it already.
   * A step for each missing value or each bucket in between, whichever is fewer.
   */
  recordCorrected(value: number, expectedInterval: number): void;
  /** Adds everything recorded by another recorder, or held in a snapshot, to this one. */
  merge(other: Recorder | RecorderSnapshot): void;
  /** Forgets everything; keeps the memory. */
  reset(): void;

  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Standard deviation of the population, from the buckets: O(buckets). */
  readonly stdDev: number;
  /** How many values were refused as NaN, negative, infinite or ≥ 2^64. */
  readonly rejected: number;

  /**
   * The least recorded value that at least a share `q` (0–1) of all values do not exceed (nearest
   * rank); `q` 0 is the exact minimum, 1 the exact maximum. O(buckets).
   *
   * @throws OptionError when `q` is not from 0 to 1
   */
  quantile(q: number): number;
  /** Several quantiles in one pass, in the order asked. */
  quantiles(qs: readonly number[]): number[];
  /** The buckets that hold something, by rising value. */
  buckets(): IterableIterator<RecorderBucket>;
  /** Everything recorded, as compact JSON; `merge` it into another recorder to restore. */
  snapshot(): RecorderSnapshot;
}

/**
 * Makes an empty recorder.
 *
 * @example
 * ```ts
 * import { recorder } from 'tenfold/model';
 *
 * const latency = recorder();
 * for (const ms of [12, 15, 11, 240]) latency.record(ms);
 * const [p50, p99] = latency.quantiles([0.5, 0.99]);
 * ```
 */
export function recorder(): Recorder {
  return new BucketRecorder();
}

const check = /* @__PURE__ */ optionChecks('recorder');

/** A recorder of the other build of the package, or somebody's own. */
function isRecorder(other: Recorder | RecorderSnapshot): other is Recorder {
  return typeof (other as Partial<Recorder> | null | undefined)?.snapshot === 'function';
}

const LOWEST_KEY = /* @__PURE__ */ keyOf(LOWEST);

class BucketRecorder implements Recorder {
  count = 0;
  rejected = 0;
  /** Values below LOWEST, zero among them. */
  private tiny = 0;
  // `private`, not `#`: a # field that a compiler declares apart from its value begins as undefined
  // and is boxed ever after, an allocation a record. Fields that begin as −0 or Infinity are stored
  // unboxed, as floats, from the first instance on.
  private added = -0;
  private least = Infinity;
  private greatest = -Infinity;
  /** Key of counts[0]; a multiple of OCTAVE. */
  private base = 0;
  // A plain array, not a typed one: once any ArrayBuffer of the process was detached (a grown
  // WASM memory, a transfer to a worker) every typed access pays for a check. Small integers until
  // a count passes 2^31, floats from then on, so counts stay exact up to 2^53.
  private counts: number[] = [];

  get sum(): number {
    return this.added + 0;
  }

  get min(): number {
    return this.count === 0 ? NaN : this.least;
  }

  get max(): number {
    return this.count === 0 ? NaN : this.greatest;
  }

  get mean(): number {
    return this.added / this.count;
  }

  get stdDev(): number {
    const mean = this.mean;
    let squares = 0;
    for (const { value, count } of this.buckets()) squares += count * (value - mean) ** 2;
    return Math.sqrt(squares / this.count);
  }

  record(value: number): void {
    const index = keyOf(value) - this.base;
    const counts = this.counts;
    // Unsigned, so that an index below 0 is out of range too.
    if (index >>> 0 >= counts.length) {
      this.recordMany(value, 1);
      return;
    }
    (counts[index] as number)++;
    this.count++;
    this.added += value;
    if (value < this.least) this.least = value;
    if (value > this.greatest) this.greatest = value;
  }

  recordMany(value: number, times: number): void {
    if (times !== 1) check.number('times', times, { min: 0, integer: true });
    if (times === 0) return;
    if (!(value >= 0 && value < HIGHEST)) {
      this.rejected += times;
      return;
    }
    this.add(keyOf(value), times);
    this.added += value * times;
    if (value < this.least) this.least = value + 0; // −0 is 0
    if (value > this.greatest) this.greatest = value + 0;
  }

  recordCorrected(value: number, expectedInterval: number): void {
    check.positive('expectedInterval', expectedInterval);
    this.record(value);
    if (!(value >= 2 * expectedInterval && value < HIGHEST)) return;
    const missing = Math.floor((value - expectedInterval) / expectedInterval);
    if (!Number.isSafeInteger(missing)) {
      check.refuse('expectedInterval', `at least ${value} ÷ 2^53`, expectedInterval);
    }
    // One step per bucket that holds a missing value − k·interval, from the least of them upwards.
    for (let k = missing; k > 0;) {
      const key = Math.max(keyOf(value - k * expectedInterval), LOWEST_KEY - 1);
      const beyond = Math.floor((value - lowOf(key + 1)) / expectedInterval);
      const times = k - Math.min(k - 1, Math.max(0, beyond));
      this.add(key, times);
      k -= times;
    }
    this.added += missing * value - (expectedInterval * missing * (missing + 1)) / 2;
    this.least = Math.min(this.least, value - missing * expectedInterval);
  }

  merge(other: Recorder | RecorderSnapshot): void {
    const from =
      other instanceof BucketRecorder
        ? other.contents()
        : readSnapshot(isRecorder(other) ? other.snapshot() : other);
    this.rejected += from.rejected;
    if (from.count === 0) return;
    if (from.tiny > 0) this.add(0, from.tiny);
    for (const [offset, times] of from.counts.entries()) {
      if (times > 0) this.add(from.first + offset, times);
    }
    this.added += from.sum;
    this.least = Math.min(this.least, from.min);
    this.greatest = Math.max(this.greatest, from.max);
  }

  reset(): void {
    this.counts.fill(0);
    this.count = 0;
    this.rejected = 0;
    this.tiny = 0;
    this.added = 0;
    this.least = Infinity;
    this.greatest = -Infinity;
  }

  quantile(q: number): number {
    return this.quantiles([q])[0] as number;
  }

  quantiles(qs: readonly number[]): number[] {
    if (!Array.isArray(qs)) check.refuse('quantiles', 'a list of shares', qs);
    for (const q of qs) check.ratio('quantile', q);
    const answers = qs.map(() => NaN);
    if (this.count === 0) return answers;
    const rising = qs.map((_, i) => i).sort((a, b) => (qs[a] as number) - (qs[b] as number));
    let reached = this.tiny;
    let index = -1;
    for (const i of rising) {
      const rank = rankOf(qs[i] as number, this.count);
      while (reached < rank) reached += this.counts[++index] as number;
      answers[i] = this.answer(rank, index);
    }
    return answers;
  }

  *buckets(): IterableIterator<RecorderBucket> {
    if (this.tiny > 0) yield { low: 0, high: LOWEST, value: 0, count: this.tiny };
    for (const [index, count] of this.counts.entries()) {
      const key = this.base + index;
      if (count > 0) yield { low: lowOf(key), high: lowOf(key + 1), value: middleOf(key), count };
    }
  }

  snapshot(): RecorderSnapshot {
    const { first, counts, ...rest } = this.contents();
    return { format: 'recorder/1', ...rest, ...packCounts(first, counts) };
  }

  private contents(): RecorderContents {
    const [min, max] = this.count === 0 ? [0, 0] : [this.least, this.greatest];
    return {
      count: this.count,
      sum: this.sum,
      min,
      max,
      rejected: this.rejected,
      tiny: this.tiny,
      first: this.base,
      counts: this.counts,
    };
  }

  private answer(rank: number, index: number): number {
    if (rank === 1) return this.least;
    if (rank === this.count) return this.greatest;
    const value = index < 0 ? 0 : middleOf(this.base + index);
    return Math.min(Math.max(value, this.least), this.greatest);
  }

  private add(key: number, times: number): void {
    this.count += times;
    if (key < LOWEST_KEY) {
      this.tiny += times;
      return;
    }
    if (key < this.base || key >= this.base + this.counts.length) this.growTo(key);
    (this.counts[key - this.base] as number) += times;
  }

  private growTo(key: number): void {
    const octave = key - (key % OCTAVE);
    const empty = this.counts.length === 0;
    const base = empty ? octave : Math.min(octave, this.base);
    const end = Math.max(octave + OCTAVE, empty ? 0 : this.base + this.counts.length);
    const counts: number[] = [];
    for (let at = base; at < end; at++) counts.push(this.counts[at - this.base] ?? 0);
    this.base = base;
    this.counts = counts;
  }
}

/** Nearest rank, 1 to count; the factor takes back what rounding added to a product that is whole. */
function rankOf(q: number, count: number): number {
  return Math.min(count, Math.max(1, Math.ceil(q * count * (1 - Number.EPSILON))));
}

/**
 * Windows of calls: how many of the last calls failed or were slow.
 *
 * Three kinds with one face. All are O(1) per record and per read, however many calls they hold, and
 * all are right after any idle time, because old calls leave on the next look at the clock.
 *
 * The count and the time window are those of resilience4j (subtract what leaves, keep the totals).
 */

/** The last calls, by some measure of "last". The counts are right after `advance(now)`. */
export interface CallWindow {
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
  /** Calls that both failed and were slow. */
  readonly slowFailures: number;
  /** Takes in one call. */
  record(failed: boolean, slow: boolean, durationMs: number, now: number): void;
  /** Lets calls leave whose time has passed. */
  advance(now: number): void;
  /** Sum of the durations in ms; `O(size)`, for snapshots. */
  totalMs(): number;
  clear(): void;
}

/** A window of a fixed number of calls. */
export interface CountWindow extends CallWindow {
  readonly size: number;
}

const FAILED = 1;
const SLOW = 2;

/** The last `size` calls. One byte and one float per call. */
export function countWindow(size: number): CountWindow {
  return new RingOfCalls(size);
}

/**
 * The calls of the last `windowMs`, in `buckets` steps aligned to whole steps of the clock: a call
 * leaves between `windowMs * (buckets - 1) / buckets` and `windowMs` after it was recorded.
 */
export function timeWindow(windowMs: number, buckets: number): CallWindow {
  return new TimeWindow(windowMs, buckets);
}

/** The run of bad calls since the last good one; a slow call counts as failed here. */
export function consecutiveWindow(): CallWindow {
  return new ConsecutiveWindow();
}

class RingOfCalls implements CountWindow {
  calls = 0;
  failures = 0;
  slow = 0;
  slowFailures = 0;
  private readonly marks: Uint8Array;
  private readonly durations: Float32Array;
  readonly size: number;
  private next = 0;

  constructor(size: number) {
    this.size = size;
    this.marks = new Uint8Array(size);
    this.durations = new Float32Array(size);
  }

  record(failed: boolean, slow: boolean, durationMs: number): void {
    const at = this.next;
    if (this.calls === this.size) this.count(this.marks[at] as number, -1);
    else this.calls++;
    const mark = (failed ? FAILED : 0) | (slow ? SLOW : 0);
    this.marks[at] = mark;
    this.durations[at] = durationMs;
    this.count(mark, 1);
    this.next = at + 1 === this.size ? 0 : at + 1;
  }

  advance(): void {
    // Only calls move this window.
  }

  totalMs(): number {
    let total = 0;
    for (let i = 0; i < this.calls; i++) total += this.durations[i] as number;
    return total;
  }

  clear(): void {
    this.calls = 0;
    this.failures = 0;
    this.slow = 0;
    this.slowFailures = 0;
    this.next = 0;
  }

  private count(mark: number, by: 1 | -1): void {
    if (mark === 0) return;
    if ((mark & FAILED) !== 0) this.failures += by;
    if ((mark & SLOW) !== 0) this.slow += by;
    if (mark === (FAILED | SLOW)) this.slowFailures += by;
  }
}

/** Numbers kept per bucket: calls, failures, slow, slow failures, total ms. */
const COLUMNS = 5;

class TimeWindow implements CallWindow {
  calls = 0;
  failures = 0;
  slow = 0;
  slowFailures = 0;
  private readonly bucketMs: number;
  private readonly cells: Float64Array;
  /** First cell of the bucket being filled. */
  private at = 0;
  /** That bucket's number on the clock, and when it ends. */
  private bucket = -Infinity;
  private endsAt = -Infinity;

  constructor(windowMs: number, buckets: number) {
    this.bucketMs = windowMs / buckets;
    this.cells = new Float64Array(buckets * COLUMNS);
  }

  record(failed: boolean, slow: boolean, durationMs: number, now: number): void {
    if (now >= this.endsAt) this.advance(now);
    const { cells, at } = this;
    cells[at]!++;
    this.calls++;
    cells[at + 4]! += durationMs;
    if (failed) {
      cells[at + 1]!++;
      this.failures++;
    }
    if (!slow) return;
    cells[at + 2]!++;
    this.slow++;
    if (!failed) return;
    cells[at + 3]!++;
    this.slowFailures++;
  }

  advance(now: number): void {
    if (now < this.endsAt) return;
    const bucket = Math.floor(now / this.bucketMs);
    const steps = bucket - this.bucket;
    if (steps * COLUMNS >= this.cells.length) this.clear();
    else for (let i = 0; i < steps; i++) this.step();
    this.bucket = bucket;
    this.endsAt = (bucket + 1) * this.bucketMs;
  }

  totalMs(): number {
    let total = 0;
    for (let cell = 4; cell < this.cells.length; cell += COLUMNS) total += this.cells[cell]!;
    return total;
  }

  clear(): void {
    this.cells.fill(0);
    this.calls = 0;
    this.failures = 0;
    this.slow = 0;
    this.slowFailures = 0;
  }

  /** Begins the next bucket in the place of the oldest. */
  private step(): void {
    const { cells } = this;
    const at = this.at + COLUMNS === cells.length ? 0 : this.at + COLUMNS;
    this.at = at;
    this.calls -= cells[at]!;
    this.failures -= cells[at + 1]!;
    this.slow -= cells[at + 2]!;
    this.slowFailures -= cells[at + 3]!;
    cells.fill(0, at, at + COLUMNS);
  }
}

class ConsecutiveWindow implements CallWindow {
  calls = 0;
  failures = 0;
  slow = 0;
  slowFailures = 0;
  private total = 0;

  record(failed: boolean, slow: boolean, durationMs: number): void {
    if (!failed && !slow) {
      this.clear();
      return;
    }
    this.calls++;
    this.failures++;
    this.total += durationMs;
    if (!slow) return;
    this.slow++;
    if (failed) this.slowFailures++;
  }

  advance(): void {
    // A run ends with a good call, never with time.
  }

  totalMs(): number {
    return this.total;
  }

  clear(): void {
    this.calls = 0;
    this.failures = 0;
    this.slow = 0;
    this.slowFailures = 0;
    this.total = 0;
  }
}

/**
 * Windows of calls: how many of the last calls failed or were slow.
 *
 * Three kinds with one face. All are O(1) per record and per read, however many calls they hold, and
 * right after any idle time (core's windows). Durations are kept for the mean that a snapshot tells.
 */

import type { CountWindow, TimeWindow } from '../core/index.ts';
import { countWindow, timeWindow } from '../core/index.ts';

/** The last calls, by some measure of "last". */
export interface CallWindow {
  /** Takes in one call. */
  record(failed: boolean, slow: boolean, durationMs: number, now: number): void;
  /** False when no call in it was bad: the question after most calls, so it must be cheap. */
  mayHoldBad(now: number): boolean;
  calls(now: number): number;
  failures(now: number): number;
  slow(now: number): number;
  /** Calls that both failed and were slow. */
  slowFailures(now: number): number;
  /** Sum of the durations in ms; `O(size)` for windows by count. */
  totalMs(now: number): number;
  clear(): void;
  /** Takes in calls of which only the sums are known, as if they had just ended, the bad ones last. */
  refill(counts: CallCounts, now: number): void;
  /** How long a call is remembered at most, in ms. */
  readonly spanMs: number;
}

/** What a window holds, summed up. */
export interface CallCounts {
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
  readonly slowFailures: number;
  readonly totalMs: number;
}

/** Sums up what a window holds. */
export function countsOf(window: CallWindow, now: number): CallCounts {
  return {
    calls: window.calls(now),
    failures: window.failures(now),
    slow: window.slow(now),
    slowFailures: window.slowFailures(now),
    totalMs: window.totalMs(now),
  };
}

/** The last `size` calls. One byte and one float per call. */
export function callsByCount(size: number): CallWindow {
  return new CallsByCount(size);
}

/**
 * The calls of the last `windowMs`, in `buckets` steps aligned to whole steps of the clock: a call
 * leaves between `windowMs * (buckets - 1) / buckets` and `windowMs` after it was recorded.
 */
export function callsByTime(windowMs: number, buckets: number): CallWindow {
  return new CallsByTime(windowMs, buckets);
}

/** The run of bad calls since the last good one; a slow call counts as failed here. */
export function badCallsInARow(): CallWindow {
  return new BadCallsInARow();
}

/** Kinds of call, as bits. */
const FAILED = 1;
const SLOW = 2;
const KINDS = 4;

class CallsByCount implements CallWindow {
  readonly spanMs: number = Infinity;
  private readonly kinds: CountWindow;
  private readonly durations: Float32Array;
  private next = 0;

  constructor(size: number) {
    this.kinds = countWindow(size, KINDS);
    this.durations = new Float32Array(size);
  }

  record(failed: boolean, slow: boolean, durationMs: number): void {
    this.kinds.record((failed ? FAILED : 0) | (slow ? SLOW : 0));
    this.durations[this.next] = durationMs;
    this.next = this.next + 1 === this.durations.length ? 0 : this.next + 1;
  }

  mayHoldBad(): boolean {
    return this.kinds.count(0) < this.kinds.total;
  }

  calls(): number {
    return this.kinds.total;
  }

  failures(): number {
    return this.kinds.count(FAILED) + this.kinds.count(FAILED | SLOW);
  }

  slow(): number {
    return this.kinds.count(SLOW) + this.kinds.count(FAILED | SLOW);
  }

  slowFailures(): number {
    return this.kinds.count(FAILED | SLOW);
  }

  totalMs(): number {
    return this.durations.reduce((sum, durationMs) => sum + durationMs, 0);
  }

  clear(): void {
    this.kinds.clear();
    this.durations.fill(0);
    this.next = 0;
  }

  refill({ calls, failures, slow, slowFailures, totalMs }: CallCounts): void {
    const meanMs = calls === 0 ? 0 : totalMs / calls;
    const add = (times: number, failed: boolean, isSlow: boolean): void => {
      const most = Math.min(times, this.durations.length);
      for (let i = 0; i < most; i++) this.record(failed, isSlow, meanMs);
    };
    add(calls - failures - slow + slowFailures, false, false);
    add(slow - slowFailures, false, true);
    add(failures - slowFailures, true, false);
    add(slowFailures, true, true);
  }
}

/** Counters of the time window. */
const CALLS = 0;
const FAILURES = 1;
const SLOW_CALLS = 2;
const SLOW_FAILURES = 3;
const TOTAL_MS = 4;

class CallsByTime implements CallWindow {
  readonly spanMs: number;
  private readonly sums: TimeWindow;
  /** When the latest bad call has left. */
  private badUntil = -Infinity;

  constructor(windowMs: number, buckets: number) {
    this.spanMs = windowMs;
    this.sums = timeWindow({ windowMs, buckets, counters: 5 });
  }

  record(failed: boolean, slow: boolean, durationMs: number, now: number): void {
    const { sums } = this;
    sums.add(now, CALLS, 1);
    sums.add(now, TOTAL_MS, durationMs);
    if (failed || slow) this.recordBad(failed, slow, now);
  }

  mayHoldBad(now: number): boolean {
    return now < this.badUntil;
  }

  calls(now: number): number {
    return this.sums.sum(now, CALLS);
  }

  failures(now: number): number {
    return this.sums.sum(now, FAILURES);
  }

  slow(now: number): number {
    return this.sums.sum(now, SLOW_CALLS);
  }

  slowFailures(now: number): number {
    return this.sums.sum(now, SLOW_FAILURES);
  }

  totalMs(now: number): number {
    return this.sums.sum(now, TOTAL_MS);
  }

  clear(): void {
    this.sums.clear();
  }

  refill(counts: CallCounts, now: number): void {
    if (counts.failures + counts.slow > 0) this.badUntil = now + this.spanMs;
    this.sums.add(now, CALLS, counts.calls);
    this.sums.add(now, FAILURES, counts.failures);
    this.sums.add(now, SLOW_CALLS, counts.slow);
    this.sums.add(now, SLOW_FAILURES, counts.slowFailures);
    this.sums.add(now, TOTAL_MS, counts.totalMs);
  }

  private recordBad(failed: boolean, slow: boolean, now: number): void {
    const { sums } = this;
    this.badUntil = now + this.spanMs;
    if (failed) sums.add(now, FAILURES, 1);
    if (slow) sums.add(now, SLOW_CALLS, 1);
    if (failed && slow) sums.add(now, SLOW_FAILURES, 1);
  }
}

class BadCallsInARow implements CallWindow {
  readonly spanMs: number = Infinity;
  private run = 0;
  private slowRun = 0;
  private slowFailed = 0;
  private total = 0;

  record(failed: boolean, slow: boolean, durationMs: number): void {
    if (!failed && !slow) {
      this.clear();
      return;
    }
    this.run++;
    this.total += durationMs;
    if (!slow) return;
    this.slowRun++;
    if (failed) this.slowFailed++;
  }

  mayHoldBad(): boolean {
    return this.run > 0;
  }

  calls(): number {
    return this.run;
  }

  failures(): number {
    return this.run;
  }

  slow(): number {
    return this.slowRun;
  }

  slowFailures(): number {
    return this.slowFailed;
  }

  totalMs(): number {
    return this.total;
  }

  clear(): void {
    this.run = 0;
    this.slowRun = 0;
    this.slowFailed = 0;
    this.total = 0;
  }

  /** Of the calls of another kind of window, only the bad ones are a run. */
  refill({ calls, failures, slow, slowFailures, totalMs }: CallCounts): void {
    this.run = Math.min(calls, failures + slow - slowFailures);
    this.slowRun = slow;
    this.slowFailed = slowFailures;
    this.total = calls === 0 ? 0 : (totalMs * this.run) / calls;
  }
}

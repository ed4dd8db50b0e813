/**
 * A quantile of recent latencies, cheap to ask: two recorders take turns, so that it reflects between
 * one and two spans of time, and it is computed anew once a second at most.
 */

import type { Recorder } from '../model/index.ts';
import { recorder } from '../model/index.ts';

/** What is remembered of the recent past. */
export interface RecentQuantile {
  record(value: number, now: number): void;
  /** The quantile, or undefined while fewer values than needed are remembered. */
  value(now: number): number | undefined;
}

export interface RecentQuantileOptions {
  /** 0–1. */
  readonly quantile: number;
  /** Values needed for an answer. */
  readonly minimum: number;
  /** How long a recorder is filled, in ms. */
  readonly spanMs: number;
}

const REFRESH_MS = 1_000;

export function recentQuantile(options: RecentQuantileOptions): RecentQuantile {
  return new TwoRecorders(options);
}

class TwoRecorders implements RecentQuantile {
  private readonly options: RecentQuantileOptions;
  private current: Recorder = recorder();
  private previous: Recorder = recorder();
  private turnsAt = -Infinity;
  private asked: number | undefined = undefined;
  private askAgainAt = -Infinity;

  constructor(options: RecentQuantileOptions) {
    this.options = options;
  }

  record(value: number, now: number): void {
    if (now >= this.turnsAt) this.turn(now);
    this.current.record(value);
  }

  value(now: number): number | undefined {
    if (now < this.askAgainAt) return this.asked;
    if (now >= this.turnsAt) this.turn(now);
    this.asked = this.compute();
    // While there is no answer, ask each time: the first calls are few.
    if (this.asked !== undefined) this.askAgainAt = now + REFRESH_MS;
    return this.asked;
  }

  private compute(): number | undefined {
    const { current, previous, options } = this;
    if (current.count + previous.count < options.minimum) return undefined;
    const both = recorder();
    both.merge(current);
    both.merge(previous);
    return both.quantile(options.quantile);
  }

  /** The fuller of the two becomes the previous one; after a long silence neither counts. */
  private turn(now: number): void {
    const { spanMs } = this.options;
    const oldest = this.previous;
    const isStale = now >= this.turnsAt + spanMs;
    if (isStale) this.current.reset();
    this.previous = this.current;
    oldest.reset();
    this.current = oldest;
    this.turnsAt = now + spanMs;
  }
}

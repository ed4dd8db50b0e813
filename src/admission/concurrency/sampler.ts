/**
 * Gathers the calls of a window into one sample for a concurrency rule. A few additions a call.
 */

import type { LimitSample, SampleWindow } from './rule.ts';

/** A window is not drawn out for the sake of its noise beyond so many times its least calls. */
const PATIENCE = 10;

export class Sampler {
  private readonly window: SampleWindow;
  private startedAt: number;
  private endsAt: number;
  private ended = 0;
  private durationMs = 0;
  private squaredMs = 0;
  private dropped = 0;
  private mostInFlight = 0;
  private isBinding = false;
  /** Calls in flight × milliseconds, up to `changedAt`. */
  private area = 0;
  private changedAt: number;

  constructor(window: SampleWindow, now: number) {
    this.window = window;
    this.startedAt = now;
    this.changedAt = now;
    this.endsAt = now + window.minMs;
  }

  /** The number in flight was `before` until now and is `after` from now on. */
  changed(before: number, after: number, now: number): void {
    this.area += before * (now - this.changedAt);
    this.changedAt = now;
    if (after > this.mostInFlight) this.mostInFlight = after;
  }

  bound(): void {
    this.isBinding = true;
  }

  left(durationMs: number, isDrop: boolean): void {
    this.ended++;
    this.durationMs += durationMs;
    this.squaredMs += durationMs * durationMs;
    if (isDrop) this.dropped++;
  }

  /** True when the window is long and full enough. */
  isComplete(now: number): boolean {
    const { minCalls, maxNoise } = this.window;
    if (now < this.endsAt || this.ended < minCalls) return false;
    return this.noise() <= maxNoise || this.ended >= PATIENCE * minCalls;
  }

  /** Standard error of the mean duration, relative to it. */
  private noise(): number {
    const mean = this.durationMs / this.ended;
    return Math.sqrt(Math.max(0, this.squaredMs / this.ended / (mean * mean) - 1) / this.ended);
  }

  /** The sample of the window that ends now; the next begins with `inFlight` calls. */
  next(inFlight: number, now: number): LimitSample {
    this.changed(inFlight, inFlight, now);
    const elapsedMs = now - this.startedAt;
    const rttMs = this.durationMs / this.ended;
    const sample: LimitSample = {
      now,
      elapsedMs,
      count: this.ended,
      rttMs,
      rttNoise: this.noise(),
      inFlight: this.mostInFlight,
      meanInFlight: this.area / elapsedMs,
      dropped: this.dropped,
      isBinding: this.isBinding,
    };
    this.startedAt = now;
    // Twice the latency, so that a changed limit can show its effect within the next window.
    this.endsAt = now + Math.max(this.window.minMs, 2 * rttMs);
    this.ended = 0;
    this.durationMs = 0;
    this.squaredMs = 0;
    this.dropped = 0;
    this.mostInFlight = inFlight;
    this.area = 0;
    this.isBinding = false;
    return sample;
  }
}

/**
 * Gathers the calls of a window into one sample for a concurrency rule. A few additions a call.
 *
 * What says nothing of how long the backend takes is kept out of the latency, or it would be taken for
 * the baseline: answers too quick to come from a backend (a cache, a coarse clock), as in Netflix'
 * `WindowedLimit`, and refusals quicker than its usual answer.
 */

import type { LimitSample, SampleWindow } from './rule.ts';

/** A window is not drawn out for the sake of its noise beyond so many times its least calls. */
const PATIENCE = 10;
/** No backend answers sooner, in ms. */
const SHORTEST_MS = 0.1;

export class Sampler {
  private readonly window: SampleWindow;
  private startedAt: number;
  private endsAt: number;
  private ended = 0;
  /** Of them, those whose duration counts. */
  private timed = 0;
  private durationMs = 0;
  private squaredMs = 0;
  private dropped = 0;
  /** Mean duration and its noise in the last window in which any counted. */
  private usualMs = 0;
  private usualNoise = 0;
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
    if (isDrop) this.dropped++;
    else if (durationMs < SHORTEST_MS) return;
    this.ended++;
    if (isDrop && durationMs < this.usualMs) return;
    this.timed++;
    this.durationMs += durationMs;
    this.squaredMs += durationMs * durationMs;
  }

  /** True when the window is long and full enough. */
  isComplete(now: number): boolean {
    const { minCalls, maxNoise } = this.window;
    if (now < this.endsAt || this.ended < minCalls) return false;
    return this.noise() <= maxNoise || this.ended >= PATIENCE * minCalls;
  }

  private rttMs(): number {
    return this.timed === 0 ? this.usualMs : Math.max(SHORTEST_MS, this.durationMs / this.timed);
  }

  /** Standard error of the mean duration, relative to it. */
  private noise(): number {
    if (this.timed === 0) return this.usualNoise;
    const mean = this.rttMs();
    return Math.sqrt(Math.max(0, this.squaredMs / this.timed / (mean * mean) - 1) / this.timed);
  }

  /** The sample of the window that ends now; the next begins with `inFlight` calls. */
  next(inFlight: number, now: number): LimitSample {
    this.changed(inFlight, inFlight, now);
    const elapsedMs = now - this.startedAt;
    const rttMs = this.rttMs();
    const rttNoise = this.noise();
    const sample: LimitSample = {
      now,
      elapsedMs,
      count: this.ended,
      rttMs,
      rttNoise,
      inFlight: this.mostInFlight,
      meanInFlight: this.area / elapsedMs,
      dropped: this.dropped,
      isBinding: this.isBinding,
    };
    const { minMs, maxMs } = this.window;
    this.startedAt = now;
    // Twice the latency, so that a changed limit can show its effect within the next window.
    this.endsAt = now + Math.min(maxMs, Math.max(minMs, 2 * rttMs));
    this.usualMs = rttMs;
    this.usualNoise = rttNoise;
    this.ended = 0;
    this.timed = 0;
    this.durationMs = 0;
    this.squaredMs = 0;
    this.dropped = 0;
    this.mostInFlight = inFlight;
    this.area = 0;
    this.isBinding = false;
    return sample;
  }
}

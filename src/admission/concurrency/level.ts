/**
 * Where a backend stands: calls in flight and their latency, averaged over windows as long as nothing
 * changes, and what a change of one says of the other.
 */

import type { LimitSample } from './rule.ts';

/** An average over the last few windows. */
export interface Level {
  readonly inFlight: number;
  readonly rttMs: number;
  /** Standard error of `rttMs`, relative to it. */
  readonly noise: number;
  /** The limit in force. */
  readonly limit: number;
  readonly windows: number;
  /** False right after a jump: calls from before it are still among those measured. */
  readonly isSteady: boolean;
}

/** Weight of the newest window. */
const WEIGHT = 0.4;
/** Two windows further apart than this are not the same level, in standard errors. */
const SURELY_DIFFERENT = 3;

/** The level after one more window; a new one where the window is surely different. */
export function levelAfter(before: Level | undefined, sample: LimitSample, limit: number): Level {
  const { rttMs, meanInFlight: inFlight, rttNoise: noise } = sample;
  if (before === undefined) return { inFlight, rttMs, noise, limit, windows: 1, isSteady: true };
  const differs = Math.abs(Math.log(rttMs / before.rttMs));
  const apart = differs / Math.hypot(noise, before.noise);
  if (apart > SURELY_DIFFERENT) {
    return { inFlight, rttMs, noise, limit, windows: 1, isSteady: false };
  }
  const weight = Math.max(WEIGHT, 1 / (before.windows + 1));
  // Calls that queue behind each other are late together, so windows differ by more than their calls
  // let expect; of two alike, one by 1/√2 of what lies between them.
  const noiseSeen = Math.max(noise, differs / Math.SQRT2);
  return {
    inFlight: before.inFlight + weight * (inFlight - before.inFlight),
    rttMs: before.rttMs + weight * (rttMs - before.rttMs),
    noise: Math.hypot((1 - weight) * before.noise, weight * noiseSeen),
    limit,
    windows: before.windows + 1,
    isSteady: before.isSteady || before.windows >= 2,
  };
}

/**
 * How sure it is that latency did not follow the calls in flight from one level to the other, 0–1.
 *
 * Of the gradient of latency over concurrency, in logarithms, 0 means that throughput took all of the
 * change: nobody queued. 1 means that latency took it: only the queue changed. The answer is twice the
 * odds of the first, less one, for normal errors, so that what is more likely the second is 0.
 */
export function flatness(from: Level, to: Level): number {
  const change = Math.log(to.inFlight / from.inFlight);
  const gradient = Math.log(to.rttMs / from.rttMs) / change;
  const noise = Math.max(SMALLEST_NOISE, Math.hypot(from.noise, to.noise) / Math.abs(change));
  const isFlat = 1 / (1 + Math.exp((2 * gradient - 1) / (2 * noise * noise)));
  return Math.max(0, 2 * isFlat - 1);
}

/** Backends that answer like clockwork still vary from window to window. */
const SMALLEST_NOISE = 0.05;

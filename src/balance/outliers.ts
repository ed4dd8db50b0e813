/**
 * Which endpoints fail more than the others, and for how long they are left alone.
 *
 * Sources: Envoy, outlier detection; gRPC A50. Our deviation is the default test: a mean less 1.9
 * deviations cannot be missed by anybody where more than a fifth of the endpoints are equally bad,
 * because they widen the deviation themselves, nor can it be missed among fewer than five; a median
 * less so many median deviations holds as long as most are well.
 */

import { median, medianDeviation } from '../model/index.ts';

/** Makes a median deviation comparable with a standard deviation, for a normal distribution. */
const NORMAL = 1.4826;

/** Success ratios of endpoints this near to one another, 0–1, are not told apart by `mad`. */
const LEAST_SPREAD = 0.03;

/** The success ratio, 0–1, below which an endpoint is an outlier among `ratios`. */
export function outlierThreshold(
  ratios: readonly number[],
  method: 'mad' | 'deviation',
  factor: number,
): number {
  if (method === 'mad') {
    return median(ratios) - factor * Math.max(NORMAL * medianDeviation(ratios), LEAST_SPREAD);
  }
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  const variance = ratios.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0) / ratios.length;
  return mean - factor * Math.sqrt(variance);
}

/** How the share of endpoints that may be ejected becomes a number. */
export type EjectionRounding = 'down' | 'up' | 'at-least-one';

/** How many of `endpoints` may be ejected at a time: Envoy rounds down, gRPC up. */
export function mostEjected(endpoints: number, ratio: number, rounding: EjectionRounding): number {
  // In millionths, so that 0.1 × 30 is 3.
  const exact = Math.round(endpoints * ratio * 1e6) / 1e6;
  if (rounding === 'up') return Math.ceil(exact);
  const whole = Math.floor(exact);
  return rounding === 'at-least-one' ? Math.max(1, whole) : whole;
}

/** How long the `times`-th ejection in a row lasts, before jitter, ms. */
export function ejectionMs(times: number, baseMs: number, maxMs: number): number {
  return Math.min(baseMs * times, Math.max(baseMs, maxMs));
}

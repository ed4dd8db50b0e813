/** Robust statistics and figures of balance over a handful of values. */

/** The middle value, or the mean of the two in the middle; NaN of none. O(n log n). */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? NaN)) / 2;
}

/**
 * The median distance from the median (MAD): a spread that up to half of the values being wild does
 * not move. Times 1.4826 it estimates the standard deviation of a normal distribution. O(n log n).
 */
export function medianDeviation(values: readonly number[]): number {
  const middle = median(values);
  return median(values.map((value) => Math.abs(value - middle)));
}

/**
 * Jain's fairness index (Σx)² ÷ (n·Σx²) of loads ≥ 0: 1 when all are equal, 1 ÷ n when one has
 * everything, and 1 when nobody has anything; NaN of none. O(n).
 *
 * R. Jain, D. Chiu, W. Hawe, DEC-TR-301 (1984).
 */
export function jainIndex(loads: readonly number[]): number {
  const peak = greatest(loads);
  if (peak === 0) return 1;
  let sum = 0;
  let squares = 0;
  for (const load of loads) {
    const share = load / peak; // so that squares neither overflow nor vanish
    sum += share;
    squares += share * share;
  }
  return (sum * sum) / (loads.length * squares);
}

/**
 * The greatest load over the mean load: 1 when all are equal, n when one has everything, and 1 when
 * nobody has anything; NaN of none. O(n).
 */
export function peakToMean(loads: readonly number[]): number {
  const sum = loads.reduce((total, load) => total + load, 0);
  if (loads.length > 0 && sum === 0) return 1;
  return (greatest(loads) * loads.length) / sum;
}

function greatest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), -Infinity);
}

// The few statistics the harness needs.

/** The q-quantile (0–1) by linear interpolation. Empty input gives NaN. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? NaN;
  const high = sorted[Math.ceil(at)] ?? NaN;
  return low + (high - low) * (at - Math.floor(at));
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Interquartile range as a share of the median: 0.04 is ±2 %. */
export function spread(values: readonly number[]): number {
  const middle = median(values);
  const range = quantile(values, 0.75) - quantile(values, 0.25);
  return range === 0 ? 0 : Math.abs(range / middle);
}

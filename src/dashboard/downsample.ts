/**
 * Thins a series for drawing. Each bucket of neighbouring points keeps its lowest and its highest
 * point, in the order they occurred. Largest-triangle sampling draws a prettier line, but may drop
 * a single bad minute; here a peak never vanishes.
 */

/** A thinned series. */
export interface Points {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/**
 * Returns at most `limit` of the points (limit ≥ 4): first and last, and per bucket the extremes.
 * Points that are not finite survive as the gap they are where a whole bucket has nothing else.
 * O(n).
 */
export function downsample(x: ArrayLike<number>, y: ArrayLike<number>, limit = 600): Points {
  const n = Math.min(x.length, y.length);
  const kept: number[] = [];
  if (n <= limit) {
    for (let i = 0; i < n; i++) kept.push(i);
  } else {
    kept.push(0);
    const buckets = Math.floor((limit - 2) / 2);
    for (let b = 0; b < buckets; b++) {
      const from = 1 + Math.floor((b * (n - 2)) / buckets);
      const to = 1 + Math.floor(((b + 1) * (n - 2)) / buckets);
      kept.push(...extremes(y, from, to));
    }
    kept.push(n - 1);
  }
  return { x: kept.map((i) => x[i] ?? NaN), y: kept.map((i) => y[i] ?? NaN) };
}

function extremes(y: ArrayLike<number>, from: number, to: number): number[] {
  let low = -1;
  let high = -1;
  for (let i = from; i < to; i++) {
    const value = y[i] ?? NaN;
    if (!Number.isFinite(value)) continue;
    if (low < 0 || value < (y[low] ?? NaN)) low = i;
    if (high < 0 || value > (y[high] ?? NaN)) high = i;
  }
  if (low < 0) return [from];
  if (low === high) return [low];
  return low < high ? [low, high] : [high, low];
}

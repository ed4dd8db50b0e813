/** Exact quantiles of the last few values: start-up times, residuals, whatever comes one by one. */
import { optionChecks } from '../core/options.ts';

const asked = /* @__PURE__ */ optionChecks('quantileOf');

/** The last values, by age and by size; plain JSON. */
export interface RecentValues {
  /** Oldest first. */
  readonly recent: readonly number[];
  /** The same, rising. */
  readonly sorted: readonly number[];
}

/** Quantiles of the last `size` values. All functions are pure. */
export interface MovingQuantile {
  /** No values yet. */
  start(): RecentValues;
  /** With one more value, the oldest dropped when full; anything not finite is ignored. O(size). */
  update(state: RecentValues, value: number): RecentValues;
}

/**
 * Keeps the last `size` values. For the tens to hundreds; millions belong into a recorder.
 *
 * @param options.size how many values count; 1 to 100,000
 * @throws OptionError when the size is out of range
 *
 * @example
 * ```ts
 * import { movingQuantile, quantileOf } from 'tenfold/model';
 *
 * const startUps = movingQuantile({ size: 20 });
 * const seen = [41_000, 38_500, 62_000].reduce(startUps.update, startUps.start());
 * quantileOf(seen.sorted, 0.9); // 62_000
 * ```
 */
export function movingQuantile(options: { readonly size: number }): MovingQuantile {
  const check = optionChecks('movingQuantile');
  check.known(options, ['size']);
  const size = check.number('size', options.size, {
    min: 1,
    max: 100_000,
    integer: true,
  });
  return {
    start: () => ({ recent: [], sorted: [] }),
    update: ({ recent, sorted }, value) => {
      if (!Number.isFinite(value)) return { recent, sorted };
      if (recent.length < size) {
        return { recent: [...recent, value], sorted: inserted(sorted, value) };
      }
      const kept = sorted.toSpliced(rankIn(sorted, recent[0] as number), 1);
      return { recent: [...recent.slice(1), value], sorted: inserted(kept, value) };
    },
  };
}

/**
 * The least of some rising values that a share `q` (0–1) of them does not exceed (nearest rank);
 * NaN when there are none. O(1).
 *
 * @throws OptionError when `q` is not from 0 to 1
 */
export function quantileOf(sorted: readonly number[], q: number): number {
  asked.ratio('q', q);
  const rank = Math.ceil(q * sorted.length * (1 - Number.EPSILON));
  return sorted[Math.max(0, rank - 1)] ?? NaN;
}

function inserted(sorted: readonly number[], value: number): number[] {
  return sorted.toSpliced(rankIn(sorted, value), 0, value);
}

/** How many values are less. */
function rankIn(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Averages that forget by time: the older the last sample, the more the next one counts.
 *
 * Source: Finagle's and Linkerd's EWMA: after `dt` a sample counts 1 − e^(−dt ÷ τ). With `peak`, a sample
 * above the average replaces it, so that bad news counts at once and good news slowly.
 */

/** The average after a sample, `elapsedMs` after the one before; in the same instant it counts nothing. */
export function blended(
  average: number,
  sample: number,
  elapsedMs: number,
  memoryMs: number,
): number {
  return elapsedMs <= 0 ? average : average + forgotten(elapsedMs / memoryMs) * (sample - average);
}

/** 1 − e^−x to twelve digits; where calls are many, x is small, and the exponential is spared. */
function forgotten(x: number): number {
  if (x < 0.01) return x * (1 - (x / 2) * (1 - (x / 3) * (1 - x / 4)));
  return 1 - Math.exp(-x);
}

/** The same, but a sample above what is left of the average replaces it. */
export function peaked(
  average: number,
  sample: number,
  elapsedMs: number,
  memoryMs: number,
): number {
  return sample > faded(average, elapsedMs, memoryMs)
    ? sample
    : blended(average, sample, elapsedMs, memoryMs);
}

/** What is left of an average after a time without samples: it sinks, so that the idle are tried again. */
export function faded(average: number, elapsedMs: number, memoryMs: number): number {
  return elapsedMs <= 0 ? average : average * Math.exp(-elapsedMs / memoryMs);
}

/** Least weight of a sample: where they are many, the last few dozen make the average. */
const LEAST_WEIGHT = 1 / 32;

/** How much the next sample counts, 0–1, `elapsedMs` after the one before. */
export function sampleWeight(elapsedMs: number, memoryMs: number): number {
  // 1 − e^−x is never above x: the exponential is for the seldom case.
  if (elapsedMs <= LEAST_WEIGHT * memoryMs) return LEAST_WEIGHT;
  return Math.max(LEAST_WEIGHT, forgotten(elapsedMs / memoryMs));
}

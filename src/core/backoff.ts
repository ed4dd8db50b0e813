/**
 * Growing waits: between attempts, while a breaker is open, before a store is asked again.
 */

/**
 * A wait that grows by a factor, up to a longest one.
 *
 * @param step 0 for the first wait
 */
export function grownMs(
  firstMs: number,
  {
    growth,
    maxMs,
    step,
  }: { readonly growth: number; readonly maxMs: number; readonly step: number },
): number {
  return Math.min(maxMs, firstMs * growth ** step);
}

/** Moves a wait by a random part of itself, evenly within ± `ratio` (0–1). */
export function jitteredMs(ms: number, ratio: number, random: () => number): number {
  return ratio === 0 ? ms : ms * (1 + ratio * (2 * random() - 1));
}

/**
 * Back-off of a failing `create`: how long to wait after so many failures in a row.
 *
 * Doubled each time up to a limit, and drawn between half and the whole, so that the pools of a fleet
 * do not try again together ("equal jitter": M. Brooker, "Exponential Backoff And Jitter", 2015).
 */

export interface CreateBackoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * @param failures in a row, 1 or more
 * @param draw in [0, 1)
 */
export function createDelayMs(backoff: CreateBackoff, failures: number, draw: number): number {
  const whole = Math.min(backoff.maxMs, backoff.baseMs * 2 ** (failures - 1));
  return (whole * (1 + draw)) / 2;
}

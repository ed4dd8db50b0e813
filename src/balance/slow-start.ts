/**
 * Slow start: a newcomer's weight rises over a window, so that cold caches and cold compilers meet
 * little traffic first.
 *
 * Source: Envoy, slow_start_config. The least factor keeps a newcomer from being starved (envoy#19526).
 */

export interface SlowStartOptions {
  /** How long the weight rises, ms; 0 or less time than that since the start: full weight. @default 30_000 */
  readonly windowMs?: number;
  /** 1 rises evenly; above 1 faster at first, below 1 slower at first. @default 1 */
  readonly aggression?: number;
  /** Least part of the weight, 0.001–1. @default 0.1 */
  readonly minWeightRatio?: number;
}

/** The part of its weight an endpoint has `sinceMs` after it came. */
export function slowStartFactor(
  sinceMs: number,
  { windowMs, aggression, minWeightRatio }: Required<SlowStartOptions>,
): number {
  if (sinceMs >= windowMs) return 1;
  return Math.max((Math.max(sinceMs, 1) / windowMs) ** (1 / aggression), minWeightRatio);
}

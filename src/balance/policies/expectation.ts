/** How long an endpoint can be expected to take, from what was learned of it and what it holds now. */

import type { FleetFigures } from '../policy.ts';

/** Keeps an expectation above 0 while nothing is known, so that calls in flight count from the first on, ms. */
const UNKNOWN_MS = 0.001;

/**
 * The expected latency, ms: as on average, or as long as the calls in flight have taken already; an
 * endpoint that fails counts as slow. What is worse than usual is believed less the longer ago it was
 * learned, so that an endpoint nobody asks any more is asked again.
 *
 * @param errorCost what a failed call costs, in mean latencies
 */
export function expectedMs(
  fleet: FleetFigures,
  slot: number,
  now: number,
  errorCost: number,
): number {
  const usual = fleet.meanLatencyMs;
  let learned = fleet.latencyMs[slot]! + errorCost * fleet.errorRatio[slot]! * usual;
  if (learned > usual) {
    const idleMs = now - fleet.learnedAt[slot]!;
    // In a busy endpoint hardly any time has passed: that spares the exponential.
    if (idleMs > fleet.memoryMs / 16) learned = usual + (learned - usual) * trust(fleet, idleMs);
  }
  return Math.max(learned, ageMs(fleet, slot, now), UNKNOWN_MS);
}

/** Mean age of the calls in flight, ms; 0 without any. */
export function ageMs(fleet: FleetFigures, slot: number, now: number): number {
  const active = fleet.active[slot]!;
  return active === 0 ? 0 : now - fleet.begunSum[slot]! / active;
}

/** How much of what was learned so long ago still counts, 0–1. */
export function trust(fleet: FleetFigures, elapsedMs: number): number {
  return elapsedMs <= 0 ? 1 : Math.exp(-elapsedMs / fleet.memoryMs);
}

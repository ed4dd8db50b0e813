/** How long an endpoint can be expected to take, from what was learned of it and what it holds now. */

import type { FleetFigures } from '../policy.ts';

/** Keeps an expectation above 0 while nothing is known, so that calls in flight count from the first on, ms. */
export const UNKNOWN_MS: number = 0.001;

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
  const faded = fadedMs(fleet, learnedMs(fleet, slot, errorCost), now - fleet.learnedAt[slot]!);
  return Math.max(faded, ageMs(fleet, slot, now), UNKNOWN_MS);
}

/** What the ends of calls have taught, ms: the latency, and what errors cost. */
export function learnedMs(fleet: FleetFigures, slot: number, errorCost: number): number {
  return fleet.latencyMs[slot]! + errorCost * fleet.errorRatio[slot]! * fleet.meanLatencyMs;
}

/** How many memories it takes until what was learned long ago counts half. */
const LONG_AGO = 8;

/**
 * What a latency learned so long ago comes to: if it was worse, soon the usual one; in the end less
 * than that, since otherwise the one who was unlucky last would never be asked again.
 */
export function fadedMs(fleet: FleetFigures, learnedMs: number, elapsedMs: number): number {
  const { meanLatencyMs: usual, memoryMs } = fleet;
  const left =
    learnedMs > usual ? usual + (learnedMs - usual) * trust(fleet, elapsedMs) : learnedMs;
  if (elapsedMs <= memoryMs) return left;
  return (left * LONG_AGO * memoryMs) / ((LONG_AGO - 1) * memoryMs + elapsedMs);
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

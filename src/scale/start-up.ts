/**
 * Learned start-up time: from asking for units until they take work. Forecasts look that far ahead.
 */

import type { Fleet, FleetReading } from './ports.ts';

/** Growth that is not ready yet, and the times it took before. Plain JSON. */
export interface StartUps {
  readonly pending: readonly { readonly at: number; readonly units: number }[];
  /** The last times it took, in ms, oldest first. */
  readonly took: readonly number[];
  /** The time to plan for; null while nothing was learned. */
  readonly planMs: number | null;
}

/** Start-ups kept. */
const RECENT = 20;
/** Plan for the slow ones: nine in ten were faster. */
const QUANTILE = 0.9;

export const NO_START_UPS: StartUps = { pending: [], took: [], planMs: null };

/** Whether a reading of the fleet tells ready units from starting ones. */
export function tellsReady(reading: FleetReading): boolean {
  return (
    typeof reading !== 'number' && (reading.ready !== undefined || reading.starting !== undefined)
  );
}

/** Notes which growth has become ready. A fleet that shrank in between tells nothing. */
export function withReady(startUps: StartUps, fleet: Fleet, now: number): StartUps {
  const { pending, took } = startUps;
  if (pending.length === 0) return startUps;
  const wanted = pending.filter(({ units }) => units <= fleet.current);
  const ready = wanted.filter(({ units }) => units <= fleet.ready);
  if (ready.length === 0 && wanted.length === pending.length) return startUps;
  const next = [...took, ...ready.map(({ at }) => now - at)].slice(-RECENT);
  return {
    pending: wanted.filter(({ units }) => units > fleet.ready),
    took: next,
    planMs: next.toSorted((a, b) => a - b)[Math.ceil(QUANTILE * next.length) - 1] ?? null,
  };
}

/** Notes growth that was asked for. */
export function withAsked(startUps: StartUps, units: number, now: number): StartUps {
  return { ...startUps, pending: [...startUps.pending, { at: now, units }].slice(-RECENT) };
}

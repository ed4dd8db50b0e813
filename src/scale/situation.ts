/**
 * Situations: observations as plug-ins see them.
 */

import type { Bounds, Change, FleetReading, Situation } from './ports.ts';
import { fleetOf } from './ports.ts';
import type { Reading, Sample } from './sample.ts';
import { sampleOf } from './sample.ts';

/** What is known at one moment. */
export interface Observations {
  readonly fleet: FleetReading;
  /** Readings by metric; a missing one is empty, never zero. */
  readonly metrics: Readonly<Record<string, Reading | undefined>>;
  /** The date in epoch ms, for schedules. @default now */
  readonly wallTimeMs?: number;
}

/** The situation of one tick. Each sample is completed when first asked for. */
export function situate(
  observations: Observations,
  now: number,
  bounds: Bounds,
  changes: readonly Change[],
): Situation {
  const samples = new Map<string, Sample>();
  return {
    now,
    wallTimeMs: observations.wallTimeMs ?? now,
    fleet: fleetOf(observations.fleet),
    bounds,
    changes,
    blind: false,
    sample(metric) {
      let sample = samples.get(metric);
      if (sample === undefined) {
        sample = sampleOf(observations.metrics[metric], now);
        samples.set(metric, sample);
      }
      return sample;
    },
  };
}

/** Changes that still matter. The last one is forgotten if the fleet shows it was never made. */
export function recent(
  changes: readonly Change[],
  observations: Observations,
  since: number,
): readonly Change[] {
  const { current } = fleetOf(observations.fleet);
  const last = changes.at(-1);
  const made = last !== undefined && last.from === current && last.to !== current;
  const end = made ? changes.length - 1 : changes.length;
  const start = changes.findIndex(({ at }) => at > since);
  if (start === 0 && end === changes.length) return changes;
  return start < 0 ? [] : changes.slice(start, end);
}

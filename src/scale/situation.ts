/**
 * Situations: observations as plug-ins see them, each sample judged when first asked for.
 */

import type { Bounds, Change, Fleet, FleetReading, Situation } from './ports.ts';
import type { LastGood, QualityRules } from './quality.ts';
import type { Quality, Reading, Sample } from './sample.ts';
import { badSample, hasValue, sampleOf } from './sample.ts';

/** What is known at one moment. */
export interface Observations {
  readonly fleet: FleetReading;
  /** Readings by metric; a missing one is empty, never zero. */
  readonly metrics: Readonly<Record<string, Reading | undefined>>;
  /** The date in epoch ms, for schedules. @default now */
  readonly wallTimeMs?: number;
}

/**
 * A metric computed from others. `value` gives a metric's value, NaN when it has none; the result is
 * as good as the worst sample it asked for.
 */
export type DerivedMetric = (value: (metric: string) => number, fleet: Fleet) => number;

/** What of an engine's parts shapes every situation. */
export interface Setting {
  readonly bounds: Bounds;
  readonly rules: QualityRules;
  readonly derived: Readonly<Record<string, DerivedMetric>>;
}

/** What an engine knows of a moment before it looks at the observations. */
export interface Moment {
  readonly now: number;
  readonly fleet: Fleet;
  readonly changes: readonly Change[];
  readonly tickMs: number;
  readonly startUpMs: number;
  readonly lastGood: LastGood;
}

/** A situation that the engine can mark as blind and ask what it has learned. */
export interface Scene extends Situation {
  blind: boolean;
  /** The last good values, with those of this tick. */
  lastGood(): LastGood;
}

/** Makes the situation of one tick. */
export function situate(observations: Observations, setting: Setting, moment: Moment): Scene {
  return new ObservedScene(observations, setting, moment);
}

class ObservedScene implements Scene {
  readonly now: number;
  readonly wallTimeMs: number;
  readonly fleet: Fleet;
  readonly bounds: Bounds;
  readonly changes: readonly Change[];
  readonly tickMs: number;
  readonly startUpMs: number;
  blind = false;
  private readonly setting: Setting;
  private readonly lastGoodBefore: LastGood;
  private readonly metrics: Observations['metrics'];
  private readonly samples = new Map<string, Sample>();

  constructor(observations: Observations, setting: Setting, moment: Moment) {
    this.setting = setting;
    this.metrics = observations.metrics;
    this.now = moment.now;
    this.wallTimeMs = observations.wallTimeMs ?? moment.now;
    this.fleet = moment.fleet;
    this.bounds = setting.bounds;
    this.changes = moment.changes;
    this.tickMs = moment.tickMs;
    this.startUpMs = moment.startUpMs;
    this.lastGoodBefore = moment.lastGood;
  }

  /** A property, so that plug-ins may take it apart: `({ sample }) => …`. */
  readonly sample = (metric: string): Sample => {
    let sample = this.samples.get(metric);
    if (sample !== undefined) return sample;
    const { derived, rules } = this.setting;
    const compute = derived[metric];
    sample =
      compute === undefined
        ? rules.judge(
            metric,
            sampleOf(this.metrics[metric], this.now),
            this.lastGoodBefore,
            this.now,
          )
        : this.derive(metric, compute);
    this.samples.set(metric, sample);
    return sample;
  };

  lastGood(): LastGood {
    if (!this.setting.rules.keepsLast) return this.lastGoodBefore;
    const good: Record<string, readonly [number, number]> = { ...this.lastGoodBefore };
    for (const [metric, { quality, at, value }] of this.samples) {
      if (quality === 'fresh') good[metric] = [at, value];
    }
    return good;
  }

  private derive(name: string, compute: DerivedMetric): Sample {
    // Asking for itself while it is computed finds this, and so ends.
    this.samples.set(name, badSample('error', this.now, 'derived from itself'));
    let at = this.now;
    const seen: Sample[] = [];
    const value = compute((metric) => {
      const sample = this.sample(metric);
      at = Math.min(at, sample.at);
      seen.push(sample);
      return sample.value;
    }, this.fleet);
    const sample = sampleOf({ value, at, quality: 'fresh' }, this.now);
    if (!hasValue(sample)) return badSample('error', at, `computed ${value}`);
    return { ...sample, quality: worstOf(seen) };
  }
}

/** A formula may do without a metric that has no value; its result is then part of the truth. */
function worstOf(samples: readonly Sample[]): Quality {
  if (samples.some((sample) => sample.quality === 'partial' || !hasValue(sample))) return 'partial';
  return samples.some(({ quality }) => quality === 'stale') ? 'stale' : 'fresh';
}

/**
 * Changes since then and the one before them, which shows where the first of them turned. The last one
 * is forgotten if the fleet shows it was never made.
 */
export function recentChanges(
  changes: readonly Change[],
  current: number,
  since: number,
): readonly Change[] {
  const last = changes.at(-1);
  const unmade = last !== undefined && last.from === current && last.to !== current;
  const end = unmade ? changes.length - 1 : changes.length;
  const first = changes.findIndex(({ at }) => at > since);
  const start = first < 0 ? end - 1 : first - 1;
  return start <= 0 && end === changes.length ? changes : changes.slice(Math.max(0, start), end);
}

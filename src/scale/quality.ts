/**
 * What may be believed: stale and impossible readings, the last good value, and a safe count for when
 * nothing is known for long.
 */

import type { OptionChecks } from '../core/index.ts';
import { requireObject } from './plug-ins.ts';
import type { Sample } from './sample.ts';
import { badSample, hasValue } from './sample.ts';

/** What a metric can be; readings outside are errors. */
export interface Plausible {
  /** @default 0 */
  readonly min?: number;
  /** @default Infinity */
  readonly max?: number;
}

/** Units to go to when a policy sees nothing for long. */
export interface Fallback {
  /** How long a policy must have been without opinion, in ms; 0 or more. */
  readonly afterMs: number;
  /** Whole number of 0 or more; `current` allows the others to shrink the fleet again, no more. */
  readonly units: number | 'current';
  /** Time-box: after so long the policy has no opinion again, in ms; above 0. @default Infinity */
  readonly forMs?: number;
  /** `ifHigher` never goes below the present fleet, `ifLower` never above it. @default 'always' */
  readonly when?: 'always' | 'ifHigher' | 'ifLower';
}

export interface QualityOptions {
  /** Readings older than this are stale, in ms; above 0, Infinity for never. @default 60_000 */
  readonly staleAfterMs?: number;
  /** For so long a metric that fails goes on with its last good value, as a stale one; in ms. @default 0 */
  readonly keepLastMs?: number;
  /** What can be, by metric; a metric that is not named is 0 or more. */
  readonly plausible?: Readonly<Record<string, Plausible>>;
  /** What a policy proposes that has been blind for long. @default it holds scale-in for ever */
  readonly fallback?: Fallback;
}

/** The last good value of each metric. */
export type LastGood = Readonly<Record<string, readonly [at: number, value: number]>>;

export interface QualityRules {
  readonly keepsLast: boolean;
  /** The sample as far as it may be believed. */
  judge(metric: string, sample: Sample, lastGood: LastGood, now: number): Sample;
  /** What a policy proposes that has been blind since then; undefined while it is to wait. */
  standIn(blindSince: number, now: number, current: number): number | undefined;
}

/** Checks the options and returns the rules. */
export function qualityRules(options: QualityOptions, check: OptionChecks): QualityRules {
  check.known(options, ['staleAfterMs', 'keepLastMs', 'plausible', 'fallback']);
  const { plausible = {}, fallback } = options;
  const staleAfterMs = check.durationMs('quality.staleAfterMs', options.staleAfterMs ?? 60_000);
  const keepLastMs = check.nonNegative('quality.keepLastMs', options.keepLastMs ?? 0);
  requireObject(check, 'quality.plausible', plausible);
  for (const [metric, range] of Object.entries(plausible)) {
    check.known(range, ['min', 'max']);
    const { min = 0, max = Infinity } = range;
    check.number(`quality.plausible.${metric}.min`, min);
    check.number(`quality.plausible.${metric}.max`, max, { infinite: true });
    if (!(min < max)) check.refuse(`quality.plausible.${metric}.max`, `above min (${min})`, max);
  }
  if (fallback !== undefined) checkFallback(fallback, check);

  return {
    keepsLast: keepLastMs > 0,
    judge(metric, sample, lastGood, now) {
      const { min = 0, max = Infinity } = plausible[metric] ?? {};
      const judged = believed(sample, min, max, now - staleAfterMs);
      if (hasValue(judged) || judged.perUnit !== undefined) return judged;
      const last = lastGood[metric];
      if (last === undefined || now - last[0] > keepLastMs) return judged;
      const note = `${judged.note ?? judged.quality}, last good value kept`;
      return { value: last[1], at: last[0], windowMs: 0, quality: 'stale', note };
    },
    standIn(blindSince, now, current) {
      if (fallback === undefined) return undefined;
      const blindMs = now - blindSince;
      const { afterMs, forMs = Infinity, when = 'always' } = fallback;
      if (blindMs < afterMs || blindMs >= afterMs + forMs) return undefined;
      const units = fallback.units === 'current' ? current : fallback.units;
      if (when === 'ifHigher') return Math.max(units, current);
      return when === 'ifLower' ? Math.min(units, current) : units;
    },
  };
}

function believed(sample: Sample, min: number, max: number, freshSince: number): Sample {
  if (!hasValue(sample)) return sample;
  // Figures per unit are judged one by one, by the policies that use them.
  if (sample.perUnit === undefined && (sample.value < min || sample.value > max)) {
    return badSample('error', sample.at, `read ${sample.value}, which cannot be`);
  }
  return sample.quality === 'fresh' && sample.at < freshSince
    ? { ...sample, quality: 'stale' }
    : sample;
}

function checkFallback(fallback: Fallback, check: OptionChecks): void {
  requireObject(check, 'quality.fallback', fallback);
  const { units, afterMs, forMs = Infinity, when = 'always' } = fallback;
  check.nonNegative('quality.fallback.afterMs', afterMs);
  check.durationMs('quality.fallback.forMs', forMs);
  check.oneOf('quality.fallback.when', when, ['always', 'ifHigher', 'ifLower']);
  if (units !== 'current') {
    check.number('quality.fallback.units', units, { min: 0, integer: true });
  }
}

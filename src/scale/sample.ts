/**
 * Samples: what the engine is told of a metric, and how far it may be believed.
 *
 * A measurement that failed or found nothing is not zero. Autoscalers that read it as zero shrink a
 * fleet to its minimum at the peak (kedacore/keda#3065, #8036), so quality travels with the value.
 */

/**
 * How far a sample may be believed.
 *
 * - `fresh`: measured just now, all of it.
 * - `stale`, `partial`: a value that is old, or speaks for a part of the fleet.
 * - `empty`: the measurement worked and found nothing to measure. Not zero.
 * - `error`: the measurement failed, or gave what cannot be.
 */
export type Quality = 'fresh' | 'stale' | 'partial' | 'empty' | 'error';

/** One reading of one metric. */
export interface Sample {
  /** The figure; NaN when `quality` is `empty` or `error`. */
  readonly value: number;
  /** When it was measured, on the engine's time axis, in ms. */
  readonly at: number;
  /** The span of time it speaks for, in ms; 0 for a momentary reading. */
  readonly windowMs: number;
  readonly quality: Quality;
  /** What is wrong with it, in a few words. */
  readonly note?: string;
  /** The figure of each unit, for policies that treat units one by one. */
  readonly perUnit?: PerUnit;
}

/** Figures in the order of `Fleet.units`. */
export interface PerUnit {
  /** NaN where a unit has none; what is below 0 or beyond 10¹⁸ counts as none. */
  readonly values: ArrayLike<number>;
  /** When each was measured, in ms. @default the sample's `at` */
  readonly at?: ArrayLike<number>;
}

/** What a source may answer: a number measured now over no span, or the parts of a sample. */
export type Reading =
  | number
  | {
      /** @default the mean of `perUnit` */
      readonly value?: number;
      /** @default now */
      readonly at?: number;
      /** @default 0 */
      readonly windowMs?: number;
      /** @default 'fresh' */
      readonly quality?: Quality;
      readonly note?: string;
      readonly perUnit?: PerUnit;
    };

/** Figures beyond this are no measurement; below it, sums and squares stay finite. */
const MOST = 1e18;

/** Completes a reading, and calls a figure that cannot be (NaN, infinite, beyond 10¹⁸) an error. */
export function sampleOf(reading: Reading | undefined, now: number): Sample {
  // Sources written in JavaScript answer with null as well.
  if (reading == null) return badSample('empty', now, 'no reading');
  if (typeof reading === 'number') return plainSample(reading, now);
  const { at = now, windowMs = 0, quality = 'fresh', note, perUnit } = reading;
  if (quality === 'empty' || quality === 'error') return badSample(quality, at, note);
  if (!Number.isFinite(at)) return badSample('error', now, `measured at ${String(at)}`);
  if (perUnit !== undefined && reading.value === undefined)
    return meanSample(reading, perUnit, now);
  const value = reading.value ?? NaN;
  if (!(Math.abs(value) <= MOST)) return badSample('error', at, `read ${String(value)}`);
  return {
    value,
    at,
    windowMs,
    quality,
    ...(note === undefined ? undefined : { note }),
    ...(perUnit === undefined ? undefined : { perUnit }),
  };
}

function plainSample(value: number, at: number): Sample {
  if (!(Math.abs(value) <= MOST)) return badSample('error', at, `read ${String(value)}`);
  return { value, at, windowMs: 0, quality: 'fresh' };
}

/** A sample of figures per unit. Its mean is taken when somebody asks for it. */
function meanSample(reading: Exclude<Reading, number>, perUnit: PerUnit, now: number): Sample {
  const { at = now, windowMs = 0, quality = 'fresh' } = reading;
  const { values } = perUnit;
  let known = 0;
  while (known < values.length && !isFigure(values[known])) known++;
  if (known === values.length)
    return { ...badSample('empty', at, 'no unit has a figure'), perUnit };
  let mean: number | undefined;
  return {
    get value() {
      return (mean ??= meanOf(values));
    },
    at,
    windowMs,
    quality,
    perUnit,
  };
}

/** The mean of the figures that are there; at least one is. */
function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!isFigure(value)) continue;
    sum += value;
    count++;
  }
  return sum / count;
}

/** Whether a unit has a figure. */
export function isFigure(value: number | undefined): value is number {
  return value !== undefined && value >= 0 && value <= MOST;
}

/** A sample without a value. */
export function badSample(quality: 'empty' | 'error', at: number, note?: string): Sample {
  const bare = { value: NaN, at, windowMs: 0, quality };
  return note === undefined ? bare : { ...bare, note };
}

/** True when a policy may compute with the value. */
export function hasValue(sample: Sample): boolean {
  return sample.quality !== 'empty' && sample.quality !== 'error';
}

/**
 * Finds the season of a series: a day, a week, the hour of a cron job.
 *
 * AUTOPERIOD (M. Vlachos, P. Yu, V. Castelli, SDM 2005): frequencies with more power than chance
 * would give propose periods, hills of the autocorrelation confirm and refine them. Deviations:
 * - What chance would give is not sampled from 100 random permutations but computed: the powers of
 *   a permuted series are exponentially distributed, so the greatest of m stays below
 *   −ln(1 − 0.99^(1/m)) times their mean in 99 % of cases (R. A. Fisher, 1929). No chance involved.
 * - Of two confirmed periods the longer one must be clearly better (a perfect daily season repeats
 *   every week as well).
 */
import { optionChecks } from '../core/options.ts';
import { type ComplexSeries, transform, transformOf } from './fourier.ts';

/** A period that a series repeats after. */
export interface DetectedPeriod {
  /** Length in samples; a whole number of 2 or more. */
  readonly period: number;
  /** Autocorrelation at that distance: 1 repeats exactly, 0 not at all. */
  readonly strength: number;
}

/** By how much the autocorrelation of a longer period must exceed that of a shorter one. */
const CLEARLY = 0.02;
/** A period that repeats less well explains less than a tenth of the variance: no use to anybody. */
const WORTH_KNOWING = 0.3;
/** A series of pure chance is found periodic this rarely. */
const CONFIDENCE = 0.99;

/**
 * The period that a series of equally spaced samples repeats after; undefined when there is none.
 * It must fit at least twice into the series and have a strength of at least 0.3. `null` and
 * anything not finite is a gap, which is bridged in a straight line. O(n log n): some 50 ms for two weeks of minutes.
 *
 * @example
 * ```ts
 * import { detectPeriod } from 'tenfold/model';
 *
 * const hours = Array.from({ length: 24 * 7 }, (_, h) => 100 + 50 * Math.sin((h / 12) * Math.PI));
 * detectPeriod(hours); // { period: 24, strength: 1 }
 * ```
 */
export function detectPeriod(series: readonly (number | null)[]): DetectedPeriod | undefined {
  if (!Array.isArray(series)) optionChecks('detectPeriod').refuse('series', 'a list', series);
  const values = levelled(bridged(series));
  const n = values.length;
  const energy = values.reduce((sum, value) => sum + value * value, 0);
  if (n < 8 || !(energy > 0)) return undefined;

  const spectrum = powers(transformOf(values, powerOfTwo(2 * n)));
  const repeats = autocorrelation(spectrum, values);
  let best: DetectedPeriod | undefined;
  for (const cycles of louderThanChance({ spectrum, n, energy })) {
    const found = hillNear(repeats, n, cycles);
    if (found !== undefined && (best === undefined || clearlyBetter(found, best))) best = found;
  }
  return best;
}

/** Numbers of cycles in the series that chance would not give, from many to few. */
function louderThanChance(sound: { spectrum: ComplexSeries; n: number; energy: number }): number[] {
  const { spectrum, n, energy } = sound;
  const steps = spectrum.re.length / n; // of the padded spectrum in one cycle
  const threshold = -Math.log(1 - CONFIDENCE ** (1 / (spectrum.re.length / 2))) * energy;
  const found: number[] = [];
  for (let cycles = Math.floor(n / 2); cycles >= 2; cycles--) {
    // A season that does not fit a whole number of times has its power between two of them.
    const from = Math.round((cycles - 0.5) * steps);
    const to = Math.min(spectrum.re.length / 2, Math.round((cycles + 0.5) * steps));
    const power = spectrum.re
      .subarray(from, to + 1)
      .reduce((most, next) => Math.max(most, next), 0);
    if (power > threshold) found.push(cycles);
  }
  return found;
}

/** The top of the autocorrelation between the periods of the neighbouring frequencies. */
function hillNear(repeats: Float64Array, n: number, cycles: number): DetectedPeriod | undefined {
  const from = Math.max(2, Math.floor((n / (cycles + 1) + n / cycles) / 2) - 1);
  const to = Math.min(Math.ceil(0.6 * n), Math.ceil((n / cycles + n / (cycles - 1)) / 2) + 1);
  let top = from;
  for (let lag = from; lag <= to; lag++) {
    if ((repeats[lag] as number) > (repeats[top] as number)) top = lag;
  }
  const strength = repeats[top] as number;
  const side = Math.max(1, Math.round(top / 4));
  const isHill =
    strength > (repeats[top - 1] as number) &&
    strength >= (repeats[top + 1] as number) &&
    strength > (repeats[top - side] as number) &&
    strength > (repeats[Math.min(top + side, Math.ceil(0.75 * n))] as number);
  return isHill && strength >= WORTH_KNOWING && top <= 0.51 * n
    ? { period: top, strength }
    : undefined;
}

function clearlyBetter(candidate: DetectedPeriod, best: DetectedPeriod): boolean {
  const margin = candidate.period > best.period ? CLEARLY : -CLEARLY;
  return candidate.strength > best.strength + margin;
}

/** Without its mean and its linear trend, which would drown every period. */
function levelled(values: readonly number[]): number[] {
  const n = values.length;
  const middle = (n - 1) / 2;
  let sum = 0;
  let tilt = 0;
  let width = 0;
  for (const [i, value] of values.entries()) {
    sum += value;
    tilt += (i - middle) * value;
    width += (i - middle) ** 2;
  }
  const slope = width === 0 ? 0 : tilt / width;
  const flat = values.map((value, i) => value - sum / n - slope * (i - middle));
  // What rounding leaves of a straight line is not a signal.
  const noise = 1e-12 * values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return flat.map((value) => (Math.abs(value) > noise ? value : 0));
}

/** Gaps filled by straight lines, at the ends by the nearest value. */
function bridged(series: readonly (number | null)[]): number[] {
  const known = [...series.keys()].filter((i) => Number.isFinite(series[i]));
  if (known.length === 0) return [];
  let next = 0;
  return series.map((value, i) => {
    if (Number.isFinite(value)) return value as number;
    while (next < known.length - 1 && (known[next] as number) < i) next++;
    const right = known[next] as number;
    const left = known[Math.max(0, next - 1)] as number;
    const [a, b] = [series[left] as number, series[right] as number];
    if (i <= left || left === right) return a;
    return i >= right ? b : a + ((b - a) * (i - left)) / (right - left);
  });
}

/** Squared magnitudes, in place of the real parts. */
function powers({ re, im }: ComplexSeries): ComplexSeries {
  return { re: re.map((x, i) => x * x + (im[i] as number) ** 2), im: im.map(() => 0) };
}

/**
 * By lag from 0 to n − 1 (Wiener–Khinchin). Each lag is measured by the energy of the two parts that
 * are compared: where the series swings more at its ends, long lags would seem to repeat better.
 */
function autocorrelation(spectrum: ComplexSeries, values: readonly number[]): Float64Array {
  const copy = { re: spectrum.re.slice(), im: spectrum.im.slice() };
  transform(copy);
  const scale = copy.re.length;
  const n = values.length;
  const repeats = new Float64Array(n);
  let first = values.reduce((sum, value) => sum + value * value, 0);
  let last = first;
  for (let lag = 0; lag < n; lag++) {
    const energy = Math.sqrt(first * last);
    repeats[lag] = energy > 0 ? (copy.re[lag] as number) / scale / energy : 0;
    first -= (values[n - 1 - lag] as number) ** 2;
    last -= (values[lag] as number) ** 2;
  }
  return repeats;
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(atLeast));
}

/**
 * Traces: what arrived, interval by interval.
 */

import { OptionError } from '../../core/index.ts';

/** A recorded load. */
export interface Trace {
  readonly name: string;
  /** Length of an interval, in ms; above 0. */
  readonly everyMs: number;
  /** Arrivals per second in each interval; NaN where nothing was recorded. */
  readonly perSecond: ArrayLike<number>;
}

/** A trace of counts per interval. */
export function traceOfCounts(name: string, everyMs: number, counts: ArrayLike<number>): Trace {
  return { name, everyMs, perSecond: Array.from(counts, (count) => (count * 1000) / everyMs) };
}

/** The load over time, with means over any span in constant time. */
export interface Load {
  readonly trace: Trace;
  readonly durationMs: number;
  readonly intervals: number;
  /** Arrivals per second in an interval; a gap goes on with what was before it. */
  at(interval: number): number;
  /** Whether the interval was recorded. */
  isKnown(interval: number): boolean;
  /** Mean arrivals per second between two times; before the beginning, those of the first interval. */
  mean(fromMs: number, toMs: number): number;
}

/**
 * Reads a trace.
 *
 * @throws OptionError (`ERR_OPTION`) for a trace without intervals or with a negative value
 */
export function loadOf(trace: Trace): Load {
  const { perSecond, everyMs, name } = trace;
  const intervals = perSecond.length;
  if (!(everyMs > 0)) throw new OptionError(`trace ${name}.everyMs`, 'a number above 0', everyMs);
  const values = new Float64Array(intervals);
  const sums = new Float64Array(intervals + 1);
  let last = Array.from(perSecond).find((value) => Number.isFinite(value));
  if (last === undefined) {
    throw new OptionError(`trace ${name}.perSecond`, 'at least one interval', perSecond.length);
  }
  for (let i = 0; i < intervals; i++) {
    const value = perSecond[i] as number;
    if (value < 0 || value === Infinity) {
      throw new OptionError(`trace ${name}.perSecond[${i}]`, 'a number of 0 or more', value);
    }
    if (Number.isFinite(value)) last = value;
    values[i] = last;
    sums[i + 1] = (sums[i] as number) + last * everyMs;
  }
  const total = (ms: number): number => {
    if (ms <= 0) return ms * (values[0] as number);
    const i = Math.min(intervals - 1, Math.floor(ms / everyMs));
    return (sums[i] as number) + (ms - i * everyMs) * (values[i] as number);
  };
  return {
    trace,
    intervals,
    durationMs: intervals * everyMs,
    at: (interval) => values[interval] as number,
    isKnown: (interval) => Number.isFinite(perSecond[interval]),
    mean: (from, to) =>
      to <= from ? (values[0] as number) : (total(to) - total(from)) / (to - from),
  };
}

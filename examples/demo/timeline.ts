/** A run over time, in bins of equal length: what the charts of the report show. */
import { isInTime } from './results.ts';
import { OUTCOME, type RunLog } from './run-log.ts';
import type { Traffic } from './traffic.ts';

/** Columns of one value per bin; a value that cannot be said is NaN. */
export interface Timeline {
  /** Start of every bin, ms from the start of the trace. */
  readonly atMs: readonly number[];
  /** Requests that arrived, per second. */
  readonly arrivalsPerSecond: readonly number[];
  /** Share of the bin's arrivals that were answered in time. */
  readonly goodput: readonly number[];
  /** 95th percentile of the latency of the bin's arrivals that were answered, ms. */
  readonly p95Ms: readonly number[];
  readonly waiting: readonly number[];
  readonly workers: readonly number[];
}

/** Length of a bin. */
export const BIN_MS = 20_000;

/** Cuts a run into bins, up to `untilMs`. */
export function timeline(traffic: Traffic, log: RunLog, untilMs: number): Timeline {
  const bins = Math.ceil(untilMs / BIN_MS);
  const atMs = Array.from({ length: bins }, (_, b) => b * BIN_MS);
  const arrivalsPerSecond: number[] = [];
  const goodput: number[] = [];
  const p95Ms: number[] = [];
  let next = 0;
  for (const at of atMs) {
    const latencies: number[] = [];
    const first = next;
    let inTime = 0;
    // Requests are in order of arrival, so a bin is a run of them.
    for (; next < traffic.count && (traffic.at[next] ?? Infinity) < at + BIN_MS; next++) {
      if (log.outcome[next] === OUTCOME.answered) latencies.push(log.settledAfterMs[next] ?? NaN);
      if (isInTime(traffic, log, next)) inTime++;
    }
    const arrived = next - first;
    arrivalsPerSecond.push((arrived * 1_000) / BIN_MS);
    goodput.push(arrived === 0 ? NaN : inTime / arrived);
    p95Ms.push(quantile(latencies, 0.95));
  }
  const sampled = (pick: (sample: RunLog['samples'][number]) => number): number[] => {
    const column = atMs.map(() => NaN);
    for (const sample of log.samples) {
      const bin = Math.floor(sample.atMs / BIN_MS);
      if (bin < bins) column[bin] = pick(sample);
    }
    return column;
  };
  return {
    atMs,
    arrivalsPerSecond,
    goodput,
    p95Ms,
    waiting: sampled((sample) => sample.waiting),
    workers: sampled((sample) => sample.workers),
  };
}

function quantile(values: number[], q: number): number {
  values.sort((a, b) => a - b);
  return values[Math.max(0, Math.ceil(values.length * q) - 1)] ?? NaN;
}

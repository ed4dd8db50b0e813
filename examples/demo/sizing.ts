/**
 * How a competent engineer sizes a fixed pool for the traffic of today: enough for the busiest
 * minute, plus the square-root reserve for its fluctuation (Halfin and Whitt, Operations Research
 * 1981; with β = 2 about 3 % of the requests of that minute have to wait).
 */
import type { Trace } from './trace.ts';

/** Mean load of the busiest minute in Erlang (requests in service), and the workers for it. */
export interface PoolSize {
  readonly busiestMinuteErlang: number;
  readonly workers: number;
}

const MINUTE = 60_000;
const BETA = 2;

/** Sizes a fixed pool for a trace whose requests take `serviceMs`. */
export function fixedPoolFor(trace: Trace, serviceMs: Float64Array): PoolSize {
  const work = new Map<number, number>();
  for (let i = 0; i < trace.count; i++) {
    const minute = Math.floor((trace.at[i] ?? 0) / MINUTE);
    work.set(minute, (work.get(minute) ?? 0) + (serviceMs[i] ?? 0));
  }
  const busiestMinuteErlang = Math.max(...work.values()) / MINUTE;
  return {
    busiestMinuteErlang,
    workers: Math.ceil(busiestMinuteErlang + BETA * Math.sqrt(busiestMinuteErlang)),
  };
}

// Reads the load traces, scaled to a common size so that one capacity fits all.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Trace } from '../../src/scale/index.ts';

/** Mean load of every trace once scaled, in requests per second. */
export const MEAN_PER_SECOND = 1_000;

const FILES = {
  'crane 0': 'crane-dsp-input0.1min',
  'crane 1': 'crane-dsp-input1.1min',
  'crane 2': 'crane-dsp-input2.1min',
  'crane 8': 'crane-dsp-input8.1min',
  'ticker mentions': 'nab-twitter-goog.5min',
  'New York taxis': 'nab-nyc-taxi.30min',
} as const;

export const TRACES = Object.keys(FILES) as readonly (keyof typeof FILES)[];

/** A trace by name, the values divided by their mean. */
export function readTrace(name: keyof typeof FILES): Trace {
  const path = `test/vectors/load-traces/${FILES[name]}.csv.gz`;
  const rows = gunzipSync(readFileSync(path)).toString().trim().split('\n').slice(1);
  const [first = [], second = []] = rows.slice(0, 2).map((row) => row.split(',').map(Number));
  const values = rows.map((row) => Number(row.split(',')[1]));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    name,
    everyMs: ((second[0] as number) - (first[0] as number)) * 1000,
    perSecond: values.map((value) => (value * MEAN_PER_SECOND) / mean),
  };
}

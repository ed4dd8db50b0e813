import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** The values of a trace of test/vectors/load-traces, such as `nab-nyc-taxi.30min`. */
export function loadTrace(name: string): number[] {
  const file = new URL(`../vectors/load-traces/${name}.csv.gz`, import.meta.url);
  const rows = gunzipSync(readFileSync(file)).toString().trim().split('\n').slice(1);
  return rows.map((row) => Number(row.split(',')[1]));
}

// Reads the cache traces: one key number per request.
import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import table from './hit-ratios.json' with { type: 'json' };

/** Hit ratios in % of one trace at one size, by reference simulators. */
export interface ReferenceRow {
  readonly trace: string;
  readonly size: number;
  readonly requests: number;
  readonly distinct: number;
  readonly lru: number;
  readonly wtlfu_duel: number;
  readonly opt: number;
}

export const referenceRows: readonly ReferenceRow[] = table.rows;

/** The key numbers of a trace, by its name in the README; the path is that of the repository's root. */
export function readTrace(name: string, root = 'bench/data/cache-traces'): Uint32Array {
  const runs = name === 'arc_OLTP';
  const bytes = brotliDecompressSync(readFileSync(`${root}/${name}.${runs ? 'rle32' : 'u32'}.br`));
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return runs ? expanded(words) : words;
}

function expanded(pairs: Uint32Array): Uint32Array {
  let requests = 0;
  for (let i = 1; i < pairs.length; i += 2) requests += pairs[i] as number;
  const keys = new Uint32Array(requests);
  let at = 0;
  for (let i = 0; i < pairs.length; i += 2) {
    const length = pairs[i + 1] as number;
    for (let step = 0; step < length; step++) keys[at++] = (pairs[i] as number) + step;
  }
  return keys;
}

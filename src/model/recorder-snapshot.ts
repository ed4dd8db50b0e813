/** The JSON form of a recorder: exact statistics and run-length packed bucket counts. */
import { type OptionChecks, optionChecks } from '../core/options.ts';
import { HIGHEST, keyOf, LOWEST } from './recorder-buckets.ts';

interface Statistics {
  readonly count: number;
  readonly sum: number;
  /** 0 while `count` is 0. */
  readonly min: number;
  /** 0 while `count` is 0. */
  readonly max: number;
  readonly rejected: number;
  /** Values below 2^-32, zero among them. */
  readonly tiny: number;
  /** Key of the first bucket: sign, exponent and upper 8 mantissa bits of the float64. */
  readonly first: number;
}

/** What a recorder holds, unpacked. */
export interface RecorderContents extends Statistics {
  /** Count of each bucket from `first` on. */
  readonly counts: readonly number[];
}

/** A recorder's contents as plain JSON, typically 1–5 KB. */
export interface RecorderSnapshot extends Statistics {
  readonly format: 'recorder/1';
  /** Counts of consecutive buckets from `first` on; −n stands for n empty buckets. */
  readonly runs: readonly number[];
}

/** Packs counts, without the empty buckets at either end. */
export function packCounts(
  base: number,
  counts: readonly number[],
): Pick<RecorderSnapshot, 'first' | 'runs'> {
  const runs: number[] = [];
  let first = base;
  let empty = 0;
  for (const [index, count] of counts.entries()) {
    if (count === 0) {
      empty++;
      continue;
    }
    if (runs.length === 0) first = base + index;
    else if (empty > 0) runs.push(-empty);
    runs.push(count);
    empty = 0;
  }
  return { first: runs.length === 0 ? 0 : first, runs };
}

/**
 * Unpacks a snapshot that may come from another process, and refuses one that cannot be true.
 *
 * @throws OptionError when the format is another, a figure is out of range, or the buckets do not
 * add up to the count
 */
export function readSnapshot(snapshot: RecorderSnapshot): RecorderContents {
  const check = optionChecks('recorder.snapshot');
  check.oneOf('format', snapshot?.format, ['recorder/1']);
  for (const name of ['count', 'rejected', 'tiny', 'first'] as const) {
    check.number(name, snapshot[name], { min: 0, integer: true });
  }
  for (const name of ['sum', 'min', 'max'] as const) check.nonNegative(name, snapshot[name]);
  const counts = unpack(snapshot, check);
  const total = counts.reduce((sum, count) => sum + count, snapshot.tiny);
  if (total !== snapshot.count) {
    check.refuse('count', `the sum of its buckets, ${total}`, snapshot.count);
  }
  return { ...snapshot, counts };
}

function unpack({ first, runs }: RecorderSnapshot, check: OptionChecks): number[] {
  if (!Array.isArray(runs)) check.refuse('runs', 'an array of numbers', runs);
  const lowest = keyOf(LOWEST);
  const end = keyOf(HIGHEST);
  const counts: number[] = [];
  for (const run of runs as readonly number[]) {
    if (!Number.isSafeInteger(run)) check.refuse('runs', 'whole numbers only', run);
    const length = run < 0 ? -run : 1;
    if (first < lowest || first + counts.length + length > end) {
      check.refuse('runs', `within keys ${lowest} to ${end}`, first + counts.length + length);
    }
    if (run >= 0) counts.push(run);
    else for (let i = 0; i < length; i++) counts.push(0);
  }
  return counts;
}

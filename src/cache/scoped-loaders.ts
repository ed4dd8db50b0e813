/** Loaders of a namespace: they know keys as their callers do, without the prefix. */

import { optionChecks } from '../core/index.ts';
import type { BatchLoader, Loader } from './types.ts';

/** A loader that is given full keys. */
export function scopedLoad<V>(load: Loader<V>, prefix: string): Loader<V> {
  optionChecks('cache.get').callable('load', load);
  if (prefix === '') return load;
  return (full, context) => load(full.slice(prefix.length), context);
}

/** A batch loader that is given full keys, and answers with them. */
export function scopedBatch<V>(load: BatchLoader<V>, prefix: string): BatchLoader<V> {
  optionChecks('cache.getMany').callable('load', load);
  if (prefix === '') return load;
  return async (fulls, context) => {
    const keys = fulls.map((full) => full.slice(prefix.length));
    const found = await load(keys, context);
    return new Map([...found].map(([key, value]) => [prefix + key, value]));
  };
}

/** Checks that several verbs and factories of the cache share. */

import { OptionError, optionChecks } from '../core/index.ts';
import { EVERYTHING } from './outbox.ts';
import type { GetOptions, SetOptions } from './types.ts';

const SUBJECT = 'cache';

/** The refusal of a key that is no text. */
export function badKey(key: unknown): OptionError {
  return new OptionError(`${SUBJECT}: key`, 'a string', key);
}

/** A life of 0 or more; Infinity is one. */
export function checkedTtl(verb: string, ttlMs: number): number {
  if (typeof ttlMs === 'number' && ttlMs >= 0) return ttlMs; // each write comes here
  return optionChecks(`${SUBJECT}.${verb}`).number('ttlMs', ttlMs, { min: 0, infinite: true });
}

/** Tags of the host; those that begin with a star are the library's own. */
export function checkedTags(tags: readonly string[]): readonly string[] {
  const check = optionChecks(SUBJECT);
  if (!Array.isArray(tags)) check.refuse('tags', 'an array of texts', tags);
  for (const tag of tags) {
    check.text('tags', tag);
    if (tag.startsWith(EVERYTHING)) {
      check.refuse('tags', `texts that do not begin with ${EVERYTHING}`, tag);
    }
  }
  return tags;
}

/** Tags of the host and of the namespace, each once. */
export function allTags(
  tags: readonly string[] | undefined,
  scope: readonly string[],
): readonly string[] {
  return tags === undefined ? scope : [...new Set([...checkedTags(tags), ...scope])];
}

/** The options of a writing. */
export function checkWriting(options: SetOptions): SetOptions {
  return optionChecks(`${SUBJECT}.set`).known(options, ['tags', 'ttlMs']);
}

/** Keys of a `getMany`, all of them strings. */
export function checkKeys(keys: readonly string[]): void {
  const check = optionChecks(`${SUBJECT}.getMany`);
  if (!Array.isArray(keys)) check.refuse('keys', 'an array of strings', keys);
  for (const key of keys as unknown[]) if (typeof key !== 'string') throw badKey(key);
}

/** Entries that a verb is given, as far as can be seen before they are taken one by one. */
export function checkEntries<E extends object>(verb: string, entries: E): E {
  const isIterable =
    typeof entries === 'object' &&
    entries !== null &&
    (Symbol.iterator in entries || Symbol.asyncIterator in entries);
  if (isIterable) return entries;
  return optionChecks(`${SUBJECT}.${verb}`).refuse('entries', 'an iterable of pairs', entries);
}

/** One of those entries. */
export function checkPair<V>(verb: string, pair: readonly [string, V]): readonly [string, V] {
  if (Array.isArray(pair)) return pair;
  return optionChecks(`${SUBJECT}.${verb}`).refuse('entries', 'pairs of key and value', pair);
}

const ASKED: readonly (keyof GetOptions)[] = [
  'tags',
  'ttlMs',
  'signal',
  'softTimeoutMs',
  'hardTimeoutMs',
  'maxStaleMs',
];

/** The times a caller of `get` gives. */
export function checkPatience(options: GetOptions): void {
  const check = optionChecks(`${SUBJECT}.get`);
  check.known(options, ASKED);
  const { signal, softTimeoutMs, hardTimeoutMs, maxStaleMs } = options;
  if (signal !== undefined) check.methods('signal', signal, ['addEventListener']);
  if (softTimeoutMs !== undefined) check.durationMs('softTimeoutMs', softTimeoutMs);
  if (hardTimeoutMs !== undefined) check.durationMs('hardTimeoutMs', hardTimeoutMs);
  if (maxStaleMs !== undefined) check.number('maxStaleMs', maxStaleMs, { min: 0, infinite: true });
}

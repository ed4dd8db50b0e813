/** Checks that several verbs and factories of the cache share. */

import type { OptionChecks } from '../core/index.ts';
import { OptionError, optionChecks } from '../core/index.ts';
import { EVERYTHING } from './outbox.ts';
import type { GetOptions } from './types.ts';

const SUBJECT = 'cache';

/** Refuses an object that lacks one of the methods. */
export function checkMethods(
  check: OptionChecks,
  path: string,
  object: object,
  names: readonly string[],
): void {
  const methods = object as Readonly<Record<string, () => unknown>>;
  for (const name of names)
    check.callable(path === '' ? name : `${path}.${name}`, methods[name] as () => unknown);
}

/** The refusal of a key that is no text. */
export function badKey(key: unknown): OptionError {
  return new OptionError(`${SUBJECT}: key`, 'a string', key);
}

/** A life of 0 or more; Infinity is one. */
export function checkedTtl(verb: string, ttlMs: number): number {
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
  const { softTimeoutMs, hardTimeoutMs, maxStaleMs } = options;
  if (softTimeoutMs !== undefined) check.durationMs('softTimeoutMs', softTimeoutMs);
  if (hardTimeoutMs !== undefined) check.durationMs('hardTimeoutMs', hardTimeoutMs);
  if (maxStaleMs !== undefined) check.number('maxStaleMs', maxStaleMs, { min: 0, infinite: true });
}

/** Memory in and out as plain data: warm starts, and dumps that outlive the process. */

import type { OptionChecks } from '../core/index.ts';
import { optionChecks } from '../core/index.ts';
import type { Engine, Writing } from './engine.ts';
import type { CacheDump } from './types.ts';

/** Entries between two pauses for the event loop. */
const BATCH = 1_000;

/** Puts entries into memory only, giving way to other work now and then. */
export async function warm<V>(
  engine: Engine<V>,
  source: Iterable<readonly [string, V]> | AsyncIterable<readonly [string, V]>,
  writing: (entry: readonly [string, V]) => Writing<V>,
): Promise<number> {
  let count = 0;
  for await (const entry of source) {
    if (engine.isClosed) return count;
    engine.keep(writing(entry));
    if (++count % BATCH === 0) await engine.rules.runtime.yield();
  }
  return count;
}

/** Everything in memory under a prefix that is of use. */
export function dumpOf<V>(
  engine: Engine<V>,
  prefix: string,
  scope: readonly string[],
): CacheDump<V> {
  const { shelf, rules } = engine;
  const { table, clock, keepMs } = shelf;
  const now = rules.runtime.now();
  const entries: CacheDump<V>['entries'][number][] = [];
  for (const slot of table.slots()) {
    const key = table.key(slot);
    const value = table.value(slot);
    const freshMs = table.freshUntilOf(slot) - now;
    const mark = table.markOf(slot);
    const isCurrent = mark === undefined || clock.isCurrent(mark);
    if (!key.startsWith(prefix) || value === undefined || freshMs + keepMs <= 0 || !isCurrent)
      continue;
    const tags = (mark?.tags ?? []).filter((tag) => !scope.includes(tag));
    entries.push({
      key: key.slice(prefix.length),
      value,
      freshMs: freshMs === Infinity ? null : freshMs,
      ...(tags.length > 0 ? { tags } : {}),
    });
  }
  return { format: 'cache/1', takenAt: rules.runtime.wallTime(), version: rules.version, entries };
}

/** Puts a dump into memory. A dump of another version goes through `migrate`, or is left out. */
export function restore<V>(
  engine: Engine<V>,
  dump: CacheDump<V>,
  place: (key: string) => { readonly key: string; readonly scope: readonly string[] },
): number {
  const check = optionChecks('cache.load');
  check.known(dump, ['format', 'takenAt', 'version', 'entries']);
  check.oneOf('format', dump.format, ['cache/1']);
  const { rules, shelf } = engine;
  check.number('version', dump.version);
  const passedMs = Math.max(0, rules.runtime.wallTime() - check.number('takenAt', dump.takenAt));
  if (!Array.isArray(dump.entries)) check.refuse('entries', 'an array', dump.entries);
  for (const entry of dump.entries) checkEntry(check, entry);
  let restored = 0;
  for (const entry of dump.entries) {
    const freshMs = entry.freshMs === null ? Infinity : entry.freshMs - passedMs;
    const value = migrated(engine, entry.value, dump.version);
    if (!(freshMs + shelf.keepMs > 0) || value === undefined) continue;
    const { key, scope } = place(entry.key);
    const tags = [...(entry.tags ?? []), ...scope];
    const mark = tags.length === 0 ? undefined : { tags, at: shelf.clock.now };
    shelf.keep(key, value, { freshMs, loadMs: 0, mark });
    if (freshMs > 0) restored++;
  }
  return restored;
}

/** Before anything is put back: a dump is taken whole or not at all. */
function checkEntry(check: OptionChecks, entry: CacheDump<unknown>['entries'][number]): void {
  const { key, freshMs, tags = [] } = entry ?? {};
  if (typeof key !== 'string') check.refuse('entries', 'entries with a string as key', entry);
  if (freshMs !== null) check.number('entries.freshMs', freshMs);
  const areTexts = Array.isArray(tags) && tags.every((tag) => typeof tag === 'string');
  if (!areTexts) check.refuse('entries.tags', 'an array of texts', tags);
}

function migrated<V>({ rules }: Engine<V>, value: V, from: number): V | undefined {
  if (from === rules.version) return value;
  if (from > rules.version || rules.migrate === undefined) return undefined;
  try {
    return rules.migrate(value, from);
  } catch {
    return undefined;
  }
}

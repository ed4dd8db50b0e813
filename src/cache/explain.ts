/** Why a key is answered as it is. */

import type { Engine } from './engine.ts';
import type { Explanation } from './types.ts';

type Level = Explanation['levels'][number];

/** Looks at every level without changing one. */
export async function explain<V>(
  engine: Engine<V>,
  full: string,
  key: string,
): Promise<Explanation> {
  const { rules, desks, fetching } = engine;
  const levels: Level[] = [inMemory(engine, full)];
  for (const desk of desks) {
    const reading = await desk.read([full], []);
    const found = reading?.found[0];
    const level = desk.name;
    if (reading === undefined) levels.push({ level, state: 'unavailable' });
    else if (found === undefined) levels.push({ level, state: 'absent' });
    else {
      const { freshMs, loadMs, tags } = found;
      levels.push({ level, state: freshMs > 0 ? 'fresh' : 'stale', freshMs, loadMs, tags });
    }
  }
  const now = rules.runtime.now();
  const failure = fetching.failureOf(full, now);
  return {
    key,
    levels,
    loading: fetching.isLoading(full),
    ...(failure ? { failure: { error: failure.error, retryInMs: failure.until - now } } : {}),
  };
}

function inMemory<V>({ shelf, rules }: Engine<V>, full: string): Level {
  const { table, clock } = shelf;
  const slot = table.find(full);
  if (slot < 0) return { level: 'memory', state: 'absent' };
  const mark = table.markOf(slot);
  const invalidatedBy = mark && clock.staleTag(mark);
  if (invalidatedBy !== undefined) return { level: 'memory', state: 'absent', invalidatedBy };
  const freshMs = table.freshUntilOf(slot) - rules.runtime.now();
  if (freshMs + shelf.keepMs <= 0) return { level: 'memory', state: 'absent' };
  return {
    level: 'memory',
    state: freshMs > 0 ? 'fresh' : 'stale',
    freshMs,
    ...(mark ? { tags: mark.tags } : {}),
  };
}

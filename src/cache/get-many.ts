/** Many keys at once: what memory has not fresh is one reading per tier, and one call of the loader. */

import type { Engine } from './engine.ts';
import type { Request } from './fetch-host.ts';
import type { Flight, Patience } from './flight.ts';

/** What is found, by key without the prefix; what is nowhere is left out. */
export async function getMany<V>(
  engine: Engine<V>,
  keys: readonly string[],
  asked: {
    readonly prefix: string;
    readonly request: Request<V>;
    readonly patience: Patience;
  },
): Promise<Map<string, V>> {
  const { shelf, figures, rules, fetching } = engine;
  const { prefix, request, patience } = asked;
  const now = rules.runtime.now();
  const answers = new Map<string, V | undefined | Promise<V | undefined>>();
  const opened: Flight<V>[] = [];
  for (const key of keys) {
    if (answers.has(key)) continue;
    const full = prefix + key;
    const slot = shelf.fresh(full, now);
    if (slot >= 0) {
      shelf.table.use(slot);
      figures.hit(full);
      answers.set(key, shelf.table.value(slot));
      continue;
    }
    figures.miss(full);
    answers.set(key, fetching.joinOrOpen(full, request, { patience, now, opened }));
  }
  if (opened.length > 0) fetching.start(opened, request);
  const settled = [...answers].map(async ([key, answer]) => [key, await answer] as const);
  const found = new Map<string, V>();
  for (const [key, value] of await Promise.all(settled)) {
    if (value !== undefined) found.set(key, value);
  }
  return found;
}

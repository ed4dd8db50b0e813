/** The figures of a cache at one moment. */

import type { Engine } from './engine.ts';
import type { CacheSnapshot, LevelSnapshot } from './types.ts';

/** Everything a cache has counted. */
export function snapshotOf<V>(engine: Engine<V>): CacheSnapshot {
  const { figures, shelf, desks } = engine;
  const { memoryHits, memoryMisses, succeeded, failed, running, loadMs } = figures;
  const requests = memoryHits + memoryMisses;
  return {
    entries: shelf.table.size,
    weight: shelf.table.totalWeight,
    evictions: shelf.table.evictions,
    memory: levelSnapshot('memory', memoryHits, memoryMisses),
    tiers: desks.map((desk) => {
      const { hits, misses, ...rest } = desk.figures;
      return { ...levelSnapshot(desk.name, hits, misses), ...rest, pending: desk.pending };
    }),
    hitRatio: Math.max(0, 1 - (succeeded + failed + running) / requests),
    stale: figures.stale,
    loads: {
      running,
      succeeded,
      failed,
      fenced: figures.fenced,
      meanMs: loadMs.mean,
      p50Ms: loadMs.quantile(0.5),
      p99Ms: loadMs.quantile(0.99),
    },
    hotKeys: figures.hot.list(),
    eviction: shelf.table.describe(),
  };
}

function levelSnapshot(name: string, hits: number, misses: number): LevelSnapshot {
  return { name, hits, misses, hitRatio: hits / (hits + misses) };
}

/**
 * Hot keys and hot slots: what is asked for too often, and what to do about it.
 *
 * Slots are counted exactly, keys by a top-k sketch; both fade with a half-life. A node that is too full
 * is relieved by moving slots, hottest first, to the emptiest nodes. One key that alone is more than
 * moving can even out has to be split or replicated by its owner: nothing else helps.
 */
import { optionChecks, type Runtime, systemRuntime } from '../core/index.ts';
import { topK } from '../model/index.ts';
import type { SlotOwners } from './placement.ts';
import { relievingMoves } from './relieving-moves.ts';
import type { ShardChange, ShardMap } from './shard-map-types.ts';

/** Options of {@link hotspots}. */
export interface HotspotsOptions {
  readonly map: ShardMap;
  /** A node is hot above this many times its share, above 1. @default 1.25 */
  readonly nodeRatio?: number;
  /** A key is hot above this part of a node's share, 0–1. @default 0.5 */
  readonly keyRatio?: number;
  /** Hot keys told of at most. @default 20 */
  readonly keys?: number;
  /** The time after which what was counted counts half, ms. @default 60_000 */
  readonly halfLifeMs?: number;
  /** @default systemRuntime() */
  readonly runtime?: Runtime;
}

/** A key to be split into `ways` keys, or read from so many replicas. */
export interface HotKey {
  readonly key: string;
  readonly slot: number;
  /** Part of the whole load, 0–1. */
  readonly share: number;
  /** Into how many parts: so many that each is below `keyRatio`. */
  readonly ways: number;
}

/** What to do. */
export interface HotspotProposal {
  readonly hotKeys: readonly HotKey[];
  /** Slots to move, for `map.plan(change, { loadOf })`; undefined when that would not help. */
  readonly change: ShardChange | undefined;
  /** Load of the fullest node over its share, now and after the change. */
  readonly peakBefore: number;
  readonly peakAfter: number;
}

/** Counts what is asked for. */
export interface Hotspots {
  /** Counts one access, or `cost` units of load (above 0). O(1) and no clock read. */
  record(key: string, cost?: number): void;
  /** Load of a slot, to be handed to `map.plan`. */
  readonly loadOf: (slot: number) => number;
  /** What to do about it now; nothing while a migration is under way. `O(slots)`. */
  proposal(): HotspotProposal;
}

/**
 * Makes a detector for one map.
 *
 * ```ts
 * import { hotspots, shardMap } from 'tenfold/shard';
 *
 * const map = shardMap({ nodes: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] });
 * const hot = hotspots({ map });
 * for (let i = 0; i < 1_000; i++) hot.record(i % 2 === 0 ? 'celebrity' : `user ${i}`);
 * const { hotKeys, change } = hot.proposal();
 * console.log(hotKeys[0]?.key, hotKeys[0]?.ways); // celebrity, 3
 * if (change !== undefined) await map.apply(map.plan(change, { loadOf: hot.loadOf }));
 * ```
 *
 * @throws OptionError for an option out of range
 */
export function hotspots(options: HotspotsOptions): Hotspots {
  const check = optionChecks('hotspots');
  check.known(options, ['map', 'nodeRatio', 'keyRatio', 'keys', 'halfLifeMs', 'runtime']);
  const { map, runtime = systemRuntime() } = options;
  if (typeof map?.slot !== 'function') check.refuse('map', 'a shard map', map);
  const nodeRatio = check.number('nodeRatio', options.nodeRatio ?? 1.25, { above: 1 });
  const keyRatio = check.number('keyRatio', options.keyRatio ?? 0.5, { above: 0, max: 1 });
  const halfLifeMs = check.durationMs('halfLifeMs', options.halfLifeMs ?? 60_000);
  const top = topK({ k: check.count('keys', options.keys ?? 20) });
  const loads = new Map<number, number>();
  const loadOf = (slot: number): number => loads.get(slot) ?? 0;
  const dueOf = (table: SlotOwners, slots: number): ReadonlyMap<string, number> => {
    const due = table.due?.(Float64Array.from({ length: slots }, (_, slot) => loadOf(slot)));
    if (due !== undefined) return due;
    const total = [...loads.values()].reduce((sum, load) => sum + load, 0);
    const weight = map.nodes.reduce((sum, node) => sum + node.weight, 0);
    return new Map(map.nodes.map((node) => [node.id, (total * node.weight) / weight]));
  };
  let fadedAt = runtime.now();

  const fade = (): void => {
    const times = Math.floor((runtime.now() - fadedAt) / halfLifeMs);
    if (!(times > 0)) return;
    fadedAt += times * halfLifeMs;
    for (let time = 0; time < Math.min(times, 64); time++) top.halve();
    for (const [slot, load] of loads) loads.set(slot, load * 2 ** -times);
  };

  return {
    loadOf,
    record: (key, cost = 1) => {
      top.add(key, cost);
      const slot = map.slot(key);
      loads.set(slot, (loads.get(slot) ?? 0) + cost);
    },
    proposal: () => {
      fade();
      const fair = 1 / map.nodes.length;
      const hotKeys = top
        .list()
        .map(({ key, atLeast }) => ({ key, slot: map.slot(key), share: atLeast / top.total }))
        .filter(({ share }) => share > keyRatio * fair)
        .map((hot) => ({ ...hot, ways: Math.ceil(hot.share / (keyRatio * fair)) }));
      if (map.isMoving) return { hotKeys, change: undefined, peakBefore: 1, peakAfter: 1 };
      const { peakBefore, before } = map.plan({}, { loadOf });
      const { table, slots } = before.placement;
      const assign =
        table === undefined || peakBefore <= nodeRatio
          ? []
          : relievingMoves({ table, nodes: map.nodes, due: dueOf(table, slots), loads, nodeRatio });
      const change = assign.length === 0 ? undefined : { assign };
      const peakAfter = change === undefined ? peakBefore : map.plan(change, { loadOf }).peakAfter;
      return { hotKeys, change, peakBefore, peakAfter };
    },
  };
}

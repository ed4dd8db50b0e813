/**
 * A map as JSON: what followers adopt, and what a new process begins from.
 */
import { optionChecks, xxh64 } from '../core/index.ts';
import { type Migration, migration, type MovePhase } from './migration.ts';
import type { JournalEntry } from './migration-run.ts';
import { type PlacementSide, planOf } from './movement-plan.ts';
import type { Placement, Strategy } from './placement.ts';
import { members, type ShardMember, type ShardNode } from './shard-node.ts';

/** A whole map as plain data that survives JSON. */
export interface ShardMapSnapshot extends SideSnapshot {
  /** Grows with every step; of two snapshots of one map the greater is the newer. */
  readonly epoch: number;
  /** Claims from before this epoch are void. */
  readonly claimsFrom: number;
  /** Present while a migration is under way or was stopped. */
  readonly migration?: MigrationSnapshot;
}

/** Nodes and their placement. */
export interface SideSnapshot {
  /** Name of the strategy. */
  readonly strategy: string;
  readonly nodes: readonly ShardNode[];
  readonly state?: unknown;
}

/** Where a migration leads, and how far each of its moves has come. */
export interface MigrationSnapshot {
  readonly after: SideSnapshot;
  readonly moves: readonly {
    readonly from: string;
    readonly to: string;
    readonly slots: readonly number[];
    readonly share: number;
    readonly bytes: number | undefined;
    readonly phase: MovePhase;
    readonly epoch: number;
  }[];
  readonly perNode: number;
  readonly peakBefore: number;
  readonly peakAfter: number;
}

/** What a map holds. */
export interface MapState {
  readonly side: PlacementSide;
  readonly epoch: number;
  readonly claimsFrom: number;
  readonly migration: Migration | undefined;
}

/** Writes a map down. */
export function snapshotOf({
  side,
  epoch,
  claimsFrom,
  migration: going,
}: MapState): ShardMapSnapshot {
  const base = { epoch, claimsFrom, ...sideSnapshot(side) };
  if (going === undefined) return base;
  const { plan, phases, epochs } = going;
  const moves = plan.moves.map(({ from, to, slots, share, bytes }, at) => ({
    ...{ from, to, slots, share, bytes },
    ...{ phase: phases[at]!, epoch: epochs[at]! },
  }));
  const { perNode, peakBefore, peakAfter } = plan;
  const after = sideSnapshot(plan.after);
  return { ...base, migration: { after, moves, perNode, peakBefore, peakAfter } };
}

function sideSnapshot({ strategy, placement }: PlacementSide): SideSnapshot {
  const state = placement.state();
  const base = { strategy: strategy.name, nodes: placement.nodes };
  return state === undefined ? base : { ...base, state };
}

/**
 * Reads a map.
 *
 * @param strategies those the snapshot may name
 * @param keyOf the part of a key that is placed
 * @throws OptionError for a strategy not among them or a state that does not fit
 */
export function stateOf(
  snapshot: ShardMapSnapshot,
  strategies: readonly Strategy[],
  keyOf: (key: string) => string,
): MapState {
  const check = optionChecks('shardMap.snapshot');
  check.number('epoch', snapshot.epoch, { min: 0, integer: true });
  const side = sideOf(snapshot, strategies);
  const { epoch, claimsFrom } = snapshot;
  check.number('claimsFrom', snapshot.claimsFrom, { min: 0, integer: true });
  const moving = snapshot.migration;
  if (moving === undefined) return { side, epoch, claimsFrom, migration: undefined };
  const { perNode, peakBefore, peakAfter } = moving;
  const after = sideOf(moving.after, strategies);
  if (!Array.isArray(moving.moves)) check.refuse('migration.moves', 'a list', moving.moves);
  const ids = new Set(
    [side, after].flatMap(({ placement }) => placement.nodes.map(({ id }) => id)),
  );
  const moves = moving.moves.map(({ from, to, slots, share, bytes, phase, epoch: at }, id) => {
    const path = `migration.moves[${id}]`;
    for (const node of [from, to]) {
      if (!ids.has(node)) check.refuse(path, 'between nodes of the map', node);
    }
    if (!Array.isArray(slots)) check.refuse(`${path}.slots`, 'a list of slots', slots);
    check.oneOf(`${path}.phase`, phase, ['waiting', 'fenced', 'switched']);
    check.number(`${path}.epoch`, at, { min: 0, integer: true });
    return { id, from, to, slots, share, bytes };
  });
  const known = { epoch, before: side, after, moves, perNode, peakBefore, peakAfter };
  const phases = moving.moves.map(({ phase }) => phase);
  const epochs = moving.moves.map((move) => move.epoch);
  return { side, epoch, claimsFrom, migration: migration(planOf(known, keyOf), phases, epochs) };
}

function sideOf(snapshot: SideSnapshot, strategies: readonly Strategy[]): PlacementSide {
  const check = optionChecks('shardMap.snapshot');
  const strategy = strategies.find(({ name }) => name === snapshot.strategy);
  if (strategy === undefined) {
    const names = strategies.map(({ name }) => name).join(', ');
    return check.refuse('strategy', `one of ${names}`, snapshot.strategy);
  }
  const nodes: readonly ShardMember[] = members(snapshot.nodes);
  return { strategy, placement: strategy.place(nodes, snapshot.state) };
}

/**
 * Twelve hexadecimal digits that are equal when, but for epochs, two maps are. Where a thousand made-up
 * keys lie goes in too: hash, seed, points and tag are in no snapshot, and decide as much as the table.
 */
export function checksumOf(
  snapshot: ShardMapSnapshot,
  placement: Placement,
  keyOf: (key: string) => string,
): string {
  const { strategy, nodes, state, migration: moving } = snapshot;
  const switched = moving?.moves.filter(({ phase }) => phase === 'switched');
  const moved = switched?.map(({ from, to, slots }) => [from, to, slots]);
  const slots = Array.from({ length: 1_024 }, (_, at) => slotOf(placement, keyOf, `{${at}}:${at}`));
  const text = JSON.stringify([strategy, nodes, state, moving?.after, moved, slots]);
  const { high, low } = xxh64(text);
  return (high * 2 ** 16 + (low >>> 16)).toString(16).padStart(12, '0');
}

/** The slot of a key; -1 for one that a directory has no partition for. */
function slotOf(placement: Placement, keyOf: (key: string) => string, key: string): number {
  try {
    return placement.slot(keyOf(key));
  } catch {
    return -1;
  }
}

/**
 * The map that a journal tells of: the last one noted, with the steps taken since. Adopt it and apply
 * `map.pending` to go on after a crash. Its epoch is one beyond the journal's last, so that a map just
 * made adopts it even if nothing had moved. Undefined for a journal without a map.
 */
export function replayed(
  entries: Iterable<JournalEntry<ShardMapSnapshot>>,
): ShardMapSnapshot | undefined {
  let map: ShardMapSnapshot | undefined;
  for (const entry of entries) {
    if (entry.kind === 'map') map = entry.map;
    else if (map?.migration !== undefined) {
      const { move: index, phase, epoch } = entry;
      const moves = map.migration.moves.map((move, at) =>
        at === index ? { ...move, phase, epoch } : move,
      );
      map = { ...map, epoch, migration: { ...map.migration, moves } };
    }
  }
  return map === undefined ? undefined : { ...map, epoch: map.epoch + 1 };
}

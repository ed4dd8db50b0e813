/**
 * What moves between two placements: exactly, slot by slot, where both have the same slots; otherwise
 * by pairs of owners, found by asking both for the same keys.
 */
import { optionChecks } from '../core/index.ts';
import type { Placement } from './placement.ts';
import type { ShardMember } from './shard-node.ts';

/** Keys that move together, from one node to another. */
export interface Move {
  /** Its index in the plan. */
  readonly id: number;
  readonly from: string;
  readonly to: string;
  /** The slots that move; empty where ownership does not go by slots, then `plan.moveOf(key)` tells. */
  readonly slots: readonly number[];
  /** Part of all keys (or of `loadOf`) that moves, 0–1. */
  readonly share: number;
  /** Sum of `bytesOf`; undefined when it was not given or the move is not by slots. */
  readonly bytes: number | undefined;
}

/** What is known of slots and keys beyond their number. */
export interface MovementWeights {
  /** Slots in one move at most. @default 64 */
  readonly slotsPerMove?: number;
  /** Load of a slot, any unit, 0 or more. @default every slot the same */
  readonly loadOf?: (slot: number) => number;
  /** Bytes in a slot. @default unknown */
  readonly bytesOf?: (slot: number) => number;
  /** A sample of real keys, for strategies without slots. @default 32,768 made-up keys */
  readonly keys?: Iterable<string>;
}

/** Whether two placements have the same slots, so that movement goes by slot. */
export function sameSlots(before: Placement, after: Placement): boolean {
  return before.table !== undefined && before.table.layout === after.table?.layout;
}

/**
 * The moves between two placements. `O(slots)`, or `O(keys + pairs of nodes)`.
 *
 * @param weights with `derived` when `after` is `before.changed(…)`, whose promises then hold
 */
export function movesBetween(
  before: Placement,
  after: Placement,
  weights: MovementWeights & { readonly derived: boolean },
): readonly Move[] {
  if (sameSlots(before, after)) return movesBySlot(before, after, weights);
  const promised = weights.derived && after.minimal === true;
  return movesByOwner(before, after, promised, weights.keys);
}

/** The load of each node of both placements, by id, in the same unit. */
export function loadsBetween(
  before: Placement,
  after: Placement,
  { loadOf = () => 1, keys }: MovementWeights,
): readonly [before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>] {
  const loads = [noLoad(before), noLoad(after)] as const;
  if (sameSlots(before, after)) {
    for (let slot = 0; slot < before.slots; slot++) {
      add(loads[0], before.table!.ownerAt(slot).id, loadOf(slot));
      add(loads[1], after.table!.ownerAt(slot).id, loadOf(slot));
    }
    return loads;
  }
  for (const key of sampleOf(before, after, keys)) {
    add(loads[0], before.owner(key).id, 1);
    add(loads[1], after.owner(key).id, 1);
  }
  return loads;
}

/** A function from a key to the index of its move, -1 when it stays. */
export function moveIndex(
  before: Placement,
  after: Placement,
  moves: readonly Pick<Move, 'from' | 'to' | 'slots'>[],
): (key: string) => number {
  if (sameSlots(before, after)) {
    const bySlot = new Int32Array(before.slots).fill(-1);
    moves.forEach(({ slots }, at) => slots.forEach((slot) => (bySlot[slot] = at)));
    return (key) => bySlot[before.slot(key)]!;
  }
  const byPair = new Map<string, Map<string, number>>();
  moves.forEach(({ from, to }, at) => entryOf(byPair, from, () => new Map()).set(to, at));
  return (key) => byPair.get(before.owner(key).id)?.get(after.owner(key).id) ?? -1;
}

function movesBySlot(before: Placement, after: Placement, weights: MovementWeights): Move[] {
  const { loadOf = () => 1, bytesOf } = weights;
  const most = optionChecks('shardMap.plan').count('slotsPerMove', weights.slotsPerMove ?? 64);
  const open = new Map<string, Map<string, number[]>>();
  const groups: { from: string; to: string; slots: number[] }[] = [];
  let total = 0;
  for (let slot = 0; slot < before.slots; slot++) {
    total += loadOf(slot);
    const from = before.table!.ownerAt(slot).id;
    const to = after.table!.ownerAt(slot).id;
    if (from === to) continue;
    const targets = entryOf(open, from, () => new Map<string, number[]>());
    let slots = targets.get(to);
    if (slots === undefined || slots.length === most) {
      slots = [];
      targets.set(to, slots);
      groups.push({ from, to, slots });
    }
    slots.push(slot);
  }
  return groups.map((group, id) => ({
    id,
    ...group,
    share: total === 0 ? 0 : sum(group.slots, loadOf) / total,
    bytes: bytesOf === undefined ? undefined : sum(group.slots, bytesOf),
  }));
}

/** Beyond this many pairs of nodes a plan by pairs is no plan. */
const MOST_PAIRS = 250_000;

function movesByOwner(
  before: Placement,
  after: Placement,
  promised: boolean,
  keys: Iterable<string> | undefined,
): Move[] {
  const sample = sampleOf(before, after, keys);
  const counts = new Map<string, Map<string, number>>();
  for (const key of sample) {
    const from = before.owner(key).id;
    add(
      entryOf(counts, from, () => new Map<string, number>()),
      after.owner(key).id,
      1,
    );
  }
  const seen = (from: string, to: string): number => counts.get(from)?.get(to) ?? 0;
  const covered = before.probesCover === true && after.probesCover === true && keys === undefined;
  return possiblePairs(before, after, promised)
    .filter(([from, to]) => !covered || seen(from, to) > 0)
    .map(([from, to], id) => ({
      ...{ id, from, to, slots: [], bytes: undefined },
      share: seen(from, to) / Math.max(1, sample.length),
    }));
}

function sampleOf(
  before: Placement,
  after: Placement,
  keys: Iterable<string> | undefined,
): readonly string[] {
  return [...(keys ?? new Set([...before.probes(), ...after.probes()]))];
}

/** Every pair between which keys can move; a pair that sampling missed must not be lost. */
function possiblePairs(
  before: Placement,
  after: Placement,
  promised: boolean,
): [from: string, to: string][] {
  const { grew, shrank } = growth(before.nodes, after.nodes);
  const pairs = before.nodes.flatMap(({ id: from }) =>
    after.nodes
      .filter(({ id: to }) => from !== to && (!promised || grew.has(to) || shrank.has(from)))
      .map(({ id: to }): [string, string] => [from, to]),
  );
  if (pairs.length > MOST_PAIRS) {
    optionChecks('shardMap.plan').refuse(
      'strategy',
      'one with slots on both sides: there are too many pairs of nodes',
      pairs.length,
    );
  }
  return pairs;
}

/** Which nodes came or gained weight, and which went or lost weight. */
export function growth(
  before: readonly ShardMember[],
  after: readonly ShardMember[],
): { readonly grew: ReadonlySet<string>; readonly shrank: ReadonlySet<string> } {
  const weightOf = (nodes: readonly ShardMember[]): Map<string, number> =>
    new Map(nodes.map(({ id, weight }) => [id, weight]));
  const old = weightOf(before);
  const now = weightOf(after);
  const grew = [...now].filter(([id, weight]) => weight > (old.get(id) ?? 0));
  const shrank = [...old].filter(([id, weight]) => weight > (now.get(id) ?? 0));
  return { grew: new Set(grew.map(([id]) => id)), shrank: new Set(shrank.map(([id]) => id)) };
}

function noLoad({ nodes }: Placement): Map<string, number> {
  return new Map(nodes.map(({ id }) => [id, 0]));
}

function add(counts: Map<string, number>, id: string, amount: number): void {
  counts.set(id, (counts.get(id) ?? 0) + amount);
}

function sum(slots: readonly number[], of: (slot: number) => number): number {
  return slots.reduce((total, slot) => total + of(slot), 0);
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

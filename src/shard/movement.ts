/**
 * What moves between two placements: exactly, slot by slot, where both have the same slots; otherwise
 * by pairs of owners, found by asking both for the same keys.
 */
import { optionChecks } from '../core/index.ts';
import { type MovementFacts, type OwnerPair, sameSlots } from './movement-facts.ts';
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
  /** Sum of `bytesOf`, or the share of `totalBytes`; undefined when neither is known. */
  readonly bytes: number | undefined;
}

/**
 * The moves between two placements. `O(slots)`, or `O(keys + pairs of nodes)`.
 *
 * @param derived whether `after` is `before.changed(…)`, whose promises then hold
 */
export function movesBetween(
  before: Placement,
  after: Placement,
  facts: MovementFacts,
  derived: boolean,
): readonly Move[] {
  const moves = sameSlots(before, after)
    ? movesBySlot(before, after, facts)
    : movesByOwner(before, after, facts, derived && after.minimal === true);
  return moves.map((move, id) => ({ id, ...move, bytes: facts.bytes(move.slots, move.share) }));
}

/** Greatest load of a node over what its weight entitles it to, before and after. 1 is even. */
export function peaksBetween(
  before: Placement,
  after: Placement,
  facts: MovementFacts,
): readonly [before: number, after: number] {
  const [old, now] = loadsBetween(before, after, facts);
  return [peak(before, old, facts), peak(after, now, facts)];
}

/** The load of each node of both placements, by id, in the same unit. */
export function loadsBetween(
  before: Placement,
  after: Placement,
  { slotLoads, pairs }: MovementFacts,
): readonly [before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>] {
  const loads = [noLoad(before), noLoad(after)] as const;
  slotLoads.forEach((load, slot) => {
    add(loads[0], before.table!.ownerAt(slot).id, load);
    add(loads[1], after.table!.ownerAt(slot).id, load);
  });
  for (const [from, to] of pairs) {
    add(loads[0], from, 1);
    add(loads[1], to, 1);
  }
  return loads;
}

function peak(
  { nodes, table }: Placement,
  loads: ReadonlyMap<string, number>,
  { slotLoads }: MovementFacts,
): number {
  const total = nodes.reduce((sum, { id }) => sum + loads.get(id)!, 0);
  if (total === 0) return 1;
  const weight = nodes.reduce((sum, node) => sum + node.weight, 0);
  const due = slotLoads.length === 0 ? undefined : table?.due?.(slotLoads);
  return nodes.reduce((most, { id, weight: own }) => {
    const load = loads.get(id)!;
    return load === 0 ? most : Math.max(most, load / (due?.get(id) ?? (total * own) / weight));
  }, 0);
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

type BareMove = Omit<Move, 'id' | 'bytes'>;

function movesBySlot(before: Placement, after: Placement, facts: MovementFacts): BareMove[] {
  const { slotLoads, slotsPerMove } = facts;
  const open = new Map<string, Map<string, number[]>>();
  const groups: { from: string; to: string; slots: number[] }[] = [];
  let total = 0;
  for (let slot = 0; slot < before.slots; slot++) {
    total += slotLoads[slot]!;
    const from = before.table!.ownerAt(slot).id;
    const to = after.table!.ownerAt(slot).id;
    if (from === to) continue;
    const targets = entryOf(open, from, () => new Map<string, number[]>());
    let slots = targets.get(to);
    if (slots === undefined || slots.length === slotsPerMove) {
      slots = [];
      targets.set(to, slots);
      groups.push({ from, to, slots });
    }
    slots.push(slot);
  }
  const shareOf = (slots: readonly number[]): number =>
    total === 0 ? 0 : slots.reduce((sum, slot) => sum + slotLoads[slot]!, 0) / total;
  return groups.map((group) => ({ ...group, share: shareOf(group.slots) }));
}

/** Beyond this many pairs of nodes a plan by pairs is no plan. */
const MOST_PAIRS = 250_000;

function movesByOwner(
  before: Placement,
  after: Placement,
  { pairs, covers }: MovementFacts,
  promised: boolean,
): BareMove[] {
  const counts = new Map<string, Map<string, number>>();
  for (const [from, to] of pairs) {
    const targets = entryOf(counts, from, () => new Map<string, number>());
    add(targets, to, 1);
  }
  const seen = (from: string, to: string): number => counts.get(from)?.get(to) ?? 0;
  return possiblePairs(before, after, promised)
    .filter(([from, to]) => !covers || seen(from, to) > 0)
    .map(([from, to]) => ({
      ...{ from, to, slots: [] },
      share: seen(from, to) / Math.max(1, pairs.length),
    }));
}

/** Every pair between which keys can move; a pair that sampling missed must not be lost. */
function possiblePairs(before: Placement, after: Placement, promised: boolean): OwnerPair[] {
  const { grew, shrank } = growth(before.nodes, after.nodes);
  const pairs = before.nodes.flatMap(({ id: from }) =>
    after.nodes
      .filter(({ id: to }) => from !== to && (!promised || grew.has(to) || shrank.has(from)))
      .map(({ id: to }): OwnerPair => [from, to]),
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

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

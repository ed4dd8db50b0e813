/**
 * Which slots to move so that no node is much fuller than its share.
 */
import type { SlotOwners } from './placement.ts';
import type { ShardMember } from './shard-node.ts';

/** Slots moved in one proposal at most: relief, not a reshuffle. */
const MOST_MOVES = 64;

interface Crowd {
  readonly table: SlotOwners;
  readonly nodes: readonly ShardMember[];
  /** The load each node is due by its weight. */
  readonly due: ReadonlyMap<string, number>;
  /** Load by slot. */
  readonly loads: ReadonlyMap<number, number>;
  /** A node is too full above this many times its share. */
  readonly nodeRatio: number;
}

/**
 * Moves slots, hottest first, from the fullest node to the emptiest that may own them, each only if it
 * leaves both below what the fullest had. Greedy; `O(slots log slots)`.
 */
export function relievingMoves(crowd: Crowd): { slot: number; node: string }[] {
  const { table, loads, due, nodeRatio } = crowd;
  // A node that is due nothing may own nothing that is asked for.
  const nodes = crowd.nodes.filter(({ id }) => due.get(id)! > 0);
  const fullness = new Map(nodes.map((node) => [node.id, 0]));
  const owned = new Map(nodes.map((node): [string, number[]] => [node.id, []]));
  for (const [slot, load] of loads) {
    const { id } = table.ownerAt(slot);
    owned.get(id)?.push(slot);
    fullness.set(id, fullness.get(id)! + load / due.get(id)!);
  }
  const stuck = new Set<string>();
  const moves: { slot: number; node: string }[] = [];
  while (moves.length < MOST_MOVES) {
    const byFullness = [...nodes].sort((a, b) => fullness.get(b.id)! - fullness.get(a.id)!);
    const from = byFullness.find(({ id }) => !stuck.has(id));
    if (from === undefined) break;
    const peak = fullness.get(from.id)!;
    if (peak <= nodeRatio) break;
    const slots = owned.get(from.id)!.sort((a, b) => loads.get(b)! - loads.get(a)!);
    const helps = (slot: number, to: ShardMember): boolean =>
      table.mayOwn(slot, to) && fullness.get(to.id)! + loads.get(slot)! / due.get(to.id)! < peak;
    const targets = byFullness.filter((node) => node !== from).reverse();
    const slot = slots.find((one) => targets.some((to) => helps(one, to)));
    const to = slot === undefined ? undefined : targets.find((one) => helps(slot, one));
    if (slot === undefined || to === undefined) {
      // One key's load, or nobody else in its region: it must not keep others from relief.
      stuck.add(from.id);
      continue;
    }
    slots.splice(slots.indexOf(slot), 1);
    fullness.set(from.id, peak - loads.get(slot)! / due.get(from.id)!);
    fullness.set(to.id, fullness.get(to.id)! + loads.get(slot)! / due.get(to.id)!);
    moves.push({ slot, node: to.id });
  }
  return moves;
}

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
  const { table, nodes, loads, nodeRatio } = crowd;
  const fullness = new Map(nodes.map((node) => [node.id, 0]));
  const weightOf = new Map(nodes.map(({ id, weight }) => [id, weight]));
  const owned = new Map(nodes.map((node): [string, number[]] => [node.id, []]));
  let total = 0;
  for (const [slot, load] of loads) {
    const { id } = table.ownerAt(slot);
    owned.get(id)?.push(slot);
    fullness.set(id, fullness.get(id)! + load / weightOf.get(id)!);
    total += load;
  }
  const fair = total / nodes.reduce((sum, { weight }) => sum + weight, 0);
  const moves: { slot: number; node: string }[] = [];
  while (moves.length < MOST_MOVES) {
    const byFullness = [...nodes].sort((a, b) => fullness.get(b.id)! - fullness.get(a.id)!);
    const from = byFullness[0]!;
    const peak = fullness.get(from.id)!;
    if (peak <= nodeRatio * fair) break;
    const slots = owned.get(from.id)!.sort((a, b) => loads.get(b)! - loads.get(a)!);
    const helps = (slot: number, to: ShardMember): boolean =>
      table.mayOwn(slot, to) && fullness.get(to.id)! + loads.get(slot)! / to.weight < peak;
    const targets = byFullness.slice(1).reverse();
    const slot = slots.find((one) => targets.some((to) => helps(one, to)));
    const to = slot === undefined ? undefined : targets.find((one) => helps(slot, one));
    if (slot === undefined || to === undefined) break;
    slots.splice(slots.indexOf(slot), 1);
    fullness.set(from.id, peak - loads.get(slot)! / from.weight);
    fullness.set(to.id, fullness.get(to.id)! + loads.get(slot)! / to.weight);
    moves.push({ slot, node: to.id });
  }
  return moves;
}

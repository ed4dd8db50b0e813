/**
 * Choosing nodes from a ranking so that they stand in different zones.
 */
import type { ShardMember } from './shard-node.ts';

/**
 * The first `count` of a ranking, with one of each zone before a second of any. The first of the
 * ranking comes first; where there are fewer zones than `count`, zones repeat.
 */
export function pickDistinct(ranking: Iterable<ShardMember>, count: number): ShardMember[] {
  const chosen: ShardMember[] = [];
  const passedOver: ShardMember[] = [];
  const zones = new Set<string>();
  for (const node of ranking) {
    if (zones.has(node.zone)) passedOver.push(node);
    else if (chosen.push(node) === count) return chosen;
    zones.add(node.zone);
  }
  return [...chosen, ...passedOver.slice(0, count - chosen.length)];
}

/** The first `count` of a ranking. */
export function pickFirst(ranking: Iterable<ShardMember>, count: number): ShardMember[] {
  const chosen: ShardMember[] = [];
  for (const node of ranking) {
    if (chosen.push(node) === count) break;
  }
  return chosen;
}

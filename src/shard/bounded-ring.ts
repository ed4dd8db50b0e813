/**
 * A ring that bounds what each node may own.
 */
import { murmurMix } from '../core/hash-murmur3.ts';
import { optionChecks, xxh64 } from '../core/index.ts';
import { type HashRing, hashRing } from '../model/index.ts';
import type { Placement, Strategy } from './placement.ts';
import { namedRing } from './ring.ts';
import { byId, type ShardMember } from './shard-node.ts';
import { SlotTable, wholeLayout } from './slot-table.ts';

/** Options of {@link boundedRing}. */
export interface BoundedRingOptions {
  /** No node owns more than this many times its share, rounded up to a slot; 1 or more. @default 1.25 */
  readonly bound?: number;
  /** Slots that are placed on the ring; some 20 a node or more. @default 16_384 */
  readonly slots?: number;
  /** Points of a node of weight 1. @default 160 */
  readonly pointsPerNode?: number;
}

/**
 * Consistent hashing with bounded loads (V. Mirrokni et al., 2016) over slots, as buraksezer/consistent
 * does it: each slot goes to the first node along the ring that has room. A change of nodes moves some
 * slots between nodes that stay; the plan says how many. When no node has room (a bound below 1, or
 * rounding), a slot goes to the node that is least beyond its bound, and the placement counts it as
 * `spilled`: nothing panics.
 */
export function boundedRing(options: BoundedRingOptions = {}): Strategy {
  const check = optionChecks('boundedRing');
  check.known(options, ['bound', 'slots', 'pointsPerNode']);
  const bound = check.positive('bound', options.bound ?? 1.25);
  const count = check.count('slots', options.slots ?? 16_384);
  const each = check.count('pointsPerNode', options.pointsPerNode ?? 160);
  const hash = { high: 0, low: 0 };
  const layout = wholeLayout(count, (key) => (xxh64(key, 0, hash).low >>> 0) % count);
  const place = (nodes: readonly ShardMember[]): Placement => {
    const sorted = byId(nodes);
    const points = hashRing(namedRing(sorted, each));
    const { owners, spilled } = boundedOwners(points, sorted, count, bound);
    return new SlotTable(layout, sorted, owners, { again: place, spilled });
  };
  return { name: 'boundedRing', place };
}

function boundedOwners(
  points: HashRing,
  nodes: readonly ShardMember[],
  slots: number,
  bound: number,
): { readonly owners: Int32Array; readonly spilled: number } {
  const total = nodes.reduce((sum, { weight }) => sum + weight, 0);
  const room = nodes.map(({ weight }) => boundedSlots(slots, weight / total, bound));
  const owners = new Int32Array(slots);
  let spilled = 0;
  for (let slot = 0; slot < slots; slot++) {
    let at = points.find(murmurMix(slot), 0);
    let steps = 0;
    while (room[points.ownerAt(at)]! <= 0 && steps++ < points.size) at = (at + 1) % points.size;
    let owner = points.ownerAt(at);
    if (room[owner]! <= 0) {
      owner = room.indexOf(Math.max(...room));
      spilled++;
    }
    room[owner]!--;
    owners[slot] = owner;
  }
  return { owners, spilled };
}

/** How many slots a node may own: its share times the bound, rounded up. */
export function boundedSlots(slots: number, share: number, bound: number): number {
  return Math.ceil(slots * share * bound);
}

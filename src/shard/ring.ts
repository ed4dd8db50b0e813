/**
 * Rings of points: each node stands at many places of a circle and owns what lies before them.
 */
import { optionChecks, xxh64 } from '../core/index.ts';
import {
  type HashRing,
  hashRing,
  namedPoints,
  type RingPoint,
  sizedPoints,
} from '../model/index.ts';
import { hashProbes, type Placement, type PlacementChange } from './placement.ts';
import { refuseAssign, type Strategy } from './placement.ts';
import { byId, type ShardMember } from './shard-node.ts';

/** Options of {@link ring}. */
export interface RingOptions {
  /** Points of a node of weight 1; a node has at least one. @default 160 */
  readonly pointsPerNode?: number;
  /**
   * Sizes the whole ring as Envoy does, in place of `pointsPerNode`. A change of nodes then resizes
   * every node's part and moves keys between nodes that stay (envoy#22558). @default not used
   */
  readonly sizing?: { readonly minSize: number; readonly maxSize: number };
}

/** A consistent-hash ring of xxh64 points, the same as Envoy's and gRPC's. */
export function ring(options: RingOptions = {}): Strategy {
  const check = optionChecks('ring');
  check.known(options, ['pointsPerNode', 'sizing']);
  const each = check.count('pointsPerNode', options.pointsPerNode ?? 160);
  const { sizing } = options;
  return ringStrategy({
    name: 'ring',
    minimal: sizing === undefined,
    pointsOf: (nodes) => namedRing(nodes, each, sizing),
    hashOf: () => {
      const hash = { high: 0, low: 0 };
      return (key) => xxh64(key, 0, hash);
    },
  });
}

/** Points of nodes by name and weight. */
export function namedRing(
  nodes: readonly ShardMember[],
  each: number,
  sizing?: RingOptions['sizing'],
): RingPoint[] {
  const names = nodes.map(({ id }) => id);
  const weights = nodes.map(({ weight }) => weight);
  return namedPoints(
    names,
    sizing === undefined
      ? weights.map((weight) => Math.max(1, Math.round(weight * each)))
      : sizedPoints(weights, sizing),
  );
}

/** What tells one kind of ring from another. */
export interface RingKind {
  readonly name: string;
  readonly minimal: boolean;
  pointsOf(nodes: readonly ShardMember[]): RingPoint[];
  /** Makes the hash of one placement. */
  hashOf(): (key: string) => { readonly high: number; readonly low: number };
}

/** The strategy of a kind of ring. */
export function ringStrategy(kind: RingKind): Strategy {
  const place = (nodes: readonly ShardMember[]): Placement => new RingPlacement(kind, byId(nodes));
  return { name: kind.name, place };
}

class RingPlacement implements Placement {
  readonly minimal: boolean;
  readonly slots: number;
  readonly nodes: readonly ShardMember[];
  private readonly kind: RingKind;
  private readonly points: HashRing;
  private readonly hash: ReturnType<RingKind['hashOf']>;

  constructor(kind: RingKind, nodes: readonly ShardMember[]) {
    this.kind = kind;
    this.minimal = kind.minimal;
    this.nodes = nodes;
    this.points = hashRing(kind.pointsOf(nodes));
    this.slots = this.points.size;
    this.hash = kind.hashOf();
  }

  slot(key: string): number {
    const { high, low } = this.hash(key);
    return this.points.find(high, low);
  }

  owner(key: string): ShardMember {
    return this.nodes[this.points.ownerAt(this.slot(key))]!;
  }

  *rank(key: string): Iterable<ShardMember> {
    const seen = new Set<number>();
    const first = this.slot(key);
    for (let step = 0; step < this.slots && seen.size < this.nodes.length; step++) {
      const owner = this.points.ownerAt((first + step) % this.slots);
      if (seen.has(owner)) continue;
      seen.add(owner);
      yield this.nodes[owner]!;
    }
  }

  changed(nodes: readonly ShardMember[], change: PlacementChange): Placement {
    refuseAssign(this.kind.name, change);
    return new RingPlacement(this.kind, byId(nodes));
  }

  state(): undefined {
    return undefined;
  }

  probes(): readonly string[] {
    return hashProbes();
  }
}

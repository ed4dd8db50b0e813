/**
 * Rendezvous hashing as a strategy: no table and no state, exact weights, no collateral; a look-up
 * asks every node, so it is for some 64 nodes at most.
 */
import { optionChecks, xxh32 } from '../core/index.ts';
import { type Rendezvous, rendezvous as draws } from '../model/index.ts';
import { hashProbes, type KeyHash, type Placement } from './placement.ts';
import { type PlacementChange, refuseAssign, type Strategy } from './placement.ts';
import { byId, type ShardMember } from './shard-node.ts';

/** Options of {@link rendezvous}. */
export interface RendezvousOptions {
  /** Hashes keys and ids to 32 bits. @default xxh32 */
  readonly hash?: KeyHash;
}

/** Every node draws for the key, the greatest draw owns it; `O(nodes)` a look-up. */
export function rendezvous(options: RendezvousOptions = {}): Strategy {
  const check = optionChecks('rendezvous');
  check.known(options, ['hash']);
  const hash = check.callable('hash', options.hash ?? xxh32);
  return { name: 'rendezvous', place: (nodes) => new RendezvousPlacement(byId(nodes), hash) };
}

class RendezvousPlacement implements Placement {
  readonly minimal = true;
  readonly slots: number;
  readonly nodes: readonly ShardMember[];
  private readonly hash: KeyHash;
  private readonly draws: Rendezvous;

  constructor(nodes: readonly ShardMember[], hash: KeyHash) {
    this.nodes = nodes;
    this.slots = nodes.length;
    this.hash = hash;
    this.draws = draws(
      nodes.map(({ id }) => hash(id)),
      nodes.map(({ weight }) => weight),
    );
  }

  slot(key: string): number {
    return this.draws.pick(this.hash(key));
  }

  owner(key: string): ShardMember {
    return this.nodes[this.slot(key)]!;
  }

  *rank(key: string): Iterable<ShardMember> {
    for (const at of this.draws.rank(this.hash(key))) yield this.nodes[at]!;
  }

  changed(nodes: readonly ShardMember[], change: PlacementChange): Placement {
    refuseAssign('rendezvous', change);
    return new RendezvousPlacement(byId(nodes), this.hash);
  }

  state(): undefined {
    return undefined;
  }

  probes(): readonly string[] {
    return hashProbes();
  }
}

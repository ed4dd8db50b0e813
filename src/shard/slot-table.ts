/**
 * A placement by table: a key has a slot, a slot has an owner. Every look-up is a hash and two array
 * reads, however many nodes there are, and a change of nodes moves slots, not keys.
 */
import { murmurMix } from '../core/hash-murmur3.ts';
import { optionChecks, xxh32 } from '../core/index.ts';
import { rendezvous } from '../model/index.ts';
import { type Assignment, hashProbes, refuseAssign } from './placement.ts';
import type { Placement, PlacementChange, SlotOwners } from './placement.ts';
import type { ShardMember } from './shard-node.ts';
import { assignSlots, type SlotShare } from './slot-assignment.ts';

/** How keys become slots, and which nodes may own which of them. Shared by all tables of a strategy. */
export interface SlotLayout {
  readonly slots: number;
  readonly slotOf: (key: string) => number;
  /** Runs of slots with nodes of their own, in order, covering all; one run unless said otherwise. */
  readonly segments: readonly SlotSegment[];
}

/** Slots begin … end − 1 belong to the nodes that `mayOwn` admits. */
export interface SlotSegment {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
  readonly mayOwn: (node: ShardMember) => boolean;
}

/** One run of slots for all nodes. */
export function wholeLayout(slots: number, slotOf: (key: string) => number): SlotLayout {
  return { slots, slotOf, segments: [{ name: 'all', begin: 0, end: slots, mayOwn: () => true }] };
}

/** Builds the table on nodes none of which owns anything yet. */
export function freshTable(layout: SlotLayout, nodes: readonly ShardMember[]): SlotTable {
  const nobody = new Int32Array(layout.slots).fill(-1);
  return new SlotTable(
    layout,
    nodes,
    assigned(layout, nobody, nodes, () => BOTH),
  );
}

/**
 * Builds the table from the owners of an earlier one.
 *
 * @throws OptionError unless there is one known node for each slot, one that may own it
 */
export function restoredTable(
  layout: SlotLayout,
  nodes: readonly ShardMember[],
  state: unknown,
): SlotTable {
  const check = optionChecks('shardMap.snapshot');
  const owners = (state as { readonly owners?: unknown } | undefined)?.owners;
  if (!Array.isArray(owners) || owners.length !== layout.slots) {
    check.refuse('state.owners', `${layout.slots} indexes of nodes`, owners);
  }
  const indexes = owners as readonly unknown[];
  for (const { begin, end, mayOwn } of layout.segments) {
    for (let slot = begin; slot < end; slot++) {
      const node = nodes[indexes[slot] as number];
      if (node === undefined || !mayOwn(node)) {
        check.refuse(`state.owners[${slot}]`, 'the index of a node that may own it', indexes[slot]);
      }
    }
  }
  return new SlotTable(layout, nodes, Int32Array.from(indexes as number[]));
}

/** A table that follows from its nodes alone, and is computed again when they change. */
export interface ComputedTable {
  again(nodes: readonly ShardMember[]): Placement;
  readonly spilled?: number;
}

/** The placement. Its nodes are in order of their ids. */
export class SlotTable implements Placement, SlotOwners {
  readonly minimal: boolean;
  readonly table: SlotOwners = this;
  readonly slots: number;
  readonly layout: SlotLayout;
  readonly nodes: readonly ShardMember[];
  readonly spilled: number;
  private readonly owners: Int32Array;
  private readonly slotOf: (key: string) => number;
  private ranking: ((hash: number) => Iterable<ShardMember>) | undefined = undefined;

  private readonly computed: ComputedTable | undefined;

  constructor(
    layout: SlotLayout,
    nodes: readonly ShardMember[],
    owners: Int32Array,
    computed?: ComputedTable,
  ) {
    this.minimal = computed === undefined;
    this.computed = computed;
    this.layout = layout;
    this.slots = layout.slots;
    this.slotOf = layout.slotOf;
    this.nodes = nodes;
    this.owners = owners;
    this.spilled = computed?.spilled ?? 0;
  }

  slot(key: string): number {
    return this.slotOf(key);
  }

  owner(key: string): ShardMember {
    return this.nodes[this.owners[this.slotOf(key)]!]!;
  }

  ownerAt(slot: number): ShardMember {
    return this.nodes[this.owners[slot]!]!;
  }

  mayOwn(slot: number, node: ShardMember): boolean {
    return this.layout.segments.find(({ end }) => slot < end)!.mayOwn(node);
  }

  due(slotLoads: Float64Array): ReadonlyMap<string, number> {
    const due = new Map(this.nodes.map(({ id }) => [id, 0]));
    for (const segment of this.layout.segments) {
      const load = slotLoads.subarray(segment.begin, segment.end).reduce((a, b) => a + b, 0);
      const weight = totalWeight(this.nodes, segment);
      for (const node of this.nodes) {
        if (segment.mayOwn(node))
          due.set(node.id, due.get(node.id)! + (load * node.weight) / weight);
      }
    }
    return due;
  }

  /** Replicas go by rendezvous on the slot: a change of nodes moves few of them too. */
  *rank(key: string): Iterable<ShardMember> {
    const slot = this.slotOf(key);
    const owner = this.ownerAt(slot);
    yield owner;
    this.ranking ??= nodeRanking(this.nodes);
    for (const node of this.ranking(murmurMix(slot))) {
      if (node !== owner && this.mayOwn(slot, node)) yield node;
    }
  }

  changed(nodes: readonly ShardMember[], change: PlacementChange): Placement {
    if (this.computed !== undefined) {
      refuseAssign('a table that follows from its nodes', change);
      return this.computed.again(nodes);
    }
    const { assign, rebalance } = change;
    const before = new Map(this.nodes.map((node, at) => [node.id, at]));
    const after = new Map(nodes.map((node, at) => [node.id, at]));
    const kept = this.owners.map((owner) => after.get(this.nodes[owner]!.id) ?? -1);
    const shareBefore = this.shareOf(this.nodes);
    const shareAfter = this.shareOf(nodes);
    const owners = assigned(this.layout, kept, nodes, (node, segment) => {
      if (rebalance === true) return BOTH;
      const old = before.get(node.id);
      const was = old === undefined ? 0 : shareBefore(this.nodes[old]!, segment);
      const is = shareAfter(node, segment);
      return { mayGain: is > was, mayGive: is < was };
    });
    for (const entry of assign ?? []) this.assign(owners, entry, after, nodes);
    return new SlotTable(this.layout, nodes, owners);
  }

  state(): unknown {
    return this.computed === undefined ? { owners: [...this.owners] } : undefined;
  }

  probes(): readonly string[] {
    return hashProbes();
  }

  /** A node's share of the slots of a segment, 0–1. */
  private shareOf(
    nodes: readonly ShardMember[],
  ): (node: ShardMember, segment: SlotSegment) => number {
    const totals = new Map(
      this.layout.segments.map((segment) => [segment, totalWeight(nodes, segment)]),
    );
    return (node, segment) => (segment.mayOwn(node) ? node.weight / totals.get(segment)! : 0);
  }

  private assign(
    owners: Int32Array,
    entry: Assignment,
    indexes: ReadonlyMap<string, number>,
    nodes: readonly ShardMember[],
  ): void {
    const check = optionChecks('shardMap.plan');
    const slot = check.number('assign.slot', 'slot' in entry ? entry.slot : undefined, {
      min: 0,
      max: this.slots - 1,
      integer: true,
    });
    const index = indexes.get(entry.node);
    if (index === undefined || !this.mayOwn(slot, nodes[index]!)) {
      return check.refuse('assign.node', 'a node that may own the slot', entry.node);
    }
    owners[slot] = index;
  }
}

type MayMove = Pick<SlotShare, 'mayGain' | 'mayGive'>;

const BOTH: MayMove = { mayGain: true, mayGive: true };

/** The owners after a change, segment by segment. */
function assigned(
  layout: SlotLayout,
  kept: Int32Array,
  nodes: readonly ShardMember[],
  mayMove: (node: ShardMember, segment: SlotSegment) => MayMove,
): Int32Array {
  const check = optionChecks('shardMap');
  const owners = new Int32Array(layout.slots);
  for (const segment of layout.segments) {
    const { begin, end, mayOwn } = segment;
    const eligible = nodes.filter(mayOwn);
    if (eligible.length === 0) {
      check.refuse('nodes', `one node at least for partition '${segment.name}'`, []);
    }
    if (eligible.length > end - begin) {
      check.refuse('slots', `as many as nodes (${eligible.length}) or more`, end - begin);
    }
    const total = totalWeight(nodes, segment);
    const shares = nodes.map((node) =>
      mayOwn(node)
        ? { share: (node.weight / total) * (end - begin), ...mayMove(node, segment) }
        : { share: 0, mayGain: false, mayGive: true },
    );
    // Rounding apart, whoever leaves makes somebody's share grow; be safe where nobody's does.
    const somebody = shares.some(({ mayGain }) => mayGain);
    const parts = somebody
      ? shares
      : shares.map((part, at) => ({ ...part, mayGain: mayOwn(nodes[at]!) }));
    const current = kept
      .subarray(begin, end)
      .map((owner) => (owner >= 0 && mayOwn(nodes[owner]!) ? owner : -1));
    owners.set(assignSlots(current, parts), begin);
  }
  return owners;
}

function totalWeight(nodes: readonly ShardMember[], { mayOwn }: SlotSegment): number {
  return nodes.reduce((sum, node) => sum + (mayOwn(node) ? node.weight : 0), 0);
}

/** A function that ranks nodes by rendezvous for a 32-bit hash, best first. */
export function nodeRanking(
  nodes: readonly ShardMember[],
): (hash: number) => Iterable<ShardMember> {
  const drawn = rendezvous(
    nodes.map(({ id }) => xxh32(id)),
    nodes.map(({ weight }) => weight),
  );
  return function* (hash) {
    for (const at of drawn.rank(hash)) yield nodes[at]!;
  };
}

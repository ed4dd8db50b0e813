/**
 * The one interface behind all strategies: a placement says whose a key is. It never changes; another
 * list of nodes gives another placement, and a migration leads from one to the other.
 */
import { optionChecks } from '../core/index.ts';
import type { ShardMember } from './shard-node.ts';

/** A rule by which keys belong to nodes. */
export interface Strategy {
  readonly name: string;
  /**
   * Places keys on nodes.
   *
   * @param state what {@link Placement.state} of an earlier placement on the same nodes answered
   * @throws OptionError for nodes or a state the strategy cannot work with
   */
  place(nodes: readonly ShardMember[], state?: unknown): Placement;
}

/** Whose each key is, at one time. Pure; every method answers the same for the same key. */
export interface Placement {
  readonly nodes: readonly ShardMember[];
  /** How many slots there are. */
  readonly slots: number;
  /** The slot of a key, 0 … slots − 1: a slot of the table, a point of the ring, a bucket, a range. */
  slot(key: string): number;
  owner(key: string): ShardMember;
  /** All nodes that may hold the key, the owner first, then in order of preference. */
  rank(key: string): Iterable<ShardMember>;
  /** The same strategy on other nodes, moving as little as it can. */
  changed(nodes: readonly ShardMember[], change: PlacementChange): Placement;
  /** What cannot be computed again from the nodes alone, as JSON; undefined when nothing. */
  state(): unknown;
  /** Keys that together fall wherever this placement tells keys apart. */
  probes(): readonly string[];
  /** Present when ownership goes slot by slot: movement is then exact. */
  readonly table?: SlotOwners;
  /**
   * True when a change moves keys only to nodes that come or grow and from nodes that go or shrink.
   * @default false
   */
  readonly minimal?: boolean;
  /** True when `probes` miss nothing, so that what they do not show does not happen. @default false */
  readonly probesCover?: boolean;
  /** Slots given to a node beyond its bound, because nobody had room. @default 0 */
  readonly spilled?: number;
}

/** What else than nodes may change. */
export interface PlacementChange {
  /** Gives a slot of a table, or a range from a key on, to a node. */
  readonly assign?: readonly Assignment[];
  /** Evens out a table even where no node came or went. @default false */
  readonly rebalance?: boolean;
}

/** One slot, or the range from `from` to the next boundary, for one node. */
export type Assignment =
  | { readonly slot: number; readonly node: string }
  | { readonly from: string; readonly node: string };

/** A table of slots. Two tables can be compared slot by slot when they have the same `layout`. */
export interface SlotOwners {
  readonly layout: object;
  ownerAt(slot: number): ShardMember;
  /** Whether a node may be given a slot at all. */
  mayOwn(slot: number, node: ShardMember): boolean;
  /**
   * The load that each node is due by its weight, by id, given the load of each slot; needed where not
   * every node may own every slot. @default by weight alone
   */
  due?(slotLoads: Float64Array): ReadonlyMap<string, number>;
}

/**
 * Refuses assignment by hand where nothing can be assigned: left out in silence, it would seem done.
 *
 * @throws OptionError when the change assigns anything
 */
export function refuseAssign(strategy: string, { assign }: PlacementChange): void {
  if (assign === undefined || assign.length === 0) return;
  const wanted = `absent: ${strategy} computes owners, only slots and ranges can be assigned`;
  optionChecks('shardMap.plan').refuse('assign', wanted, assign);
}

/** Any 32-bit hash of a key, unsigned: xxh32, murmur3 or one's own. */
export type KeyHash = (key: string, seed?: number) => number;

/** Probes for strategies that hash keys. */
export function hashProbes(): readonly string[] {
  return Array.from({ length: PROBES }, (_, at) => `probe-${at}`);
}

const PROBES = 2 ** 15;

/**
 * The port of eviction: who goes when the memory tier is full.
 *
 * The memory tier keeps entries in numbered slots; a policy orders slot numbers and never sees keys
 * or values. So a policy is small, works on typed arrays, and can be tested on bare numbers.
 */

/** What the memory tier tells its policy, and does for it. */
export interface EvictionSpace {
  /** Entries at most; Infinity where only weight is bounded. */
  readonly maxEntries: number;
  /** Sum of weights at most; Infinity where only entries are bounded. */
  readonly maxWeight: number;
  /** The hash of the key in the slot, 32 bits; O(length of the key), so ask once. */
  hash(slot: number): number;
  /** Weight of the entry in the slot; 1 where entries are not weighed. */
  weight(slot: number): number;
  /** Whether entries are of different worth. */
  readonly costAware: boolean;
  /** What it costs to get the entry again, over its weight; 1 unless `costAware`. */
  worth(slot: number): number;
  /** True when nobody can be served the entry any more, so that it goes before all others. */
  expired(slot: number): boolean;
  /** Removes the entry in the slot, for want of room. The policy forgets the slot by itself. */
  evict(slot: number): void;
  /** A number in [0, 1). */
  random(): number;
}

/** The order of one memory tier. Every call is synchronous; slots are whole numbers from 3. */
export interface Eviction {
  /** The entry was read. */
  used(slot: number): void;
  /** A new entry took the slot; evicts what there is no room for, perhaps the new entry itself. */
  added(slot: number): void;
  /** The entry in the slot was written anew and may weigh something else. */
  rewritten(slot: number, weightBefore: number): void;
  /** The entry is gone: deleted, expired. */
  removed(slot: number): void;
  /** Slots up to this number may be used from now on. */
  reserve(slots: number): void;
  /** Everything is gone. */
  clear(): void;
  /** What there is to tell in a snapshot, such as the share of the window. */
  describe(): Readonly<Record<string, number>>;
}

/** A way to choose who goes. */
export interface EvictionPolicy {
  readonly name: string;
  /** Makes the order of one memory tier. */
  create(space: EvictionSpace): Eviction;
}

/** Slot numbers below this one are the policies' own (heads of lists). */
export const FIRST_SLOT = 3;

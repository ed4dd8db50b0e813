/**
 * The port of a tier: a store below the memory of the process, such as Redis, a disk or a database.
 *
 * Three promises make caches over it correct without comparing the clocks of two hosts:
 * durations only (`ttlMs` in, `remainingMs` out, by the tier's own clock), counters per tag that only
 * grow, and leases that a write can be tied to.
 */

/** What a tier holds for a key. */
export interface TierEntry {
  /** As it was written: bytes, or the envelope itself in a tier that holds values. */
  readonly payload: unknown;
  /** Milliseconds until the tier drops it, by the tier's own clock; Infinity: never. */
  readonly remainingMs: number;
}

/** The answer to one reading. */
export interface TierReading {
  /** In the order of the keys asked; undefined where there is nothing. */
  readonly entries: readonly (TierEntry | undefined)[];
  /** The counters of the tags asked, in order; 0 for a tag never invalidated. */
  readonly versions: readonly number[];
}

/** One entry to write. */
export interface TierWrite {
  readonly key: string;
  readonly payload: unknown;
  /** Above 0; Infinity: keep it for good. */
  readonly ttlMs: number;
  /** Writes only if this lease on the key is still held, and ends it. Without one, ends any lease. */
  readonly lease?: string | undefined;
}

/** What a tier may know of the request. */
export interface TierCall {
  /** Aborts when nobody waits for the answer any more: at the time-out. */
  readonly signal: AbortSignal;
}

/**
 * A store of entries by key. Batches everywhere: one round trip each. A method that fails rejects; the
 * cache then goes on without the tier.
 */
export interface Tier {
  /** Names the tier in events and figures. */
  readonly name: string;
  /** `bytes`: payloads are `Uint8Array`, made by a codec. `values`: payloads are kept by reference. */
  readonly holds: 'bytes' | 'values';
  /** Reads entries and, in the same moment or earlier, the counters of tags. */
  read(keys: readonly string[], tags: readonly string[], call: TierCall): Promise<TierReading>;
  /** Writes entries; false where a lease was no longer held. */
  write(writes: readonly TierWrite[], call: TierCall): Promise<readonly boolean[]>;
  /** Removes entries and ends leases on them. */
  remove(keys: readonly string[], call: TierCall): Promise<void>;
  /** Adds 1 to the counter of each tag; counters outlive every entry that remembers them. */
  bump(tags: readonly string[], call: TierCall): Promise<void>;
  /**
   * Leases keys to one caller each, until written, removed, released or `ttlMs` have passed;
   * undefined where somebody else holds the lease. A tier without leases neither keeps processes from
   * loading the same key twice nor fences late writes of other processes.
   */
  lease?(
    keys: readonly string[],
    ttlMs: number,
    call: TierCall,
  ): Promise<readonly (string | undefined)[]>;
  /** Gives leases back unused, in the order of the keys. */
  release?(keys: readonly string[], leases: readonly string[], call: TierCall): Promise<void>;
}

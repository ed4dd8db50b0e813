/**
 * The port of shared permits: what a store must do so that many processes bound their calls in flight
 * together.
 *
 * A holder is a process. What it holds of a key runs out `leaseMs` after it was last heard of, on the
 * store's clock: whoever dies, or is cut off, gives everything back without a word. A renewal states
 * what a holder really holds, so that an answer that was lost, and a store that has forgotten, are
 * right again with the next one.
 */

/** Permits wanted of one key. */
export interface LeaseAsk {
  /** Who wants them; unique among the processes that share a store. */
  readonly holder: string;
  /** Whose permits; unique among the limits that share a store. */
  readonly key: string;
  /** Permits of the key that all holders may have together. */
  readonly limit: number;
  /** Permits wanted. */
  readonly units: number;
  /** Permits without which none are wanted, at most `units`. */
  readonly atLeast: number;
  /** How long all that the holder has of the key lasts from now on, in ms. */
  readonly leaseMs: number;
}

/** What a holder has of one key. */
export interface HeldLease {
  readonly key: string;
  readonly units: number;
}

/** What a holder says of itself. */
export interface LeaseStatement {
  readonly holder: string;
  readonly held: readonly HeldLease[];
}

/** A store of shared permits. Each method is one step, and rejects when the store cannot tell. */
export interface LeaseStore {
  /**
   * Adds to what the holder has: from `atLeast` to `units`, or 0 where not even `atLeast` are free.
   * More than the whole limit is granted to whoever asks while nobody holds anything.
   */
  acquire(ask: LeaseAsk): Promise<number>;
  /**
   * Says what the holder has of these keys, in place of what was known, for `leaseMs` from now on; 0
   * has nothing. Never refused: the calls are in flight, though others may have got their permits.
   */
  renew(statement: LeaseStatement & { readonly leaseMs: number }): Promise<void>;
  /** Takes back what the holder no longer needs, at most what it has. */
  release(statement: LeaseStatement): Promise<void>;
}

/** What a cache offers, and what it is told. */

import type { EventSource } from '../core/index.ts';
import type { HeavyHitter } from '../model/index.ts';

/** A loader's answer that the previous value is still right. */
export interface Unchanged {
  readonly [UNCHANGED_BRAND]: true;
}

const UNCHANGED_BRAND: unique symbol = Symbol.for('tenfold.cache.unchanged');

/** Returned by a loader: the previous value is still right and is fresh again (a 304, so to speak). */
export const UNCHANGED: Unchanged = Object.freeze({ [UNCHANGED_BRAND]: true as const });

/** Whether a loader answered with {@link UNCHANGED}, of this or the other build of the package. */
export function isUnchanged(answer: unknown): answer is Unchanged {
  return typeof answer === 'object' && answer !== null && UNCHANGED_BRAND in answer;
}

/** What a loader is told, and may say. */
export interface LoadContext<V> {
  /** Aborts when nobody waits for the value any more, at `loadTimeoutMs`, or when the cache closes. */
  readonly signal: AbortSignal;
  /** The stale value, where there is one: for a conditional request. */
  readonly previous: { readonly value: V } | undefined;
  /** How long the value is fresh, ms, above 0 or 0 (do not keep); a loader may change it. */
  ttlMs: number;
}

/** Gets a value from its source. Undefined: there is nothing under this key. */
export type Loader<V> = (
  key: string,
  load: LoadContext<V>,
) => V | undefined | Unchanged | PromiseLike<V | undefined | Unchanged>;

/** Gets many values at once; a key that is not in the answer has nothing under it. */
export type BatchLoader<V> = (
  keys: readonly string[],
  load: { readonly signal: AbortSignal },
) => ReadonlyMap<string, V> | PromiseLike<ReadonlyMap<string, V>>;

/** What one reading may ask for. */
export interface GetOptions {
  /** Tags of the value if it is loaded now. */
  readonly tags?: readonly string[];
  /** How long it is fresh if it is loaded now, ms; 0: do not keep it; Infinity: for good. @default the cache's */
  readonly ttlMs?: number;
  /** Gives up waiting, with `signal.reason`; the load goes on while somebody else waits for it. */
  readonly signal?: AbortSignal | undefined;
  /** Answers with a stale value, if there is one, when loading takes longer, ms. @default the cache's */
  readonly softTimeoutMs?: number;
  /** Rejects with a `TimeoutError`, or answers stale, when loading takes longer, ms. @default the cache's */
  readonly hardTimeoutMs?: number;
  /** How stale an answer may be, ms; 0: only fresh. @default what the cache's options allow */
  readonly maxStaleMs?: number;
}

/** What one writing may say. */
export interface SetOptions {
  readonly tags?: readonly string[];
  /** How long it is fresh, ms; 0: do not keep it (and forget what was there). @default the cache's */
  readonly ttlMs?: number;
}

/** What a cache tells its listeners. */
export interface CacheEvents {
  /** A load came to an end. */
  load: { readonly key: string; readonly ms: number; readonly error?: unknown };
  /** A stale value was served because loading failed or took too long. */
  stale: { readonly key: string; readonly because: 'error' | 'timeout' };
  /** A loaded value was not kept: the key or a tag was invalidated, or rewritten, meanwhile. */
  fenced: { readonly key: string };
  /** Want of room. */
  eviction: { readonly key: string };
  /** A tier failed or was too slow; the cache went on without it. */
  failure: { readonly tier: string; readonly operation: string; readonly error: unknown };
  /** An entry of a tier is damaged, foreign, or of a shape that cannot be read: a miss. */
  corrupt: { readonly tier: string; readonly key: string; readonly error: unknown };
  /** A value that a tier cannot hold: no form as bytes, or too large. It lives in memory only. */
  unstorable: { readonly tier: string; readonly key: string; readonly error: unknown };
  /** Messages of the bus were missed: nothing older is served as fresh. */
  gap: { readonly reason: 'lost' | 'restored' | 'missed' };
}

/** Figures of one level. */
export interface LevelSnapshot {
  readonly name: string;
  readonly hits: number;
  readonly misses: number;
  /** Hits over all requests, 0–1; NaN before the first. */
  readonly hitRatio: number;
}

/** Figures of a tier. */
export interface TierSnapshot extends LevelSnapshot {
  readonly failures: number;
  readonly skipped: number;
  readonly written: number;
  readonly fenced: number;
  /** Writes, removals and invalidations it has yet to be told. */
  readonly pending: number;
}

/** A cache at one moment. */
export interface CacheSnapshot {
  readonly entries: number;
  /** Sum of weights; entries, where they are not weighed. */
  readonly weight: number;
  readonly evictions: number;
  readonly memory: LevelSnapshot;
  readonly tiers: readonly TierSnapshot[];
  /** Requests answered without a load, over all; NaN before the first. */
  readonly hitRatio: number;
  /** Stale values served while, or instead of, loading. */
  readonly stale: number;
  readonly loads: {
    readonly running: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly fenced: number;
    readonly meanMs: number;
    readonly p50Ms: number;
    readonly p99Ms: number;
  };
  /** The most read keys, by a sample; greatest first. */
  readonly hotKeys: readonly HeavyHitter<string>[];
  /** What the eviction policy tells, such as `windowRatio`. */
  readonly eviction: Readonly<Record<string, number>>;
}

/** Why a key is answered as it is. */
export interface Explanation {
  readonly key: string;
  readonly levels: readonly {
    readonly level: string;
    readonly state: 'fresh' | 'stale' | 'absent' | 'unavailable';
    /** Ms it stays fresh; negative: ms since it was. */
    readonly freshMs?: number;
    readonly loadMs?: number;
    readonly tags?: readonly string[];
    /** The tag whose invalidation made it absent. */
    readonly invalidatedBy?: string;
  }[];
  readonly loading: boolean;
  /** The last load failed; until then ms, no other is tried. */
  readonly failure?: { readonly error: unknown; readonly retryInMs: number };
}

/** The memory of a cache as plain data; values as they are. */
export interface CacheDump<V> {
  readonly format: 'cache/1';
  /** Epoch ms. */
  readonly takenAt: number;
  readonly version: number;
  readonly entries: readonly {
    readonly key: string;
    readonly value: V;
    /** Ms for which it was fresh then; null: for good. */
    readonly freshMs: number | null;
    readonly tags?: readonly string[];
  }[];
}

/**
 * A cache of any number of levels. Keys are strings. Values are anything but `undefined`, which means
 * "nothing", and promises.
 */
export interface Cache<V> extends EventSource<CacheEvents> {
  readonly name: string;
  /**
   * The value: from memory, from the tiers, or from `load`. However many ask at once, it is loaded
   * once, and all share its value or its error.
   *
   * @returns undefined where there is nothing; rejects with what the loader throws, with a
   *   `TimeoutError` at `hardTimeoutMs`, with `signal.reason`
   */
  get(key: string, load?: Loader<V>, options?: GetOptions): Promise<V | undefined>;
  /** The fresh value in memory, now, or undefined. Asks nobody else; counts as a use. */
  peek(key: string): V | undefined;
  /** Many values at once: one reading per tier, one call of `load`, whatever is missing left out. */
  getMany(
    keys: readonly string[],
    load?: BatchLoader<V>,
    options?: GetOptions,
  ): Promise<Map<string, V>>;
  /** Keeps a value on every level; fences what is being loaded. Resolves when the tiers have it, or cannot be told now. */
  set(key: string, value: V, options?: SetOptions): Promise<void>;
  setMany(entries: Iterable<readonly [string, V]>, options?: SetOptions): Promise<void>;
  /** Forgets a key on every level; fences what is being loaded. */
  delete(key: string): Promise<void>;
  /** Makes a key stale: what is in memory is only served while, or instead of, loading it anew. */
  expire(key: string): Promise<void>;
  /** Forgets everything with this tag, on every level, at once: O(1), whatever the number of keys. */
  deleteTag(tag: string): Promise<void>;
  /** Forgets everything; in a namespace, everything in it. */
  clear(): Promise<void>;
  /** The same cache under a prefix, with a `clear` of its own. */
  namespace<W = V>(name: string): Cache<W>;
  /** Puts entries into memory, giving way now and then; how many. */
  warm(
    source: Iterable<readonly [string, V]> | AsyncIterable<readonly [string, V]>,
    options?: SetOptions,
  ): Promise<number>;
  /** Where a key is, and why it is answered as it is. */
  explain(key: string): Promise<Explanation>;
  /** What is in memory and of use. */
  dump(): CacheDump<V>;
  /** Puts a dump back; time that has passed on the wall clock counts. How many were still fresh. */
  load(dump: CacheDump<V>): number;
  snapshot(): CacheSnapshot;
  /** Tells the tiers what they have yet to be told. */
  flush(): Promise<void>;
  /** Flushes, leaves the bus, aborts loads; afterwards every verb rejects with a `ClosedError`. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

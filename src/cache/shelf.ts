/**
 * What this process holds, and how far it may be believed: the memory table seen through tags, lives
 * and staleness.
 */

import type { Emitter } from '../core/index.ts';
import type { CacheRules } from './cache-options.ts';
import { MemoryTable } from './memory/table.ts';
import type { TagClock, TagMark } from './tag-clock.ts';
import { tagClock } from './tag-clock.ts';
import type { CacheEvents } from './types.ts';

/** A value that is no longer fresh, or is about to be no more. */
export interface Stale<V> {
  readonly value: V | undefined;
  readonly freshUntil: number;
}

/** Draws of XFetch are cut off here, and load times at a tenth of the life: no refresh in its first half. */
const LARGEST_DRAW = 5;
const LOAD_SHARE = 0.1;

export class Shelf<V> {
  readonly table: MemoryTable<V | undefined>;
  readonly clock: TagClock = tagClock();
  /** How long entries are of use after they were fresh, ms. */
  readonly keepMs: number;
  /** Until when nothing is fresh for longer than `busLostTtlMs`: while the bus is lost. */
  bounded = false;
  private readonly rules: CacheRules<V>;
  private readonly lifeRandom: () => number;
  private readonly refreshRandom: () => number;
  private readonly needsLoadMs: boolean;

  constructor(rules: CacheRules<V>, events: Emitter<CacheEvents>) {
    const { memory, runtime, name } = rules;
    this.rules = rules;
    this.keepMs = Math.max(rules.staleWhileRevalidateMs, rules.staleIfErrorMs);
    this.lifeRandom = runtime.random(`${name} jitter`);
    this.refreshRandom = runtime.random(`${name} early refresh`);
    this.needsLoadMs = rules.earlyRefreshBeta > 0 || memory.costAware;
    this.table = new MemoryTable<V | undefined>({
      maxEntries: memory.maxEntries,
      maxWeight: memory.maxWeight,
      weigh: memory.weigh,
      eviction: memory.eviction,
      costAware: memory.costAware,
      keepMs: this.keepMs,
      random: runtime.random(`${name} admission`),
      evicted: (keys) => {
        for (const key of keys) events.emit('eviction', { key });
      },
      isWatched: () => events.has('eviction'),
    });
  }

  /** Shortens a life by the cache's jitter. */
  jittered(ms: number): number {
    const { ttlJitterRatio } = this.rules;
    if (ttlJitterRatio === 0 || ms === Infinity) return ms;
    return ms * (1 - ttlJitterRatio * this.lifeRandom());
  }

  /** The slot of a value that is fresh and not invalidated, or -1. */
  fresh(key: string, now: number): number {
    const slot = this.table.find(key);
    if (slot < 0 || this.table.freshUntilOf(slot) <= now) return -1;
    const mark = this.table.markOf(slot);
    if (mark === undefined || this.clock.isCurrent(mark)) return slot;
    this.table.remove(slot);
    return -1;
  }

  /** What is held and not fresh, or is to be refreshed early; undefined when it is of no use. */
  held(key: string, now: number): Stale<V> | undefined {
    const { table } = this;
    const slot = table.find(key);
    if (slot < 0) return undefined;
    const mark = table.markOf(slot);
    const freshUntil = table.freshUntilOf(slot);
    if (freshUntil + this.keepMs <= now || (mark !== undefined && !this.clock.isCurrent(mark))) {
      table.remove(slot);
      return undefined;
    }
    return { value: table.value(slot), freshUntil };
  }

  /** Keeps a value for no longer than memory's own life. */
  keep(
    key: string,
    value: V | undefined,
    { freshMs, loadMs, mark }: { freshMs: number; loadMs: number; mark: TagMark | undefined },
  ): void {
    const { memory, busLostTtlMs } = this.rules;
    const now = this.rules.runtime.now();
    const longest = this.bounded ? Math.min(memory.ttlMs, busLostTtlMs) : memory.ttlMs;
    const until =
      now + (longest === Infinity ? freshMs : Math.min(freshMs, this.jittered(longest)));
    if (until + this.keepMs <= now) {
      this.forget(key);
      return;
    }
    const cost = this.needsLoadMs ? loadMs : 0;
    const held = { value, freshUntil: until, loadMs: this.refreshable(cost, until - now), mark };
    this.table.put(key, held, now);
  }

  /**
   * XFetch: whether this reader should refresh now, so that with many readers one most likely does
   * before the end (A. Vattani, F. Chierichetti, K. Lowenstein, VLDB 2015).
   *
   * @param draw a number above 0, e-distributed; one per reader
   */
  isDue(freshMs: number, loadMs: number, draw: number): boolean {
    return loadMs * this.rules.earlyRefreshBeta * draw >= freshMs;
  }

  /** −ln of a random number, at most {@link LARGEST_DRAW}. */
  draw(): number {
    return Math.min(LARGEST_DRAW, -Math.log(1 - this.refreshRandom()));
  }

  forget(key: string): void {
    const slot = this.table.find(key);
    if (slot >= 0) this.table.remove(slot);
  }

  expire(key: string, now: number): void {
    const slot = this.table.find(key);
    if (slot >= 0) this.table.expire(slot, now);
  }

  /** Nothing held now counts as fresh any more, nor as fit to be served while another is loaded. */
  distrust(now: number): void {
    this.table.expireAll(now - this.rules.staleWhileRevalidateMs);
  }

  /** With cost-aware admission the load time itself counts; early refresh bounds it. */
  private refreshable(loadMs: number, lifeMs: number): number {
    return this.rules.memory.costAware ? loadMs : Math.min(loadMs, lifeMs * LOAD_SHARE);
  }
}

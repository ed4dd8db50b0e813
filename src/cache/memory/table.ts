/**
 * The memory tier: entries in numbered slots, their times in typed arrays, no object per entry and no
 * timer.
 *
 * An expired entry is dropped when it is read, when a write passes by it (each write looks at two
 * slots), or when room is wanted. Columns that few caches need (weights, tags, load times) are made
 * when the first entry needs them.
 */

import type { Eviction, EvictionPolicy, EvictionSpace } from '../eviction.ts';
import { FIRST_SLOT } from '../eviction.ts';
import { OptionError, xxh32 } from '../../core/index.ts';
import type { TagMark } from '../tag-clock.ts';

/** What a value comes with. Times are on `runtime.now()`'s axis. */
export interface Held<V> {
  readonly value: V;
  readonly freshUntil: number;
  /** How long it took to load, ms; 0 when it was set. */
  readonly loadMs: number;
  readonly mark: TagMark | undefined;
}

/** Bounds and rules of one table. */
export interface TableRules {
  readonly maxEntries: number;
  readonly maxWeight: number;
  readonly weigh: ((value: never, key: string) => number) | undefined;
  readonly eviction: EvictionPolicy;
  readonly costAware: boolean;
  /** How long an entry is of use after it was fresh, ms. */
  readonly keepMs: number;
  readonly random: () => number;
  /** Told of entries that went for want of room, once the table is at rest: it may be written to. */
  readonly evicted: (keys: readonly string[]) => void;
  /** Whether `evicted` is to be called at all. */
  readonly isWatched: () => boolean;
}

const PREALLOCATED = 65_536;
const FIRST_LENGTH = 1_024;
const SWEPT_PER_WRITE = 2;
/** So that a load that took no time still counts for something. */
const LEAST_COST_MS = 0.01;

/** Keys, values and times of one process. */
export class MemoryTable<V> implements EvictionSpace {
  readonly maxEntries: number;
  readonly maxWeight: number;
  readonly random: () => number;
  readonly costAware: boolean;
  evictions = 0;
  /** Sum of weights; the number of entries where they are not weighed. */
  totalWeight = 0;
  private readonly rules: TableRules;
  private readonly order: Eviction;
  private readonly index = new Map<string, number>();
  private readonly free: number[] = [];
  private keys: (string | undefined)[] = [];
  private values: (V | undefined)[] = [];
  private freshUntil = new Float64Array(0);
  private weights: Float64Array<ArrayBuffer> | undefined;
  private loads: Float32Array<ArrayBuffer> | undefined;
  private marks: (TagMark | undefined)[] | undefined;
  private length = FIRST_SLOT;
  private hand = FIRST_SLOT;
  private now = 0;
  /** What `evicted` is to be told after the write under way. */
  private gone: string[] = [];

  constructor(rules: TableRules) {
    this.rules = rules;
    this.maxEntries = rules.maxEntries;
    this.maxWeight = rules.maxWeight;
    this.random = rules.random;
    this.costAware = rules.costAware;
    this.order = rules.eviction.create(this);
    const most = rules.maxEntries + FIRST_SLOT + 1;
    this.reserve(most <= PREALLOCATED ? most : FIRST_LENGTH);
  }

  get size(): number {
    return this.index.size;
  }

  /** The key's slot, or -1. */
  find(key: string): number {
    return this.index.get(key) ?? -1;
  }

  /** Counts a use for the policy. */
  use(slot: number): void {
    this.order.used(slot);
  }

  key(slot: number): string {
    return this.keys[slot] as string;
  }

  value(slot: number): V {
    return this.values[slot] as V;
  }

  freshUntilOf(slot: number): number {
    return this.freshUntil[slot] as number;
  }

  loadMsOf(slot: number): number {
    return this.loads?.[slot] ?? 0;
  }

  markOf(slot: number): TagMark | undefined {
    return this.marks?.[slot];
  }

  /** Keeps a value, and evicts what there is no more room for, perhaps the value itself. */
  put(key: string, held: Held<V>, now: number): void {
    if (this.maxEntries === 0) return;
    this.now = now;
    const weight = this.weighed(key, held.value);
    const known = this.index.get(key);
    if (weight > this.maxWeight) this.turnAway(key, known);
    else if (known === undefined) this.add(key, held, weight);
    else this.rewrite(known, held, weight);
    if (this.gone.length > 0) this.tellEvicted();
  }

  /** Larger than all there is room for: never part of a sum, which it might drown by rounding. */
  private turnAway(key: string, known: number | undefined): void {
    if (known !== undefined) this.remove(known);
    this.evictions++;
    this.noteEvicted(key);
  }

  private rewrite(slot: number, held: Held<V>, weight: number): void {
    const before = this.weight(slot);
    this.fill(slot, held, weight);
    this.totalWeight += weight - before;
    this.order.rewritten(slot, before);
  }

  private add(key: string, held: Held<V>, weight: number): void {
    this.sweep();
    const slot = this.free.pop() ?? this.length++;
    if (slot >= this.freshUntil.length) this.reserve(this.grownLength());
    this.index.set(key, slot);
    this.keys[slot] = key;
    this.fill(slot, held, weight);
    this.totalWeight += weight;
    this.order.added(slot);
  }

  remove(slot: number): void {
    this.order.removed(slot);
    this.vacate(slot);
  }

  /** Makes an entry stale from `at` on, if it is not so already. */
  expire(slot: number, at: number): void {
    if (at < (this.freshUntil[slot] as number)) this.freshUntil[slot] = at;
  }

  /** Makes every entry stale from `at` on. O(entries), some nanoseconds each. */
  expireAll(at: number): void {
    const { freshUntil, length } = this;
    for (let slot = FIRST_SLOT; slot < length; slot++) {
      if (at < (freshUntil[slot] as number)) freshUntil[slot] = at;
    }
  }

  clear(): void {
    this.order.clear();
    this.index.clear();
    this.free.length = 0;
    this.keys.fill(undefined);
    this.values.fill(undefined);
    this.marks?.fill(undefined);
    this.length = this.hand = FIRST_SLOT;
    this.totalWeight = 0;
  }

  /** Slots in use, in the order in which their keys came. */
  slots(): IterableIterator<number> {
    return this.index.values();
  }

  describe(): Readonly<Record<string, number>> {
    return this.order.describe();
  }

  hash(slot: number): number {
    return xxh32(this.keys[slot] as string);
  }

  weight(slot: number): number {
    return this.weights === undefined ? 1 : (this.weights[slot] as number);
  }

  worth(slot: number): number {
    if (!this.costAware) return 1;
    return Math.max(LEAST_COST_MS, this.loadMsOf(slot)) / Math.max(1, this.weight(slot));
  }

  expired(slot: number): boolean {
    return (this.freshUntil[slot] as number) + this.rules.keepMs <= this.now;
  }

  evict(slot: number): void {
    this.evictions++;
    this.noteEvicted(this.keys[slot] as string);
    this.vacate(slot);
  }

  private noteEvicted(key: string): void {
    if (this.rules.isWatched()) this.gone.push(key);
  }

  /** Whoever hears of it may write to this table at once. */
  private tellEvicted(): void {
    const { gone } = this;
    this.gone = [];
    this.rules.evicted(gone);
  }

  private weighed(key: string, value: V): number {
    const { weigh } = this.rules;
    if (weigh === undefined) return 1;
    const weight = weigh(value as never, key);
    if (typeof weight !== 'number' || !(weight >= 0)) {
      throw new OptionError('cache.memory.weigh', `a number of 0 or more for ${key}`, weight);
    }
    this.weights ??= new Float64Array(this.freshUntil.length);
    return weight;
  }

  private fill(slot: number, held: Held<V>, weight: number): void {
    this.values[slot] = held.value;
    this.freshUntil[slot] = held.freshUntil;
    if (this.weights !== undefined) this.weights[slot] = weight;
    if (held.loadMs > 0 && this.loads === undefined) {
      this.loads = new Float32Array(this.freshUntil.length);
    }
    if (this.loads !== undefined) this.loads[slot] = held.loadMs;
    if (held.mark !== undefined) this.marks ??= new Array<undefined>(this.freshUntil.length);
    if (this.marks !== undefined) this.marks[slot] = held.mark;
  }

  private vacate(slot: number): void {
    this.index.delete(this.keys[slot] as string);
    this.totalWeight -= this.weight(slot);
    this.keys[slot] = undefined;
    this.values[slot] = undefined;
    if (this.marks !== undefined) this.marks[slot] = undefined;
    this.free.push(slot);
  }

  /** A hand goes round and drops what has expired, so that memory is given back without a timer. */
  private sweep(): void {
    for (let i = 0; i < SWEPT_PER_WRITE; i++) {
      if (this.hand >= this.length) this.hand = FIRST_SLOT;
      const slot = this.hand++;
      if (this.keys[slot] !== undefined && this.expired(slot)) this.remove(slot);
    }
  }

  private grownLength(): number {
    return Math.min(this.maxEntries + FIRST_SLOT + 1, 2 * this.freshUntil.length);
  }

  private reserve(slots: number): void {
    this.order.reserve(slots);
    this.keys = lengthened(this.keys, slots);
    this.values = lengthened(this.values, slots);
    this.freshUntil = copied(this.freshUntil, new Float64Array(slots));
    if (this.weights) this.weights = copied(this.weights, new Float64Array(slots));
    if (this.loads) this.loads = copied(this.loads, new Float32Array(slots));
    if (this.marks) this.marks = lengthened(this.marks, slots);
  }
}

/** A copy of exactly that length: growing by `push` would keep half as much again in reserve. */
function lengthened<T>(array: readonly T[], length: number): (T | undefined)[] {
  const longer = new Array<T | undefined>(length);
  for (let i = 0; i < array.length; i++) longer[i] = array[i];
  return longer;
}

function copied<A extends { set(from: ArrayLike<number>): void }>(
  from: ArrayLike<number>,
  to: A,
): A {
  to.set(from);
  return to;
}

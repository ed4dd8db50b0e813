/**
 * A cache of nothing but hashes: shows what hit ratio a policy would have, at a fraction of the size.
 *
 * Requests are sampled by key (spatial sampling, C. Waldspurger et al., SHARDS, FAST 2015), and the
 * ghost's capacity is the sampled share of the real one's.
 */

import type { EvictionSpace } from '../eviction.ts';
import { FIRST_SLOT } from '../eviction.ts';
import { SegmentedTinyLfu } from './segments.ts';

/** One W-TinyLFU over hashes. */
export class Ghost implements EvictionSpace {
  readonly maxEntries: number;
  readonly maxWeight: number;
  readonly random: () => number;
  readonly costAware = false;
  /** Requests found since `hits` was last set. */
  hits = 0;
  private readonly slots = new Map<number, number>();
  /** Only where entries are weighed. */
  private readonly weights: number[] | undefined;
  private entering = 0;
  private readonly free: number[] = [];
  private readonly order: SegmentedTinyLfu;
  private length = FIRST_SLOT;
  private reserved = 0;

  constructor(bounds: Pick<EvictionSpace, 'maxEntries' | 'maxWeight' | 'random'>, window: number) {
    this.maxEntries = bounds.maxEntries;
    this.maxWeight = bounds.maxWeight;
    this.random = bounds.random;
    this.weights = bounds.maxWeight === Infinity ? undefined : [];
    this.order = new SegmentedTinyLfu(this, window);
    this.reserve();
  }

  /** One request for the key, by 30 bits of its hash: a hit, or the key is taken in. */
  request(hash: number, weight: number): void {
    const slot = this.slots.get(hash);
    if (slot !== undefined) {
      this.hits++;
      this.order.used(slot);
      return;
    }
    if (weight > this.maxWeight) return;
    const fresh = this.free.pop() ?? this.length++;
    if (fresh >= this.reserved) this.reserve();
    this.entering = hash;
    if (this.weights !== undefined) this.weights[fresh] = weight;
    this.slots.set(hash, fresh);
    this.order.added(fresh);
  }

  hash(): number {
    return this.entering;
  }

  weight(slot: number): number {
    return this.weights === undefined ? 1 : (this.weights[slot] as number);
  }

  worth(): number {
    return 1;
  }

  expired(): boolean {
    return false;
  }

  evict(slot: number): void {
    this.slots.delete(this.order.hash(slot));
    this.free.push(slot);
  }

  private reserve(): void {
    this.reserved = Math.max(64, 2 * this.reserved);
    this.order.reserve(this.reserved);
  }
}

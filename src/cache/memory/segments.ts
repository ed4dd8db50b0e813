/**
 * W-TinyLFU: a small window of newcomers before a main part that only lets in what is used more often
 * than what it would drive out.
 *
 * Source: G. Einziger, R. Friedman, B. Manes, TinyLFU, ACM ToS 2017; details after Caffeine (window
 * LRU; main part a segmented LRU with 80 % protected; a candidate of frequency 6 or more is let in at
 * random once in 128 times, against floods of colliding hashes). Deviations: the share of the window
 * can change while in use, and settles as entries come; expired entries go first; a candidate and a
 * victim may be compared by worth (cost to get again over weight) times frequency.
 */

import type { Eviction, EvictionSpace } from '../eviction.ts';
import { frequencySketch, powerOfTwo } from './sketch.ts';
import type { FrequencySketch } from './sketch.ts';
import { SlotLists } from './slot-lists.ts';

const WINDOW = 0;
const PROBATION = 1;
const PROTECTED = 2;
const PROTECTED_RATIO = 0.8;
const FLOOD_FREQUENCY = 6;
const FLOOD_CHANCE = 1 / 128;
/** Entries that leave a window too large, per entry that comes: a change of share is no pause. */
const MOVES_PER_ENTRY = 8;
/** Entries for which the sketch has room from the start: a large bound costs nothing while it is far. */
const FIRST_SKETCH = 2 ** 20;
/** Oldest entries among which the least worthy is sought. */
const COMPARED = 8;

/** W-TinyLFU with a window share that can be changed. */
export class SegmentedTinyLfu implements Eviction {
  private readonly space: EvictionSpace;
  private readonly lists = new SlotLists();
  private readonly sketch: FrequencySketch;
  /** Capacity in weights, or in entries where they are not weighed. */
  private readonly capacity: number;
  private readonly weighs: boolean;
  /** Whether the sketch grows as entries come. */
  private readonly learns: boolean;
  private windowMax = 0;
  private protectedMax = 0;
  private total = 0;
  private windowWeight = 0;
  private protectedWeight = 0;
  private entries = 0;

  constructor(space: EvictionSpace, windowRatio: number) {
    this.space = space;
    this.weighs = space.maxWeight !== Infinity;
    this.capacity = this.weighs ? space.maxWeight : space.maxEntries;
    this.learns = this.weighs || this.capacity > FIRST_SKETCH;
    this.sketch = frequencySketch(this.weighs ? 0 : Math.min(this.capacity, FIRST_SKETCH));
    this.setWindow(windowRatio);
  }

  /** Changes the window's share, 0–1; entries move over as others come. */
  setWindow(ratio: number): void {
    const least = this.weighs ? 0 : 1;
    const window = Math.max(
      least,
      this.weighs ? this.capacity * ratio : Math.round(this.capacity * ratio),
    );
    this.windowMax = Math.min(window, this.capacity);
    this.protectedMax = Math.floor((this.capacity - this.windowMax) * PROTECTED_RATIO);
  }

  used(slot: number): void {
    const { lists } = this;
    this.sketch.increment(lists.hash(slot));
    const list = lists.listOf(slot);
    if (list !== PROBATION) {
      lists.move(list, slot);
      return;
    }
    lists.move(PROTECTED, slot);
    this.protectedWeight += this.space.weight(slot);
    this.demote();
  }

  /** The hash of the key in a slot, kept beside its links. */
  hash(slot: number): number {
    return this.lists.hash(slot);
  }

  added(slot: number): void {
    const weight = this.space.weight(slot);
    this.entries++;
    if (this.learns) this.learnCapacity();
    this.lists.enter(WINDOW, slot, this.space.hash(slot));
    this.sketch.increment(this.lists.hash(slot));
    this.windowWeight += weight;
    this.total += weight;
    this.settle();
  }

  rewritten(slot: number, weightBefore: number): void {
    const change = this.space.weight(slot) - weightBefore;
    if (change === 0) {
      this.used(slot);
      return;
    }
    const list = this.lists.listOf(slot);
    this.total += change;
    if (list === WINDOW) this.windowWeight += change;
    if (list === PROTECTED) this.protectedWeight += change;
    this.used(slot);
    this.settle();
  }

  removed(slot: number): void {
    const weight = this.space.weight(slot);
    const list = this.lists.listOf(slot);
    this.lists.unlink(slot);
    this.total -= weight;
    this.entries--;
    if (list === WINDOW) this.windowWeight -= weight;
    if (list === PROTECTED) this.protectedWeight -= weight;
  }

  reserve(slots: number): void {
    this.lists.reserve(slots);
  }

  clear(): void {
    this.lists.clear();
    this.sketch.clear();
    this.total = this.windowWeight = this.protectedWeight = this.entries = 0;
  }

  describe(): Readonly<Record<string, number>> {
    return { windowRatio: this.capacity === 0 ? 0 : this.windowMax / this.capacity };
  }

  /** Where only weight is bounded, or the bound is far away, the number of entries is learnt as they come. */
  private learnCapacity(): void {
    if (
      (this.entries & (this.entries - 1)) === 0 &&
      (this.weighs || this.entries >= FIRST_SKETCH)
    ) {
      this.sketch.ensureCapacity(powerOfTwo(this.entries) * 2);
    }
  }

  private demote(): void {
    while (this.protectedWeight > this.protectedMax) {
      const slot = this.lists.oldest(PROTECTED);
      if (slot === PROTECTED) return;
      this.lists.move(PROBATION, slot);
      this.protectedWeight -= this.space.weight(slot);
    }
  }

  /** Moves what the window has no room for into the main part, and evicts down to the capacity. */
  private settle(): void {
    const { lists } = this;
    let candidate = PROBATION as number;
    for (let moves = 0; this.windowWeight > this.windowMax && moves < MOVES_PER_ENTRY; moves++) {
      const slot = lists.oldest(WINDOW);
      if (slot === WINDOW) break;
      lists.move(PROBATION, slot);
      this.windowWeight -= this.space.weight(slot);
      if (candidate === PROBATION) candidate = slot;
    }
    while (this.total > this.capacity && this.entries > 0) candidate = this.contest(candidate);
  }

  /**
   * Evicts one entry, and returns the next candidate.
   *
   * @param candidate first of those that came from the window, or the head when none is left
   */
  private contest(candidate: number): number {
    const { lists } = this;
    const victim = this.victim();
    if (victim === PROBATION) {
      const other = lists.oldest(PROTECTED);
      this.drop(other === PROTECTED ? lists.oldest(WINDOW) : other);
      return PROBATION;
    }
    if (candidate === PROBATION) {
      this.drop(victim);
      return PROBATION;
    }
    const next = lists.after(candidate);
    if (candidate === victim || this.wins(candidate, victim)) {
      this.drop(victim);
    } else {
      this.drop(candidate);
    }
    return next;
  }

  /** The oldest of probation; where entries differ in worth, the least worthy of the oldest few. */
  private victim(): number {
    const { lists, space } = this;
    const oldest = lists.oldest(PROBATION);
    if (!space.costAware) return oldest;
    let least = oldest;
    let leastWorth = Infinity;
    let slot = oldest;
    for (let i = 0; i < COMPARED && slot !== PROBATION; i++, slot = lists.after(slot)) {
      const worth = this.worthOf(slot);
      if (worth < leastWorth) {
        least = slot;
        leastWorth = worth;
      }
    }
    return least;
  }

  private worthOf(slot: number): number {
    return this.sketch.frequency(this.lists.hash(slot)) * this.space.worth(slot);
  }

  private wins(candidate: number, victim: number): boolean {
    const { space, sketch, lists } = this;
    if (space.expired(victim)) return true;
    const arrived = sketch.frequency(lists.hash(candidate));
    const present = sketch.frequency(lists.hash(victim));
    if (arrived * space.worth(candidate) > present * space.worth(victim)) return true;
    return arrived >= FLOOD_FREQUENCY && space.random() < FLOOD_CHANCE;
  }

  private drop(slot: number): void {
    this.removed(slot);
    this.space.evict(slot);
  }
}

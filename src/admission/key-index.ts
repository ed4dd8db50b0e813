/**
 * Rows by key in typed arrays: an open hash table of row numbers, and by row the hash and the bytes of
 * its key. About 30 bytes a key that has ten characters, where a Map of strings takes 130.
 *
 * The hash is multiplied by a number that is drawn per table, so that nobody can choose keys that
 * collide. Linear probing, at most half full; rows are dense, the last one fills a gap.
 */

import { KeyBytes } from './key-bytes.ts';

const FIRST_ROWS = 64;
const SLOTS_PER_ROW = 2;

export class KeyIndex {
  /** Rows in use: 1 to `size`. Row 0 is nobody's. */
  size = 0;
  /** Rows there is room for, row 0 included. */
  capacity: number = FIRST_ROWS;
  private slots = new Uint32Array(FIRST_ROWS * SLOTS_PER_ROW);
  private hashes = new Uint32Array(FIRST_ROWS);
  private offsets = new Uint32Array(FIRST_ROWS);
  private readonly bytes = new KeyBytes();
  private readonly seed: number;
  private readonly factor: number;

  constructor(random: () => number) {
    this.seed = (random() * 2 ** 32) | 0;
    this.factor = ((random() * 2 ** 32) | 1) >>> 0;
    this.offsets[0] = this.bytes.add('');
  }

  /** The row of `key`, 0 when it has none. */
  find(key: string): number {
    const { slots, hashes, offsets, bytes } = this;
    const hash = this.hash(key);
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const row = slots[slot] as number;
      if (row === 0) return 0;
      if (hashes[row] === hash && bytes.holds(key, offsets[row] as number)) return row;
    }
  }

  /** Gives `key`, which has none, the row after the last; there must be room. */
  add(key: string): number {
    const row = ++this.size;
    this.hashes[row] = this.hash(key);
    this.offsets[row] = this.bytes.add(key);
    this.place(row);
    return row;
  }

  keyOf(row: number): string {
    return this.bytes.keyAt(this.offsets[row] as number);
  }

  /** Forgets the key of `row`; the last row becomes this one. Answers which was the last. */
  remove(row: number): number {
    const last = this.size--;
    this.vacate(row);
    this.bytes.drop(this.offsets[row] as number);
    if (row !== last) {
      this.slots[this.slotOf(last)] = row;
      this.hashes[row] = this.hashes[last] as number;
      this.offsets[row] = this.offsets[last] as number;
    }
    if (this.bytes.isWasteful) this.bytes.compact(this.offsets, this.size + 1);
    return last;
  }

  /** Makes room for so many rows, a power of two. */
  resize(capacity: number): void {
    this.capacity = capacity;
    this.hashes = resized(this.hashes, capacity, this.size + 1);
    this.offsets = resized(this.offsets, capacity, this.size + 1);
    this.slots = new Uint32Array(capacity * SLOTS_PER_ROW);
    for (let row = 1; row <= this.size; row++) this.place(row);
  }

  private hash(key: string): number {
    const { factor } = this;
    let hash = this.seed;
    for (let i = 0; i < key.length; i++) {
      hash = Math.imul(hash ^ key.charCodeAt(i), factor);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash, 0x85eb_ca6b);
    return (hash ^ (hash >>> 13)) >>> 0;
  }

  private place(row: number): void {
    const { slots } = this;
    const mask = slots.length - 1;
    let slot = (this.hashes[row] as number) & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = row;
  }

  private slotOf(row: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    let slot = (this.hashes[row] as number) & mask;
    while (slots[slot] !== row) slot = (slot + 1) & mask;
    return slot;
  }

  /** Frees the slot of `row`, and moves those behind it that could lie nearer to where they belong. */
  private vacate(row: number): void {
    const { slots, hashes } = this;
    const mask = slots.length - 1;
    let gap = this.slotOf(row);
    for (let slot = (gap + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = (hashes[slots[slot] as number] as number) & mask;
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
      slots[gap] = slots[slot] as number;
      gap = slot;
    }
    slots[gap] = 0;
  }
}

function resized(from: Uint32Array, length: number, used: number): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(length);
  to.set(from.subarray(0, used));
  return to;
}

/**
 * A stable min-heap: smallest key first, and among equal keys first in, first out.
 *
 * Every waiting thing in the library (an alarm, a queued task, a deadline) sits in one of these, so a
 * push and a pop must cost tens of nanoseconds and allocate nothing. It is the implicit d-ary heap of
 * D. B. Johnson ("Priority queues with update and finding minimum spanning trees", IPL 4(3), 1975)
 * with d = 4, kept in typed arrays. Our deviations: an insertion sequence breaks ties, entries carry
 * small integer ids so that they can be found again, and the first of four children is found without
 * branches.
 */

/** A stable min-heap of ids, for callers that keep what an id stands for in arrays of their own. */
export interface IdHeap {
  /** How many entries are in the heap. */
  readonly size: number;
  /**
   * Adds an entry and returns its id. O(log n).
   *
   * Ids are small non-negative integers, never more than the largest size reached so far; the id
   * freed last is handed out first, so an id means nothing once its entry has left.
   * @throws RangeError when the key is NaN, which has no place in any order.
   */
  push(key: number): number;
  /** Takes an entry out by id; false when no such entry is in the heap. O(log n). */
  remove(id: number): boolean;
  /**
   * Gives an entry another key; false when no such entry is in the heap. O(log n).
   *
   * Among equals it keeps the rank of its insertion. To go behind them, remove it and push again.
   * @throws RangeError when the key is NaN.
   */
  update(id: number, key: number): boolean;
  /** The id of the first entry, or -1 when the heap is empty. */
  peekId(): number;
  /** The key of the first entry, or Infinity when the heap is empty. */
  peekKey(): number;
  /** Takes the first entry out and returns its id, or -1 when the heap is empty. O(log n). */
  pop(): number;
  /** Whether an entry with this id is in the heap. */
  has(id: number): boolean;
  /** The key of an entry, or NaN when no such entry is in the heap. */
  keyOf(id: number): number;
  /** Takes everything out and forgets all ids; the memory is kept. */
  clear(): void;
}

/**
 * An empty heap of ids with room for `capacity` entries (a positive integer, default 64) before it first
 * grows; it grows by doubling.
 *
 * ```ts
 * import { idHeap } from 'tenfold/core';
 *
 * const heap = idHeap();
 * const id = heap.push(250);
 * heap.push(100);
 * heap.remove(id); // true
 * heap.peekKey(); // 100
 * ```
 */
export function idHeap(capacity = 64): IdHeap {
  return new TypedHeap(capacity);
}

/** The children of position p are 4p+1 … 4p+4, read as a group even where the heap ends inside it. */
const GROUP = 4;

class TypedHeap implements IdHeap {
  size = 0;
  /** Key and insertion sequence by position. From `size` on both are Infinity, so that the group round
   * the end can be compared whole: an empty place never comes before an entry. */
  private keys: Float64Array;
  private sequences: Float64Array;
  /** Id by position. */
  private ids: Int32Array;
  /** By id: its position while it is in the heap; else -2 - next, next being the next free id or -1. */
  private places: Int32Array;
  private freeId = -1;
  private issuedIds = 0;
  private nextSequence = 0;

  constructor(capacity: number) {
    const length = Math.max(1, capacity) + GROUP;
    this.keys = new Float64Array(length).fill(Infinity);
    this.sequences = new Float64Array(length).fill(Infinity);
    this.ids = new Int32Array(length);
    this.places = new Int32Array(length);
  }

  push(key: number): number {
    if (key !== key) throw new RangeError('a heap key must not be NaN');
    const position = this.size;
    if (position + GROUP >= this.ids.length) this.grow();
    let id = this.freeId;
    if (id === -1) id = this.issuedIds++;
    else this.freeId = -2 - this.places[id]!;
    this.size = position + 1;
    this.rise(position, id, key, this.nextSequence++);
    return id;
  }

  remove(id: number): boolean {
    if (!this.has(id)) return false;
    this.takeOut(this.places[id]!, id);
    return true;
  }

  update(id: number, key: number): boolean {
    if (key !== key) throw new RangeError('a heap key must not be NaN');
    if (!this.has(id)) return false;
    const position = this.places[id]!;
    if (this.keys[position] === key) return true;
    this.settle(position, id, key, this.sequences[position]!);
    return true;
  }

  peekId(): number {
    return this.size === 0 ? -1 : this.ids[0]!;
  }

  peekKey(): number {
    return this.keys[0]!;
  }

  pop(): number {
    if (this.size === 0) return -1;
    const id = this.ids[0]!;
    this.takeOut(0, id);
    return id;
  }

  has(id: number): boolean {
    return id >= 0 && id < this.issuedIds && this.places[id]! >= 0;
  }

  keyOf(id: number): number {
    return this.has(id) ? this.keys[this.places[id]!]! : NaN;
  }

  clear(): void {
    this.keys.fill(Infinity, 0, this.size);
    this.sequences.fill(Infinity, 0, this.size);
    this.size = 0;
    this.freeId = -1;
    this.issuedIds = 0;
    this.nextSequence = 0;
  }

  /** Frees the id and closes the hole at its position with the last entry. */
  private takeOut(position: number, id: number): void {
    const { keys, sequences } = this;
    const last = this.size - 1;
    const key = keys[last]!;
    const sequence = sequences[last]!;
    keys[last] = Infinity;
    sequences[last] = Infinity;
    this.size = last;
    this.places[id] = -2 - this.freeId;
    this.freeId = id;
    if (position === last) return;
    if (position === 0) this.sink(0, this.ids[last]!, key, sequence);
    else this.settle(position, this.ids[last]!, key, sequence);
  }

  /** Puts an entry at a vacant position, or above or below it. */
  private settle(vacant: number, id: number, key: number, sequence: number): void {
    const parent = (vacant - 1) >> 2;
    if (vacant > 0 && key <= this.keys[parent]!) this.rise(vacant, id, key, sequence);
    else this.sink(vacant, id, key, sequence);
  }

  /** Puts an entry at a vacant position or above it, moving later parents down. */
  private rise(vacant: number, id: number, key: number, sequence: number): void {
    const { keys, sequences, ids, places } = this;
    let hole = vacant;
    while (hole > 0) {
      const parent = (hole - 1) >> 2;
      const parentKey = keys[parent]!;
      const parentSequence = sequences[parent]!;
      if (parentKey < key || (parentKey === key && parentSequence < sequence)) break;
      const parentId = ids[parent]!;
      keys[hole] = parentKey;
      sequences[hole] = parentSequence;
      ids[hole] = parentId;
      places[parentId] = hole;
      hole = parent;
    }
    keys[hole] = key;
    sequences[hole] = sequence;
    ids[hole] = id;
    places[id] = hole;
  }

  /** Puts an entry at a vacant position or below it, moving the first of the children up. */
  private sink(vacant: number, id: number, key: number, sequence: number): void {
    const { keys, sequences, ids, places, size } = this;
    let hole = vacant;
    for (let group = 4 * hole + 1; group < size; group = 4 * hole + 1) {
      const first = firstOfGroup(keys, sequences, group);
      const firstKey = keys[first]!;
      const firstSequence = sequences[first]!;
      if (key < firstKey || (key === firstKey && sequence < firstSequence)) break;
      const firstId = ids[first]!;
      keys[hole] = firstKey;
      sequences[hole] = firstSequence;
      ids[hole] = firstId;
      places[firstId] = hole;
      hole = first;
    }
    keys[hole] = key;
    sequences[hole] = sequence;
    ids[hole] = id;
    places[id] = hole;
  }

  private grow(): void {
    const length = 2 * this.ids.length;
    this.keys = widened(this.keys, new Float64Array(length).fill(Infinity));
    this.sequences = widened(this.sequences, new Float64Array(length).fill(Infinity));
    this.ids = widened(this.ids, new Int32Array(length));
    this.places = widened(this.places, new Int32Array(length));
  }
}

/**
 * Which of the four children in a group comes first.
 *
 * Each comparison is turned into 0 or 1 and added to a position, without a branch: which child is
 * first is a toss-up that the processor would mispredict, which costs more than all the arithmetic
 * here.
 */
function firstOfGroup(keys: Float64Array, sequences: Float64Array, group: number): number {
  const left = group + comesFirst(keys, sequences, group + 1, group);
  const right = group + 2 + comesFirst(keys, sequences, group + 3, group + 2);
  return left + (right - left) * comesFirst(keys, sequences, right, left);
}

/** 1 when the entry at `position` comes before the one at `other`, else 0. */
function comesFirst(
  keys: Float64Array,
  sequences: Float64Array,
  position: number,
  other: number,
): number {
  const key = keys[position]!;
  const otherKey = keys[other]!;
  const earlier = +(sequences[position]! < sequences[other]!);
  return +(key < otherKey) | (+(key === otherKey) & earlier);
}

function widened<A extends Float64Array | Int32Array>(array: A, wider: A): A {
  wider.set(array);
  return wider;
}

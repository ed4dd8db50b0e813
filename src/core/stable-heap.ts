/**
 * A stable min-heap of values: an id heap and one array that keeps each value under its id.
 *
 * A hot path whose entries already live in arrays takes {@link idHeap} and skips the second array.
 */
import { idHeap, type IdHeap } from './id-heap.ts';

export { idHeap, type IdHeap };

/** A stable min-heap of values of any type. */
export interface StableHeap<T> {
  /** How many values are in the heap. */
  readonly size: number;
  /**
   * Adds a value and returns the id to find it by while it is in the heap. O(log n).
   * @throws RangeError when the key is NaN.
   */
  push(key: number, value: T): number;
  /** Takes a value out by id and returns it, or undefined when no such entry is in the heap. O(log n). */
  remove(id: number): T | undefined;
  /**
   * Gives a value another key and keeps its rank among equals; false when it is not there. O(log n).
   * @throws RangeError when the key is NaN.
   */
  update(id: number, key: number): boolean;
  /** The first value, or undefined when the heap is empty. */
  peek(): T | undefined;
  /** The key of the first value, or Infinity when the heap is empty. */
  peekKey(): number;
  /** Takes the first value out, or undefined when the heap is empty. O(log n). */
  pop(): T | undefined;
  /** Whether an entry with this id is in the heap. */
  has(id: number): boolean;
  /** Takes everything out and keeps hold of no value. */
  clear(): void;
  /** Every value, in no order. O(n). */
  values(): T[];
}

/**
 * An empty heap of values.
 *
 * ```ts
 * import { stableHeap } from 'tenfold/core';
 *
 * const heap = stableHeap<string>();
 * const id = heap.push(250, 'later');
 * heap.push(100, 'sooner');
 * heap.pop(); // 'sooner'
 * heap.remove(id); // 'later'
 * ```
 */
export function stableHeap<T>(): StableHeap<T> {
  return new ValueHeap<T>();
}

class ValueHeap<T> implements StableHeap<T> {
  private readonly heap: IdHeap = idHeap();
  private held: (T | undefined)[] = [];

  get size(): number {
    return this.heap.size;
  }

  push(key: number, value: T): number {
    const id = this.heap.push(key);
    this.held[id] = value;
    return id;
  }

  remove(id: number): T | undefined {
    return this.heap.remove(id) ? this.release(id) : undefined;
  }

  update(id: number, key: number): boolean {
    return this.heap.update(id, key);
  }

  peek(): T | undefined {
    const id = this.heap.peekId();
    return id === -1 ? undefined : this.held[id];
  }

  peekKey(): number {
    return this.heap.peekKey();
  }

  pop(): T | undefined {
    const id = this.heap.pop();
    return id === -1 ? undefined : this.release(id);
  }

  has(id: number): boolean {
    return this.heap.has(id);
  }

  values(): T[] {
    return this.held.filter((_value, id) => this.heap.has(id)) as T[];
  }

  clear(): void {
    this.heap.clear();
    this.held = [];
  }

  /** Empties the slot, so that a value that has left is not kept alive. */
  private release(id: number): T | undefined {
    const value = this.held[id];
    this.held[id] = undefined;
    return value;
  }
}

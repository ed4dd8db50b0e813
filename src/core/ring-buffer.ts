/**
 * A double-ended queue in a ring: every operation at either end is O(1), where `Array.shift` moves or
 * re-slices all that is left. The capacity is a power of two, so that a position wraps by a mask.
 */

/** A first-in-first-out queue that can also be used from its other end. */
export interface RingBuffer<T> {
  /** How many items it holds. */
  readonly size: number;
  /** Adds an item at the back. Amortised O(1): the ring doubles when it is full. */
  push(item: T): void;
  /** Takes the item at the front, or answers undefined when there is none. */
  shift(): T | undefined;
  /** Adds an item at the front. Amortised O(1). */
  unshift(item: T): void;
  /** Takes the item at the back, or answers undefined when there is none. */
  pop(): T | undefined;
  /** The item at the front, left where it is. */
  peek(): T | undefined;
  /** The item `index` places behind the front; undefined outside 0 … size - 1. */
  at(index: number): T | undefined;
  /** Lets go of all items, and of the memory they made the ring grow to. */
  clear(): void;
}

/** An empty ring buffer; items that have left it are not kept alive. */
export function ringBuffer<T>(): RingBuffer<T> {
  return new Ring<T>();
}

const SMALLEST = 16;

class Ring<T> implements RingBuffer<T> {
  size = 0;
  /** Length is a power of two; places outside the items are undefined. */
  private items: (T | undefined)[] = emptied<T>(SMALLEST);
  private front = 0;

  push(item: T): void {
    if (this.size === this.items.length) this.grow();
    this.items[(this.front + this.size) & (this.items.length - 1)] = item;
    this.size++;
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const { front, items } = this;
    const item = items[front];
    items[front] = undefined;
    this.front = (front + 1) & (items.length - 1);
    this.size--;
    return item;
  }

  unshift(item: T): void {
    if (this.size === this.items.length) this.grow();
    this.front = (this.front - 1) & (this.items.length - 1);
    this.items[this.front] = item;
    this.size++;
  }

  pop(): T | undefined {
    if (this.size === 0) return undefined;
    this.size--;
    const back = (this.front + this.size) & (this.items.length - 1);
    const item = this.items[back];
    this.items[back] = undefined;
    return item;
  }

  peek(): T | undefined {
    return this.items[this.front];
  }

  at(index: number): T | undefined {
    if (!(index >= 0 && index < this.size)) return undefined;
    return this.items[(this.front + index) & (this.items.length - 1)];
  }

  clear(): void {
    this.items = emptied<T>(SMALLEST);
    this.front = 0;
    this.size = 0;
  }

  private grow(): void {
    const { items, front } = this;
    const wider = emptied<T>(2 * items.length);
    for (let index = 0; index < items.length; index++) {
      wider[index] = items[(front + index) & (items.length - 1)];
    }
    this.items = wider;
    this.front = 0;
  }
}

function emptied<T>(length: number): (T | undefined)[] {
  return new Array<T | undefined>(length).fill(undefined);
}

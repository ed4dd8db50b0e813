/**
 * Doubly linked lists over slot numbers, in two typed arrays: eight bytes an entry, no objects.
 *
 * Numbers 0, 1 and 2 are the heads of three lists; a list is a ring through its head. The entry after
 * the head was used least recently, the one before it most recently.
 */

/** Three lists of slots that share their links. A slot is on one list at most. */
export class SlotLists {
  private next = new Int32Array(0);
  private previous = new Int32Array(0);

  /** Makes room for slot numbers below `slots`. */
  reserve(slots: number): void {
    if (slots <= this.next.length) return;
    const first = this.next.length === 0;
    this.next = grown(this.next, slots);
    this.previous = grown(this.previous, slots);
    if (first) this.clear();
  }

  /** Least recently used slot of the list, or the head itself when the list is empty. */
  oldest(head: number): number {
    return this.next[head] as number;
  }

  newest(head: number): number {
    return this.previous[head] as number;
  }

  /** The next more recently used slot, or the head. */
  after(slot: number): number {
    return this.next[slot] as number;
  }

  before(slot: number): number {
    return this.previous[slot] as number;
  }

  /** Puts the slot, which is on no list, at the list's recent end. */
  append(head: number, slot: number): void {
    const { next, previous } = this;
    const last = previous[head] as number;
    next[last] = slot;
    previous[slot] = last;
    next[slot] = head;
    previous[head] = slot;
  }

  unlink(slot: number): void {
    const { next, previous } = this;
    const before = previous[slot] as number;
    const after = next[slot] as number;
    next[before] = after;
    previous[after] = before;
  }

  clear(): void {
    for (let head = 0; head < 3; head++) {
      this.next[head] = head;
      this.previous[head] = head;
    }
  }
}

function grown(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(length);
  longer.set(array);
  return longer;
}

/**
 * Doubly linked lists over slot numbers, in one typed array: no object per entry, and all that a policy
 * touches of an entry lies in one cache line.
 *
 * Numbers 0, 1 and 2 are the heads of three lists; a list is a ring through its head. The entry after
 * the head was used least recently, the one before it most recently.
 */

const NEXT = 0;
const PREVIOUS = 1;
const HASH_AND_LIST = 2;
const WORDS = 3;
const HEADS = 3;

/** Three lists of slots, each slot with the hash of its key. A slot is on one list at most. */
export class SlotLists {
  /** Three words a slot: next, previous, and 30 bits of hash over 2 bits of list. */
  private words = new Int32Array(0);

  /** Makes room for slot numbers below `slots`. */
  reserve(slots: number): void {
    if (slots * WORDS <= this.words.length) return;
    const longer = new Int32Array(slots * WORDS);
    longer.set(this.words);
    const first = this.words.length === 0;
    this.words = longer;
    if (first) this.clear();
  }

  /** Least recently used slot of the list, or the head itself when the list is empty. */
  oldest(head: number): number {
    return this.words[head * WORDS] as number;
  }

  /** The next more recently used slot, or the head. */
  after(slot: number): number {
    return this.words[slot * WORDS] as number;
  }

  /** The low 30 bits of the hash the slot entered with. */
  hash(slot: number): number {
    return (this.words[slot * WORDS + HASH_AND_LIST] as number) >>> 2;
  }

  /** The head of the list that the slot is on, or was on last. */
  listOf(slot: number): number {
    return (this.words[slot * WORDS + HASH_AND_LIST] as number) & 3;
  }

  /** Puts a new slot at a list's recent end. */
  enter(head: number, slot: number, hash: number): void {
    this.words[slot * WORDS + HASH_AND_LIST] = hash << 2;
    this.append(head, slot);
  }

  /** Moves a slot to a list's recent end. */
  move(head: number, slot: number): void {
    this.unlink(slot);
    this.append(head, slot);
  }

  unlink(slot: number): void {
    const { words } = this;
    const at = slot * WORDS;
    const before = words[at + PREVIOUS] as number;
    const after = words[at + NEXT] as number;
    words[before * WORDS + NEXT] = after;
    words[after * WORDS + PREVIOUS] = before;
  }

  clear(): void {
    for (let head = 0; head < HEADS; head++) {
      this.words[head * WORDS + NEXT] = head;
      this.words[head * WORDS + PREVIOUS] = head;
    }
  }

  private append(head: number, slot: number): void {
    const { words } = this;
    const at = slot * WORDS;
    const last = words[head * WORDS + PREVIOUS] as number;
    words[last * WORDS + NEXT] = slot;
    words[at + PREVIOUS] = last;
    words[at + NEXT] = head;
    words[at + HASH_AND_LIST] = ((words[at + HASH_AND_LIST] as number) & ~3) | head;
    words[head * WORDS + PREVIOUS] = slot;
  }
}

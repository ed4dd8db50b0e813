/**
 * One lane: first come, first served, by a rank that an entry keeps for life.
 *
 * New arrivals have the greatest rank and are hung on the end of a linked list. An entry that comes
 * back with an old rank (its priority was changed, it was preempted, it is tried again) goes into a
 * small heap beside the list and so takes its old place, in `O(log n)`, not the place behind
 * everybody.
 */

import type { StableHeap } from '../core/index.ts';
import { stableHeap } from '../core/index.ts';

/** Something that can wait in line. The links belong to the lane it stands in. */
export interface Entry {
  /** Greater is more urgent. */
  priority: number;
  /** Rank of arrival: 1, 2, 3, … */
  readonly rank: number;
  /** When it arrived, in ms. */
  readonly arrivedAt: number;
  lane: Lane | undefined;
  previous: Entry | undefined;
  next: Entry | undefined;
  /** Id in the heap of those that came back; -1 in the list. */
  place: number;
}

/** Entries in order of rank. Push, shift and remove are O(1) in the list, `O(log n)` beside it. */
export class Lane {
  readonly priority: number;
  size = 0;
  private first: Entry | undefined = undefined;
  private last: Entry | undefined = undefined;
  private returned: StableHeap<Entry> | undefined = undefined;

  constructor(priority: number) {
    this.priority = priority;
  }

  push(entry: Entry): void {
    entry.lane = this;
    this.size++;
    const { last } = this;
    if (last !== undefined && last.rank > entry.rank) {
      this.returned ??= stableHeap<Entry>();
      entry.place = this.returned.push(entry.rank, entry);
      return;
    }
    entry.previous = last;
    if (last === undefined) this.first = entry;
    else last.next = entry;
    this.last = entry;
  }

  peek(): Entry | undefined {
    const back = this.returned?.peek();
    if (back === undefined) return this.first;
    return this.first === undefined || back.rank < this.first.rank ? back : this.first;
  }

  remove(entry: Entry): void {
    this.size--;
    entry.lane = undefined;
    if (entry.place >= 0) {
      this.returned?.remove(entry.place);
      entry.place = -1;
      return;
    }
    const { previous, next } = entry;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.last = previous;
    else next.previous = previous;
    entry.previous = undefined;
    entry.next = undefined;
  }
}

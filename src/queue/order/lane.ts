/**
 * A lane: first come, first served, by a rank that an entry keeps for life.
 *
 * New arrivals have the greatest rank and are hung on the end of a linked list. An entry that comes
 * back with an old rank (its priority was changed, it was preempted, it is tried again) goes into a
 * heap beside the list and so takes its old place, not the place behind everybody.
 */

import type { StableHeap } from '../../core/index.ts';
import { stableHeap } from '../../core/index.ts';
import type { Entry, EntryLane } from './entry.ts';
import { Place } from './place.ts';
import { PositionIndex } from './position-index.ts';

/** How the lanes of one order serve; shared by all of them. */
export interface Discipline {
  /** True while newest goes first: the answer to a standing queue, where the oldest are lost. */
  isNewestFirst: boolean;
}

/** Entries by rank. Push, shift and remove are O(1) in the list, `O(log n)` beside it. */
export class Lane extends Place implements EntryLane {
  private readonly discipline: Discipline;
  private first: Entry | undefined = undefined;
  private end: Entry | undefined = undefined;
  private returned: StableHeap<Entry> | undefined = undefined;
  private index: PositionIndex | undefined = undefined;

  constructor(discipline: Discipline) {
    super();
    this.discipline = discipline;
  }

  get isOpen(): boolean {
    return this.size > 0;
  }

  push(entry: Entry): void {
    entry.lane = this;
    this.size++;
    const { end } = this;
    if (end !== undefined && end.rank > entry.rank) {
      this.returned ??= stableHeap<Entry>();
      entry.returnId = this.returned.push(entry.rank, entry);
    } else {
      entry.previous = end;
      if (end === undefined) this.first = entry;
      else end.next = entry;
      this.end = entry;
    }
    if (this.index !== undefined) this.count(entry, 1);
    this.tell(1);
  }

  peek(): Entry | undefined {
    return this.discipline.isNewestFirst && this.end !== undefined ? this.end : this.oldest;
  }

  get oldest(): Entry | undefined {
    const { first } = this;
    const back = this.returned?.peek();
    if (back === undefined) return first;
    return first === undefined || back.rank < first.rank ? back : first;
  }

  last(): Entry | undefined {
    if (this.discipline.isNewestFirst) return this.first ?? this.returned?.peek();
    let last = this.end;
    for (const entry of this.returned?.values() ?? []) {
      if (last === undefined || entry.rank > last.rank) last = entry;
    }
    return last;
  }

  remove(entry: Entry): void {
    this.size--;
    entry.lane = undefined;
    if (entry.returnId >= 0) {
      this.returned?.remove(entry.returnId);
      entry.returnId = -1;
    } else {
      this.unlink(entry);
    }
    if (this.index !== undefined) this.count(entry, -1);
    this.tell(-1);
  }

  /** Takes `entry` out of the list. */
  private unlink(entry: Entry): void {
    const { previous, next } = entry;
    if (entry === this.first) {
      // The new first keeps its link back, which nobody reads: it may be long out of the cache.
      this.first = next;
      if (next === undefined) this.end = undefined;
    } else {
      (previous as Entry).next = next;
      if (next === undefined) this.end = previous;
      else next.previous = previous;
    }
    entry.previous = undefined;
    entry.next = undefined;
  }

  countAhead(entry: Entry): number {
    this.index ??= new PositionIndex(this.ranks());
    const older = this.index.countBelow(entry.rank);
    let ahead = this.discipline.isNewestFirst ? this.size - 1 - older : older;
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the walk begins here
    let place: Place = this;
    for (let branch = place.parent; branch !== undefined; branch = place.parent) {
      ahead = branch.countAhead(place, ahead);
      place = branch;
    }
    return ahead;
  }

  *entries(): Iterable<Entry> {
    for (let entry = this.first; entry !== undefined; entry = entry.next) yield entry;
    yield* this.returned?.values() ?? [];
  }

  private count(entry: Entry, by: number): void {
    if (this.size === 0) this.index = undefined;
    else if (this.index?.covers(entry.rank) === true) this.index.add(entry.rank, by);
    else this.index = undefined; // built anew when next asked
  }

  private ranks(): number[] {
    return [...this.entries()].map((entry) => entry.rank).sort((a, b) => a - b);
  }
}

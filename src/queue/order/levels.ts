/**
 * Order by priority: the greatest first, equals in order of arrival, any number of priorities.
 *
 * Strictly, urgent work may keep the rest waiting for ever. Two remedies, together or alone:
 *
 * - `msPerLevel`: waiting so long is worth one level of priority. Somebody of priority p can then be
 *   overtaken only by those of a greater priority q who arrive less than (q − p) · msPerLevel after
 *   him. The key arrival − p · msPerLevel never changes while he waits, so nothing is ever sorted
 *   again: the heads of the levels are compared, and each head is the oldest of its level.
 * - `overdueAfterMs`: whoever has waited so long goes before everybody who has not, the longest
 *   waiting first. Nobody who arrives later than that can start before him, whatever the priority.
 */

import { idHeap } from '../../core/index.ts';
import type { Entry } from './entry.ts';
import type { Place } from './place.ts';
import { Branch, PlaceHeap } from './place.ts';

/** How priorities fade with time. */
export interface Ageing {
  /** Infinity: never. */
  readonly msPerLevel: number;
  /** Infinity: never. */
  readonly overdueAfterMs: number;
}

/** Empty levels kept for their priority to come again; beyond, they are forgotten. */
const SPARE_LEVELS = 1024;

/** Branches of one place per priority. Push and remove are O(1), `O(log levels)` with ageing. */
export class Levels extends Branch {
  private readonly levels = new Map<number, Place>();
  private readonly heap = new PlaceHeap<Place>();
  /** The first of the heap, kept: it is asked for at every start and seldom changes. */
  private top: Place | undefined = undefined;
  private readonly makePlace: () => Place;
  private readonly ageing: Ageing | undefined;
  /** Levels by who of them came first, where somebody may be overdue. */
  private readonly arrivals: ArrivalOrder | undefined;

  /** @param ageing requires that every place made is a lane */
  constructor(makePlace: () => Place, ageing?: Ageing) {
    super();
    this.makePlace = makePlace;
    this.ageing = ageing;
    if (ageing !== undefined && ageing.overdueAfterMs < Infinity)
      this.arrivals = new ArrivalOrder();
  }

  get isOpen(): boolean {
    return this.top !== undefined;
  }

  push(entry: Entry): void {
    let level = this.levels.get(entry.priority);
    if (level === undefined) {
      level = this.makePlace();
      level.parent = this;
      level.tag = entry.priority;
      this.levels.set(entry.priority, level);
    }
    level.push(entry);
  }

  peek(now: number): Entry | undefined {
    const overdue = this.arrivals?.overdue(now, (this.ageing as Ageing).overdueAfterMs);
    return (overdue ?? this.top)?.peek(now);
  }

  last(): Entry | undefined {
    let lowest: Place | undefined;
    for (const level of this.levels.values()) {
      if (level.size > 0 && (lowest === undefined || level.tag < lowest.tag)) lowest = level;
    }
    return lowest?.last();
  }

  changed(level: Place, by: number): void {
    this.size += by;
    this.arrivals?.changed(level);
    if (!level.isOpen) {
      this.heap.drop(level);
      if (level.size === 0 && this.levels.size > SPARE_LEVELS) this.levels.delete(level.tag);
    } else if (this.ageing !== undefined) this.heap.put(level, this.keyOf(level, this.ageing));
    else if (level.heapId < 0) this.heap.put(level, -level.tag);
    else return;
    this.top = this.heap.first;
  }

  /** As if nobody became more urgent by waiting. */
  countAhead(level: Place, ahead: number): number {
    let count = ahead;
    for (const other of this.levels.values()) if (other.tag > level.tag) count += other.size;
    return count;
  }

  /** The place of each priority in use. */
  places(): Iterable<Place> {
    return this.levels.values();
  }

  *entries(): Iterable<Entry> {
    for (const level of this.levels.values()) yield* level.entries();
  }

  /** With ageing the key moves with the head, who is the oldest of the level. */
  private keyOf(level: Place, ageing: Ageing): number {
    if (ageing.msPerLevel === Infinity) return -level.tag;
    const head = level.peek(0) as Entry;
    return head.arrivedAt - level.tag * ageing.msPerLevel;
  }
}

/**
 * Lanes by the rank of their heads: ranks are given in order of arrival, so the least rank has waited
 * longest, and of two who came at the same time the first.
 */
class ArrivalOrder {
  private readonly heap = idHeap();
  private readonly ids = new Map<Place, number>();
  private readonly places: (Place | undefined)[] = [];

  /** The lane whose head came first, if that has waited for `ms`. */
  overdue(now: number, ms: number): Place | undefined {
    const place = this.places[this.heap.peekId()];
    const head = place?.peek(0);
    return head !== undefined && now - head.arrivedAt >= ms ? place : undefined;
  }

  changed(place: Place): void {
    const id = this.ids.get(place);
    const head = place.peek(0);
    if (head === undefined) {
      if (id === undefined) return;
      this.heap.remove(id);
      this.places[id] = undefined;
      this.ids.delete(place);
    } else if (id === undefined) {
      const added = this.heap.push(head.rank);
      this.places[added] = place;
      this.ids.set(place, added);
    } else this.heap.update(id, head.rank);
  }
}

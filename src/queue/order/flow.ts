/** One flow of a fair order: its place in the line, its share, and what it has used of it. */

import type { Entry } from './entry.ts';
import type { Place } from './place.ts';
import { Branch } from './place.ts';

export class Flow extends Branch {
  override readonly isFlow = true;
  readonly name: string;
  /** Share of this flow against its neighbours, above 0. */
  weight: number;
  /** Virtual finish: where its share has been used up to. Its virtual start is `tag`. */
  finish = 0;
  /** Id among the resting flows; -1 when it is not one of them. */
  restId = -1;
  /** Entries at work. */
  running = 0;
  /** Mean cost of what ended last, in the unit of the charge. */
  expectedCost = 1;
  /** True while it may start nothing: paused, or at its cap. */
  private isHeld: boolean;
  /** Where this flow's own entries stand. */
  readonly place: Place;

  constructor(options: { name: string; weight: number; isHeld: boolean; place: Place }) {
    super();
    this.name = options.name;
    this.weight = options.weight;
    this.isHeld = options.isHeld;
    this.place = options.place;
    this.place.parent = this;
  }

  get isOpen(): boolean {
    return !this.isHeld && this.place.isOpen;
  }

  push(entry: Entry): void {
    this.place.push(entry);
  }

  peek(now: number): Entry | undefined {
    return this.place.peek(now);
  }

  last(): Entry | undefined {
    return this.place.last();
  }

  changed(_place: Place, by: number): void {
    this.size += by;
  }

  countAhead(_place: Place, ahead: number): number {
    return ahead;
  }

  entries(): Iterable<Entry> {
    return this.place.entries();
  }

  /** Opens or closes the flow. What runs goes on. */
  hold(isHeld: boolean): void {
    if (this.isHeld === isHeld) return;
    this.isHeld = isHeld;
    this.tell(0);
  }

  /** Something that ran for this flow has ended, and cost `extra` more than it was charged. */
  ended(extra: number): void {
    this.running--;
    this.finish += extra / this.weight;
    if (this.heapId >= 0) this.tag += extra / this.weight;
    // With nothing to set right and more waiting, its place among the others stays.
    if (extra !== 0 || this.size === 0) this.tell(0);
  }
}

/**
 * Lots: entries that wait for the same slots, as work that asks for one speciality of a pool's workers.
 * A lot whose slots are all taken is passed over until it is looked at again, so that it holds up
 * nobody who waits for others.
 *
 * Within a lot the queue's whole order holds. Between lots that compete for one slot priority decides,
 * as waiting has made it, then arrival.
 */

import type { Call } from '../../core/index.ts';
import type { Entry } from './entry.ts';
import type { Ageing } from './levels.ts';
import type { Place } from './place.ts';
import { Branch } from './place.ts';

export interface LotsOptions {
  readonly lotOf: (call: Call) => string;
  /** Makes where a lot's entries stand. */
  readonly makePlace: () => Place;
  readonly ageing: Ageing | undefined;
}

/** Empty lots kept with what their flows have used; beyond, they are forgotten. */
const SPARE_LOTS = 64;

export class Lots extends Branch {
  private readonly options: LotsOptions;
  private readonly lots = new Map<string, Place>();
  private readonly passedOver = new Set<Place>();

  constructor(options: LotsOptions) {
    super();
    this.options = options;
  }

  get isOpen(): boolean {
    for (const lot of this.lots.values()) if (lot.isOpen) return true;
    return false;
  }

  push(entry: Entry): void {
    const name = this.options.lotOf(entry.call);
    let lot = this.lots.get(name);
    if (lot === undefined) {
      this.forgetEmpty();
      lot = this.options.makePlace();
      lot.parent = this;
      this.lots.set(name, lot);
    }
    lot.push(entry);
  }

  /** The first of all lots that are not passed over. `O(lots)`. */
  peek(now: number): Entry | undefined {
    let first: Entry | undefined;
    for (const lot of this.lots.values()) {
      if (!lot.isOpen || this.passedOver.has(lot)) continue;
      const head = lot.peek(now);
      if (head !== undefined && (first === undefined || this.goesBefore(head, first, now))) {
        first = head;
      }
    }
    return first;
  }

  /** There is no slot for `entry`: its lot is passed over until the next `lookAgain`. */
  passOver(entry: Entry): void {
    const lot = this.lots.get(this.options.lotOf(entry.call));
    if (lot !== undefined) this.passedOver.add(lot);
  }

  /** A slot may be free, for any lot. */
  lookAgain(): void {
    this.passedOver.clear();
  }

  last(): Entry | undefined {
    let last: Entry | undefined;
    for (const lot of this.lots.values()) {
      const end = lot.last();
      if (end !== undefined && (last === undefined || this.goesBefore(last, end, 0))) last = end;
    }
    return last;
  }

  changed(_lot: Place, by: number): void {
    this.size += by;
  }

  /** Other lots wait for other slots. */
  countAhead(_lot: Place, ahead: number): number {
    return ahead;
  }

  /** How many wait in each lot in which somebody may start. */
  *waiting(): Iterable<readonly [lot: string, waiting: number]> {
    for (const [name, lot] of this.lots) if (lot.isOpen) yield [name, lot.size];
  }

  /** The place of each lot. */
  places(): Iterable<Place> {
    return this.lots.values();
  }

  *entries(): Iterable<Entry> {
    for (const lot of this.lots.values()) yield* lot.entries();
  }

  private goesBefore(a: Entry, b: Entry, now: number): boolean {
    const { msPerLevel = Infinity, overdueAfterMs = Infinity } = this.options.ageing ?? {};
    const isOverdue = ({ arrivedAt }: Entry): boolean => now - arrivedAt >= overdueAfterMs;
    if (isOverdue(a) !== isOverdue(b)) return isOverdue(a);
    if (isOverdue(a)) return a.rank < b.rank;
    // Infinite priorities may be equal, where their difference is NaN.
    const ahead = a.priority === b.priority ? 0 : a.priority - b.priority;
    const head = ahead * (msPerLevel === Infinity ? 1 : msPerLevel);
    const earlier = msPerLevel === Infinity ? 0 : b.arrivedAt - a.arrivedAt;
    return head + earlier > 0 || (head + earlier === 0 && a.rank < b.rank);
  }

  private forgetEmpty(): void {
    if (this.lots.size < SPARE_LOTS) return;
    for (const [name, lot] of this.lots) if (lot.size === 0) this.lots.delete(name);
  }
}

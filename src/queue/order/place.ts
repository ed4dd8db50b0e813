/**
 * The order of a queue is a tree of places. Leaves are lanes, where entries stand; branches order the
 * places below them by priority, by fairness or by kind. Every decision is pure: a function of the
 * tree and `now`.
 */

import type { IdHeap } from '../../core/index.ts';
import { idHeap } from '../../core/index.ts';
import type { Entry } from './entry.ts';

/** A place in the order. */
export abstract class Place {
  parent: Branch | undefined = undefined;
  /** True for a flow, one party of a fair order: asked on every start, where `instanceof` would cost. */
  readonly isFlow: boolean = false;
  /** Entries here and below. */
  size = 0;
  /** What the branch above orders this place by. */
  tag = 0;
  /** Id in the heap of the branch above; -1 while this place has nobody to offer. */
  heapId = -1;

  /** True when somebody here may run. A place that holds entries may be closed (paused, at its cap). */
  abstract readonly isOpen: boolean;
  abstract push(entry: Entry): void;
  /** Who here runs next; undefined when nobody may. */
  abstract peek(now: number): Entry | undefined;
  /** Who here would run last; undefined when nobody stands here. */
  abstract last(): Entry | undefined;
  /** Everybody here, in no particular order. */
  abstract entries(): Iterable<Entry>;

  /** Passes a change of this place's entries on to the root. */
  protected tell(by: number): void {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the walk begins here
    let place: Place = this;
    for (let branch = place.parent; branch !== undefined; branch = place.parent) {
      branch.changed(place, by);
      place = branch;
    }
  }
}

/** A place made of places. */
export abstract class Branch extends Place {
  /** The entries of `child` changed: by `by` in number, or only in who comes first. */
  abstract changed(child: Place, by: number): void;
  /**
   * How many here go before somebody in `child` who has `ahead` before him there. Exact where nothing
   * but priority counts, else an estimate from what is known now. `O(children)`.
   */
  abstract countAhead(child: Place, ahead: number): number;
}

/** Open places by key, least first; equals in the order in which they opened. */
export class PlaceHeap<P extends Place> {
  private readonly ids: IdHeap = idHeap(FIRST_PLACES);
  private readonly places: (P | undefined)[] = [];

  get isEmpty(): boolean {
    return this.ids.size === 0;
  }

  get first(): P | undefined {
    // Asked of an empty heap at the end of every call, where [-1] would be a slow look-up by name.
    return this.ids.size === 0 ? undefined : this.places[this.ids.peekId()];
  }

  /** Puts `place` in, or moves it to `key`. `O(log n)`. */
  put(place: P, key: number): void {
    if (place.heapId >= 0) {
      this.ids.update(place.heapId, key);
      return;
    }
    place.heapId = this.ids.push(key);
    this.places[place.heapId] = place;
  }

  drop(place: P): void {
    if (place.heapId < 0) return;
    this.ids.remove(place.heapId);
    this.places[place.heapId] = undefined;
    place.heapId = -1;
  }
}

/** Room of a new heap: most branches hold a handful, and there may be one for each tenant. */
const FIRST_PLACES = 4;

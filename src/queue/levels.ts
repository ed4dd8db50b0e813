/**
 * Who runs next, when priority alone decides: the greatest priority first, and within one priority
 * first come, first served. Any number of priorities: one lane each, and a heap of the lanes in use.
 */

import { idHeap } from '../core/index.ts';
import type { Entry } from './lane.ts';
import { Lane } from './lane.ts';

/** The order of a queue: a pure structure that knows no clock and starts nothing. */
export interface Line {
  readonly size: number;
  /** Puts `entry` in line, by its priority and rank. */
  push(entry: Entry): void;
  /** Who runs next; undefined when nobody waits. */
  peek(): Entry | undefined;
  /** Takes out `entry`, which stands in this line. */
  remove(entry: Entry): void;
}

/** Empty lanes kept for their priority to come again; beyond, they are forgotten. */
const SPARE_LANES = 1024;

/** Strict priorities. Push and remove are `O(1)`, `O(log levels)` when a lane fills or empties. */
export class Levels implements Line {
  size = 0;
  private readonly lanes = new Map<number, Lane>();
  /** Ids of lanes in use by urgency, and the lane of each id. */
  private readonly heap = idHeap();
  private readonly inUse: (Lane | undefined)[] = [];
  private readonly ids = new Map<Lane, number>();

  push(entry: Entry): void {
    const lane = this.laneOf(entry.priority);
    if (lane.size === 0) {
      const id = this.heap.push(-lane.priority);
      this.inUse[id] = lane;
      this.ids.set(lane, id);
    }
    lane.push(entry);
    this.size++;
  }

  peek(): Entry | undefined {
    return this.size === 0 ? undefined : this.inUse[this.heap.peekId()]?.peek();
  }

  remove(entry: Entry): void {
    const lane = entry.lane as Lane;
    lane.remove(entry);
    this.size--;
    if (lane.size > 0) return;
    const id = this.ids.get(lane) as number;
    this.heap.remove(id);
    this.inUse[id] = undefined;
    this.ids.delete(lane);
    if (this.lanes.size > SPARE_LANES) this.lanes.delete(lane.priority);
  }

  private laneOf(priority: number): Lane {
    let lane = this.lanes.get(priority);
    if (lane === undefined) {
      lane = new Lane(priority);
      this.lanes.set(priority, lane);
    }
    return lane;
  }
}

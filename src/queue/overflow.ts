/** What happens when more wait than may: somebody is turned away, or newcomers wait outside for room. */

import type { Entry } from './order/entry.ts';
import { Lane } from './order/lane.ts';
import type { Order } from './order/order.ts';

/**
 * - `refuse`: the newcomer is refused.
 * - `evict-last`: whoever would run last is turned away, the newcomer or somebody before him: the
 *   lowest priority, or in a fair order the flow with most waiting for its weight.
 * - `evict-oldest`: whoever has waited longest is turned away, for work that is only good when fresh.
 * - `wait`: newcomers wait outside, first come, first served, until there is room in the line.
 */
export type WhenFull = 'refuse' | 'evict-last' | 'evict-oldest' | 'wait';

/** Keeps a line within its capacity. */
export class Overflow {
  capacity: number;
  readonly whenFull: WhenFull;
  private readonly order: Order;
  /** Those outside, for whom there is no room yet. */
  private readonly outside = new Lane({ isNewestFirst: false });
  /** Everybody in line by rank, oldest first; kept only where the oldest is to go. */
  private readonly byAge: Map<number, Entry> | undefined;

  constructor(order: Order, capacity: number, whenFull: WhenFull) {
    this.order = order;
    this.capacity = capacity;
    this.whenFull = whenFull;
    this.byAge = whenFull === 'evict-oldest' ? new Map<number, Entry>() : undefined;
  }

  /** How many wait outside. */
  get outsideCount(): number {
    return this.outside.size;
  }

  /** Tells of an entry that has come into line. */
  entered(entry: Entry): void {
    this.byAge?.set(entry.rank, entry);
  }

  /** Tells of an entry that has left the line. */
  left(entry: Entry): void {
    this.byAge?.delete(entry.rank);
  }

  /**
   * Makes room after `newcomer` has come into a line that is too long by one.
   *
   * @returns who must be turned away, and still stands in line; undefined when the newcomer waits outside
   */
  victim(newcomer: Entry): Entry | undefined {
    switch (this.whenFull) {
      case 'refuse':
        return newcomer;
      case 'evict-last':
        return this.order.last() ?? newcomer;
      case 'evict-oldest':
        return this.byAge?.values().next().value ?? newcomer;
      case 'wait':
        this.order.remove(newcomer);
        this.outside.push(newcomer);
        return undefined;
    }
  }

  /** Whether `entry` waits outside. */
  isOutside(entry: Entry): boolean {
    return entry.lane === this.outside;
  }

  /** Lets those outside in for whom there is room. */
  letIn(): void {
    while (this.outside.size > 0 && this.order.size < this.capacity) {
      const next = this.outside.peek() as Entry;
      next.lane?.remove(next);
      this.order.push(next);
    }
  }

  entriesOutside(): Iterable<Entry> {
    return this.outside.entries();
  }
}

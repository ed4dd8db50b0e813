/**
 * Order under overload. A queue that stands (CoDel: even the least wait of a whole interval is above
 * the target) serves people who have already given up. While it stands, the newest go first, who can
 * still be served in time, and the oldest are dropped, as far as they have waited more than twice the
 * target, each time somebody's turn comes: they hear soon that they will not be served. (B. Maurer, "Fail at Scale", ACM Queue 13(8), 2015.) Within a key that is kept in order, the
 * order stays: only its first entry is in line.
 *
 * What CoDel is shown is the wait of the oldest in the lane that is served. First come, first served,
 * that is who is served; newest first, it keeps the queue standing until the old have gone, too, where
 * the short waits of the newest would turn it round and back all the time.
 */

import type { Codel } from '../core/index.ts';
import { codel } from '../core/index.ts';
import type { Entry } from './order/entry.ts';
import type { Discipline } from './order/lane.ts';

/** What to do about a queue that stands. */
export interface OverloadOptions {
  /** Wait in ms that at least one entry of each interval must stay within; above 0. @default 5 */
  readonly targetMs?: number;
  /** How long a queue must stand before it counts, in ms; at least targetMs. @default 100 */
  readonly intervalMs?: number;
  /** Serves the newest first while the queue stands. @default true */
  readonly newestFirst?: boolean;
  /** Drops (`ERR_OVERLOADED`) who has waited more than twice the target while it stands. @default true */
  readonly drop?: boolean;
}

export class Overload {
  readonly codel: Codel;
  private readonly discipline: Discipline;
  private readonly drops: boolean;
  private readonly turnsRound: boolean;

  constructor(options: OverloadOptions, discipline: Discipline, now: number) {
    const { newestFirst = true, drop = true, ...limits } = options;
    this.codel = codel(limits, now);
    this.discipline = discipline;
    this.drops = drop;
    this.turnsRound = newestFirst;
  }

  /**
   * Looks at an entry whose turn has come: who is to be dropped instead, undefined where nobody is. It
   * is the oldest of the lane: newest first, nobody else would tell it that it will not be served.
   */
  lost(entry: Entry, now: number): Entry | undefined {
    const oldest = entry.lane?.oldest ?? entry;
    const isLate = this.codel.shouldDrop(now - oldest.arrivedAt, now);
    if (this.turnsRound) this.discipline.isNewestFirst = this.codel.isOverloaded;
    return this.drops && isLate ? oldest : undefined;
  }
}

/**
 * The time limits of one flight: when it must answer, give its first item, give the next item.
 *
 * Of several limits in a row the nearest counts. Pure bookkeeping; the flight owns the alarm.
 */

import type { TimeLimit } from './door.ts';

/** A limit that was passed. */
export interface Expiry {
  /** The limit, or undefined when it was the call's own deadline. */
  readonly limit: TimeLimit | undefined;
  /** How many passes lie outside it; to those the call has failed. */
  readonly passesOutside: number;
  /** What did not come, within how many milliseconds. */
  readonly missing: string;
  readonly ms: number;
}

export class TimeBounds {
  /** True when a limit bounds the items of streams. */
  limitsItems = false;
  /** The longest that work may ignore its signal. */
  abandonAfterMs: number = Infinity;
  private readonly from: number;
  private total: TimeLimit | undefined = undefined;
  private totalAt = Infinity;
  private totalOutside = 0;
  private first: TimeLimit | undefined = undefined;
  private firstOutside = 0;
  /** When the first item is overdue; while a stream waits for its reader, Infinity. */
  private firstAt = Infinity;
  /** What is left of the time for the first item, once the stream is handed out. */
  private firstLeftMs = Infinity;
  /** True once the first item has come. */
  private begun = false;
  private idle: TimeLimit | undefined = undefined;
  private idleOutside = 0;
  private idleAt = Infinity;

  constructor(from: number) {
    this.from = from;
  }

  /**
   * Takes in a limit.
   *
   * @param deadline the call's deadline, where it has one
   * @returns the deadline for everything further in
   */
  add(limit: TimeLimit, now: number, passes: number, deadline: number = Infinity): number {
    if (limit.abandonAfterMs < this.abandonAfterMs) this.abandonAfterMs = limit.abandonAfterMs;
    if (limit.firstItemMs !== Infinity || limit.idleMs !== Infinity) this.limitsItems = true;
    const at = now + limit.limitMs;
    if (at < this.totalAt && at <= deadline) this.setTotal(limit, at, passes);
    else if (deadline < this.totalAt) this.setTotal(undefined, deadline, 0);
    if (now + limit.firstItemMs < this.firstAt) {
      this.first = limit;
      this.firstAt = now + limit.firstItemMs;
      this.firstOutside = passes;
    }
    if (limit.idleMs < (this.idle?.idleMs ?? Infinity)) {
      this.idle = limit;
      this.idleOutside = passes;
    }
    return Math.min(at, deadline);
  }

  /** When the next limit is passed; Infinity for never. */
  nextAt(): number {
    return Math.min(this.totalAt, this.firstAt, this.idleAt);
  }

  /** The stream is handed out: from now on only a reader who waits can be kept waiting. */
  handedOut(now: number): void {
    this.firstLeftMs = this.firstAt - now;
    this.firstAt = Infinity;
  }

  /** The reader waits for an item. */
  asked(now: number): void {
    if (!this.begun) this.firstAt = now + this.firstLeftMs;
    else if (this.idle !== undefined) this.idleAt = now + this.idle.idleMs;
  }

  /** The item has come. */
  arrived(): void {
    this.begun = true;
    this.firstAt = Infinity;
    this.idleAt = Infinity;
  }

  /** Which limit was passed. */
  expiry(): Expiry {
    const { first, idle } = this;
    if (this.totalAt <= Math.min(this.firstAt, this.idleAt)) {
      const ms = this.total === undefined ? this.totalAt - this.from : this.total.limitMs;
      return { limit: this.total, passesOutside: this.totalOutside, missing: 'answer', ms };
    }
    return first !== undefined && !this.begun
      ? {
          limit: first,
          passesOutside: this.firstOutside,
          missing: 'first item',
          ms: first.firstItemMs,
        }
      : { limit: idle, passesOutside: this.idleOutside, missing: 'item', ms: idle?.idleMs ?? 0 };
  }

  private setTotal(limit: TimeLimit | undefined, at: number, outside: number): void {
    this.total = limit;
    this.totalAt = at;
    this.totalOutside = outside;
  }
}

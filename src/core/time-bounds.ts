/**
 * The time limits of one flight: when it must answer, give its first item, give the next item.
 *
 * Of several limits in a row the nearest counts. Pure bookkeeping; the flight owns the alarm. What only
 * streams need is kept apart, for every call with a time limit makes one of these.
 */

import type { TimeLimit } from './door.ts';
import { stackless, TimeoutError } from './errors.ts';
import type { Ending } from './held-pass.ts';

/** A limit that was passed. */
interface Expiry {
  /** The limit, or undefined when it was the call's own deadline. */
  readonly limit: TimeLimit | undefined;
  /** How many passes lie outside it; to those the call has failed. */
  readonly passesOutside: number;
  /** What did not come, within how many milliseconds. */
  readonly missing: string;
  readonly ms: number;
}

export class TimeBounds {
  /** The longest that work may ignore its signal. */
  abandonAfterMs: number = Infinity;
  /** Limits on the items of a stream, where there are any. */
  items: ItemBounds | undefined = undefined;
  private readonly from: number;
  private limit: TimeLimit | undefined = undefined;
  private at = Infinity;
  private passesOutside = 0;

  constructor(from: number) {
    this.from = from;
  }

  /**
   * Takes in a limit.
   *
   * @param passes how many passes lie outside it
   * @param deadline the call's deadline, where it has one
   * @returns the deadline for everything further in; Infinity for none
   */
  add(limit: TimeLimit, now: number, passes: number, deadline: number = Infinity): number {
    if (limit.abandonAfterMs < this.abandonAfterMs) this.abandonAfterMs = limit.abandonAfterMs;
    if (limit.firstItemMs !== Infinity || limit.idleMs !== Infinity) {
      this.items ??= new ItemBounds();
      this.items.add(limit, now, passes);
    }
    const at = now + limit.limitMs;
    // Asked so that a deadline of NaN is none.
    const isNearer = deadline < at;
    if (at < this.at && !isNearer) this.set(limit, at, passes);
    else if (deadline < this.at) this.set(undefined, deadline, 0);
    return isNearer ? deadline : at;
  }

  /** When the next limit is passed; Infinity for never. */
  nextAt(): number {
    return this.items === undefined ? this.at : Math.min(this.at, this.items.nextAt());
  }

  /** How the call ends for its caller, now that a limit has been passed. */
  ending(): Ending {
    const { limit, passesOutside, missing, ms } = this.expiry();
    const text = `${limit?.name ?? 'deadline'}: no ${missing} within ${ms} ms`;
    const detail = stackless(() => new TimeoutError(text, ms));
    // A deadline is the caller's patience: however short, it says nothing of the work.
    return { outcome: limit === undefined ? 'cancelled' : 'failure', detail, told: passesOutside };
  }

  private expiry(): Expiry {
    const { limit, passesOutside, items } = this;
    if (items !== undefined && items.nextAt() < this.at) return items.expiry();
    const ms = limit === undefined ? this.at - this.from : limit.limitMs;
    return { limit, passesOutside, missing: 'answer', ms };
  }

  private set(limit: TimeLimit | undefined, at: number, passesOutside: number): void {
    this.limit = limit;
    this.at = at;
    this.passesOutside = passesOutside;
  }
}

/** Limits on the items of one stream. */
class ItemBounds {
  private first: TimeLimit | undefined = undefined;
  private firstOutside = 0;
  private idle: TimeLimit | undefined = undefined;
  private idleOutside = 0;
  /** True once the first item has come. */
  private begun = false;
  /** When the item waited for is overdue; Infinity while a stream waits for its reader. */
  private at = Infinity;
  /** What is left of the time for the first item, once the stream is handed out. */
  private firstLeftMs = Infinity;

  add(limit: TimeLimit, now: number, passes: number): void {
    if (now + limit.firstItemMs < this.at) {
      this.first = limit;
      this.firstOutside = passes;
      this.at = now + limit.firstItemMs;
    }
    if (limit.idleMs < (this.idle?.idleMs ?? Infinity)) {
      this.idle = limit;
      this.idleOutside = passes;
    }
  }

  nextAt(): number {
    return this.at;
  }

  /** The stream is handed out: from now on only a reader who waits can be kept waiting. */
  handedOut(now: number): void {
    this.firstLeftMs = this.at - now;
    this.at = Infinity;
  }

  /** The reader waits for an item. */
  asked(now: number): void {
    this.at = now + (this.begun ? (this.idle?.idleMs ?? Infinity) : this.firstLeftMs);
  }

  /** The item has come. */
  arrived(): void {
    this.begun = true;
    this.at = Infinity;
  }

  expiry(): Expiry {
    const { first, idle } = this;
    return this.begun
      ? { limit: idle, passesOutside: this.idleOutside, missing: 'item', ms: idle?.idleMs ?? 0 }
      : {
          limit: first,
          passesOutside: this.firstOutside,
          missing: 'first item',
          ms: first?.firstItemMs ?? 0,
        };
  }
}

/**
 * The waiting line all limiters share, whatever the limit is: first come, first served unless the limiter
 * has another order.
 *
 * Nothing is spent while a call waits, so leaving the line gives everything back and those behind
 * move up. One alarm per line rings when its head may pass. Bookings stand in the same line: they
 * hold a place, and nobody waits for them.
 */

import type { Alarm, Call } from '../core/index.ts';
import type { Ahead, Limit } from './limit.ts';
import { UNTIL_ROOM } from './limit.ts';
import type { LineOrder } from './line-order.ts';

/** Somebody in a line. */
export interface Waiting {
  readonly call: Call;
  /** True when a promise depends on it; a booking is granted when somebody next looks. */
  readonly isAwaited: boolean;
  /** When it joined. */
  since: number;
  /** Links of the line it stands in. */
  line: Line | undefined;
  previous: Waiting | undefined;
  next: Waiting | undefined;
  /** Its turn has come, and it has left the line: it spends now. */
  granted(now: number): void;
  /** It has waited too long for the order of the line, and has left it. */
  dropped(now: number): void;
  /** It can never pass any more, and has left the line. */
  hopeless(now: number): void;
  /** There is nothing to wait for any more, and it has left the line. */
  dismissed(reason: unknown): void;
}

/** What a line tells whoever keeps it. */
export interface LineKeeper {
  /** Rings `line` at `dueAt`, never where that is Infinity; forgets a line nobody stands in. */
  tend(line: Line, dueAt: number): void;
  /** The alarm of `line` rang. */
  rang(line: Line): void;
}

/** A shorter step might not move the clock, and the alarm would ring for ever. */
const SHORTEST_STEP_MS = 0.001;

/** One line before one limit. */
export class Line implements Alarm {
  alarmId = -1;
  size = 0;
  readonly key: string;
  /** What all in the line will spend, by part of the limit. */
  readonly ahead: Ahead;
  private head: Waiting | undefined = undefined;
  private tail: Waiting | undefined = undefined;
  private awaited = 0;
  /** When the first may pass; Infinity where no clock can tell. */
  private dueAt = Infinity;
  /** What the alarm is set to; Infinity when it is not. */
  private alarmAt = Infinity;
  private readonly nobody: Ahead;
  private readonly limit: Limit;
  private readonly order: LineOrder;
  private readonly keeper: LineKeeper;

  constructor(key: string, limit: Limit, order: LineOrder, keeper: LineKeeper) {
    this.key = key;
    this.limit = limit;
    this.order = order;
    this.keeper = keeper;
    this.ahead = limit.nobody();
    this.nobody = limit.nobody();
  }

  /** Puts `waiting` at the end. */
  join(waiting: Waiting, now: number): void {
    waiting.line = this;
    waiting.since = now;
    waiting.previous = this.tail;
    if (this.tail === undefined) this.head = waiting;
    else this.tail.next = waiting;
    this.tail = waiting;
    this.size++;
    if (waiting.isAwaited) this.awaited++;
    this.limit.count(waiting.call, this.ahead, 1);
    if (this.alarmAt === Infinity) this.pump(now);
  }

  /** Takes `waiting` out, from wherever it stands; those behind move up. */
  leave(waiting: Waiting, now: number): void {
    this.unlink(waiting);
    this.pump(now);
  }

  /**
   * Lets everybody pass whose turn has come, and arms the alarm for the next. An alarm rings a little
   * late; the turn is taken as of the time it came, otherwise a small bucket would overflow meanwhile
   * and the line would move slower than the rate.
   */
  pump(now: number): void {
    let asOf = Math.min(now, this.dueAt);
    this.dueAt = Infinity;
    for (let first = this.next(asOf); first !== undefined; first = this.next(asOf)) {
      const waitMs = this.limit.waitMs(first.call, this.nobody, asOf);
      if (waitMs === Infinity) {
        this.unlink(first);
        first.hopeless(asOf);
        continue;
      }
      if (waitMs !== 0) {
        this.dueAt = waitMs < UNTIL_ROOM ? asOf + Math.max(waitMs, SHORTEST_STEP_MS) : Infinity;
        if (!(this.dueAt <= now)) break;
        asOf = this.dueAt;
        continue;
      }
      const { head } = this;
      if (head !== undefined && asOf - head.since > this.order.patienceMs(asOf)) {
        this.drop(head, asOf);
      } else if (this.order.drops(asOf - first.since, asOf)) {
        this.drop(first, asOf);
      } else {
        this.unlink(first);
        first.granted(asOf);
      }
    }
    const alarmAt = this.awaited > 0 ? this.dueAt : Infinity;
    if (alarmAt !== this.alarmAt || this.size === 0) this.keeper.tend(this, alarmAt);
    this.alarmAt = alarmAt;
  }

  /** Sends everybody away. */
  dismiss(reason: unknown): void {
    for (let { head } = this; head !== undefined; head = this.head) {
      this.unlink(head);
      head.dismissed(reason);
    }
    this.alarmAt = Infinity;
    this.keeper.tend(this, Infinity);
  }

  /** Who goes next, whenever there is room. */
  next(now: number): Waiting | undefined {
    return this.order.takesNewest(now) ? this.tail : this.head;
  }

  ring(): void {
    this.alarmAt = Infinity;
    this.keeper.rang(this);
  }

  private drop(waiting: Waiting, now: number): void {
    this.unlink(waiting);
    waiting.dropped(now);
  }

  private unlink(waiting: Waiting): void {
    if (waiting.previous === undefined) this.head = waiting.next;
    else waiting.previous.next = waiting.next;
    if (waiting.next === undefined) this.tail = waiting.previous;
    else waiting.next.previous = waiting.previous;
    waiting.line = undefined;
    waiting.previous = undefined;
    waiting.next = undefined;
    this.size--;
    if (waiting.isAwaited) this.awaited--;
    this.limit.count(waiting.call, this.ahead, -1);
  }
}

/** What every waiting entry of a queue is: in line, on a deadline, and able to leave. */

import type { Alarm, Call, CallWatch, Cancellable, Lease } from '../core/index.ts';
import type { Entry, EntryLane } from './order/entry.ts';
import type { Bill } from './order/order.ts';

/** What waiters ask of the queue they wait in. */
export interface WaitingRoom {
  /** The time came that the waiter was armed for. */
  rang(waiter: Waiter): void;
  /** The waiter gave up while it waited. */
  withdraw(waiter: Waiter): void;
}

/** What an entry holds while it runs. */
export interface Holding {
  readonly lease: Lease<unknown>;
  /** What its flow was charged; undefined in an order that is not fair. */
  readonly bill: Bill | undefined;
  /** When it was started, in ms; 0 in a queue that has no use for the time. */
  readonly startedAt: number;
  /** Told just before the slot is given back. */
  letGo(): void;
}

/**
 * An entry that waits for a slot. Its fields are declared and assigned once: there may be a million of
 * these, and a field that is first defined and then set costs twice.
 */
export abstract class Waiter implements Entry, Alarm, Cancellable {
  declare call: Call;
  declare priority: number;
  declare rank: number;
  declare arrivedAt: number;
  declare lane: EntryLane | undefined;
  declare previous: Entry | undefined;
  declare next: Entry | undefined;
  declare returnId: number;
  declare alarmId: number;
  /** What may still cancel it. */
  declare watch: CallWatch | undefined;
  declare protected readonly room: WaitingRoom;

  constructor(room: WaitingRoom, call: Call, rank: number, now: number) {
    this.call = call;
    this.priority = call.priority ?? 0;
    this.rank = rank;
    this.arrivedAt = now;
    this.lane = undefined;
    this.previous = undefined;
    this.next = undefined;
    this.returnId = -1;
    this.alarmId = -1;
    this.watch = undefined;
    this.room = room;
  }

  /** Names it to the user. */
  get id(): number {
    return this.rank;
  }

  /** True when it ran before and has come back: its longest wait is over. */
  get hasRunBefore(): boolean {
    return false;
  }

  /** Goes on, with the slot it waited for. Must not throw. */
  abstract begin(lease: Lease<unknown>, bill: Bill | undefined, now: number): void;
  /** Will never go on. */
  abstract turnAway(error: unknown): void;
  abstract cancelled(reason: unknown): void;

  ring(): void {
    this.room.rang(this);
  }
}

/** Whether work with this deadline would come too late. */
export function isPast(deadline: number | undefined, now: number): boolean {
  return deadline !== undefined && deadline <= now;
}

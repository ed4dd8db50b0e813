/** What every waiting entry of a queue is: in line, on a deadline, and able to leave. */

import type { Alarm, Call, CallWatch, Cancellable, Lease } from '../core/index.ts';
import type { Entry, Lane } from './lane.ts';

/** What waiters ask of the queue they wait in. */
export interface WaitingRoom {
  /** The waiter's deadline came. */
  expire(waiter: Waiter, now: number): void;
  /** The waiter gave up. */
  withdraw(waiter: Waiter, reason: unknown): void;
}

/** An entry that waits for a slot. */
export abstract class Waiter implements Entry, Alarm, Cancellable {
  priority: number;
  readonly rank: number;
  readonly arrivedAt: number;
  lane: Lane | undefined = undefined;
  previous: Entry | undefined = undefined;
  next: Entry | undefined = undefined;
  place = -1;
  alarmId = -1;
  call: Call;
  protected readonly room: WaitingRoom;
  /** What may still cancel it. */
  watch: CallWatch | undefined = undefined;

  constructor(room: WaitingRoom, call: Call, rank: number, now: number) {
    this.room = room;
    this.call = call;
    this.priority = call.priority ?? 0;
    this.rank = rank;
    this.arrivedAt = now;
  }

  /** Goes on, with the slot it waited for. Must not throw. */
  abstract begin(lease: Lease<unknown>, now: number): void;
  /** Will never go on. */
  abstract turnAway(error: unknown): void;

  ring(now: number): void {
    this.room.expire(this, now);
  }

  cancelled(reason: unknown): void {
    this.room.withdraw(this, reason);
  }
}

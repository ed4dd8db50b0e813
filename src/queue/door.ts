/** A queue as a door: a call waits here for its slot and holds it until its work has settled. */

import type { Entry, Lease, Outcome, Pass } from '../core/index.ts';
import type { WaitingRoom } from './waiter.ts';
import { Waiter } from './waiter.ts';

/** Who counts the slots in use. */
export interface SlotHolder {
  giveBack(lease: Lease<unknown>, outcome: Outcome, detail?: unknown, now?: number): void;
}

/** Leave to go on with a slot. */
export class SlotPass implements Pass {
  readonly ok = true;
  readonly untilSettled = true;
  private readonly room: SlotHolder;
  private readonly lease: Lease<unknown>;

  constructor(room: SlotHolder, lease: Lease<unknown>) {
    this.room = room;
    this.lease = lease;
  }

  done(outcome: Outcome, detail?: unknown, now?: number): void {
    this.room.giveBack(this.lease, outcome, detail, now);
  }
}

/** A call in line. It goes on through its promise, hence in its own async context. */
export class DoorWaiter extends Waiter {
  declare protected readonly room: WaitingRoom & SlotHolder;
  declare private resolve: (entry: Entry) => void;
  declare private reject: (error: unknown) => void;
  readonly promise: Promise<Entry> = new Promise<Entry>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  override begin(lease: Lease<unknown>): void {
    this.watch?.end();
    this.resolve(new SlotPass(this.room, lease));
  }

  override turnAway(error: unknown): void {
    this.watch?.end();
    this.reject(error);
  }
}

/** A queue as a door: a call waits here for its slot and holds it until its work has settled. */

import type { Entry as DoorEntry, Lease, Outcome, Pass } from '../core/index.ts';
import type { Bill } from './order/order.ts';
import type { Holding, WaitingRoom } from './waiter.ts';
import { Waiter } from './waiter.ts';

/** What doors ask of the queue. */
export interface DoorRoom extends WaitingRoom {
  /** What ran has ended. */
  ended(waiter: Waiter, held: Holding, outcome: Outcome, detail?: unknown, now?: number): void;
  /** What never stood in line has ended. */
  endedStraight(lease: Lease<unknown>, outcome: Outcome, detail?: unknown, now?: number): void;
}

/** The pass of a call that found a free slot and nobody before it. */
export class StraightPass implements Pass {
  readonly ok = true;
  readonly untilSettled = true;
  private readonly room: DoorRoom;
  private readonly lease: Lease<unknown>;

  constructor(room: DoorRoom, lease: Lease<unknown>) {
    this.room = room;
    this.lease = lease;
  }

  done(outcome: Outcome, detail?: unknown, now?: number): void {
    this.room.endedStraight(this.lease, outcome, detail, now);
  }
}

/** A call in line. It goes on through its promise, hence in its own async context. */
export class DoorWaiter extends Waiter implements Pass, Holding {
  readonly ok = true;
  readonly untilSettled = true;
  declare protected readonly room: DoorRoom;
  lease!: Lease<unknown>;
  bill: Bill | undefined = undefined;
  startedAt = 0;
  /** True once it has its slot. */
  isThrough = false;
  private resolve: ((entry: DoorEntry) => void) | undefined = undefined;
  private reject: ((error: unknown) => void) | undefined = undefined;
  /** Why it was turned away on arrival, before it waited. */
  private turnedAway: { readonly error: unknown } | undefined = undefined;

  /** Settles when it is through, or will never be. */
  wait(): Promise<DoorEntry> {
    if (this.turnedAway !== undefined) return Promise.reject(this.turnedAway.error);
    return new Promise<DoorEntry>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  override begin(lease: Lease<unknown>, bill: Bill | undefined, now: number): void {
    this.watch?.end();
    this.lease = lease;
    this.bill = bill;
    this.startedAt = now;
    this.isThrough = true;
    this.resolve?.(this);
  }

  done(outcome: Outcome, detail?: unknown, now?: number): void {
    this.room.ended(this, this, outcome, detail, now);
  }

  letGo(): void {
    // Nothing of it is used again.
  }

  override turnAway(error: unknown): void {
    this.watch?.end();
    if (this.reject === undefined) this.turnedAway = { error };
    else this.reject(error);
  }

  override cancelled(reason: unknown): void {
    this.room.withdraw(this);
    this.reject?.(reason);
  }
}

/**
 * The two who can stand in a line: a call that waits for its answer, and a booking.
 */

import type { Alarm, Call, CallWatch, Entry, Runtime } from '../core/index.ts';
import { watchCall } from '../core/index.ts';
import type { Line, Waiting } from './line.ts';

/** What the one in the line asks of the shell it stands before. */
export interface Host {
  readonly runtime: Runtime;
  /** The time, never going back. */
  now(): number;
  /** Spends for a call whose turn has come. */
  admit(call: Call, now: number): Entry;
  /** Refuses a call that has waited as long as it may. */
  expire(call: Call, now: number): Entry;
  /** Refuses a call that the order of the line gives up. */
  drop(call: Call, waitedMs: number): Entry;
}

/** A call whose promise is settled by its turn, its time-out or its cancellation. */
export class WaitingCall implements Waiting, Alarm {
  alarmId = -1;
  readonly isAwaited = true;
  since = 0;
  line: Line | undefined = undefined;
  previous: Waiting | undefined = undefined;
  next: Waiting | undefined = undefined;
  readonly call: Call;
  readonly promise: Promise<Entry>;
  private readonly host: Host;
  private watchOfCall: CallWatch | undefined = undefined;
  private resolve!: (entry: Entry) => void;
  private reject!: (reason: unknown) => void;

  constructor(call: Call, host: Host) {
    this.call = call;
    this.host = host;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** Begins to listen for what can end the wait early. Call once, when in the line. */
  watch(patienceMs: number): void {
    if (patienceMs < Infinity) this.host.runtime.arm(this, patienceMs);
    this.watchOfCall = watchCall(this.call, this);
  }

  granted(now: number): void {
    this.answer(() => this.host.admit(this.call, now));
  }

  dropped(now: number): void {
    this.answer(() => this.host.drop(this.call, now - this.since));
  }

  hopeless(now: number): void {
    this.answer(() => this.host.expire(this.call, now));
  }

  dismissed(reason: unknown): void {
    this.unwatch();
    this.reject(reason);
  }

  /** It has waited as long as it may. */
  ring(): void {
    const now = this.host.now();
    this.line?.pump(now); // its turn may have come at this very instant
    if (this.line === undefined) return;
    this.line.leave(this, now);
    this.hopeless(now);
  }

  cancelled(reason: unknown): void {
    this.line?.leave(this, this.host.now());
    this.dismissed(reason);
  }

  /** What the user's functions throw meanwhile is the caller's, and stops nobody else in the line. */
  private answer(decide: () => Entry): void {
    this.unwatch();
    try {
      this.resolve(decide());
    } catch (error) {
      this.reject(error);
    }
  }

  private unwatch(): void {
    if (this.alarmId >= 0) this.host.runtime.disarm(this);
    this.watchOfCall?.end();
  }
}

/** A place in the line that may be used from `readyAt` on. */
export class BookedPlace implements Waiting {
  readonly isAwaited = false;
  since = 0;
  line: Line | undefined = undefined;
  previous: Waiting | undefined = undefined;
  next: Waiting | undefined = undefined;
  readonly call: Call;
  private readonly host: Host;

  constructor(call: Call, host: Host) {
    this.call = call;
    this.host = host;
  }

  granted(now: number): void {
    this.host.admit(this.call, now);
  }

  dropped(): void {
    // Nobody waits for it; `cancel` will answer false.
  }

  hopeless(): void {
    // The same.
  }

  dismissed(): void {
    // The same.
  }

  cancel(): boolean {
    if (this.line === undefined) return false;
    this.line.leave(this, this.host.now());
    return true;
  }
}

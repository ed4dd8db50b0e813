/**
 * The shell around a limit: exemptions, the waiting line, refusals, dry runs, counters and events.
 * Every limiter of this folder is a limit behind an entrance.
 */

import type { Call, Door, Emitter, Entry, Pass, Refusal } from '../core/index.ts';
import { isPending, optionChecks, refusalError } from '../core/index.ts';
import { closedError, closedLimit } from './closed-limit.ts';
import { Gate, GATE_OPTIONS, NO_CALL, throwIfCancelled } from './gate.ts';
import type { Ahead, Allowance, Limit, Reason } from './limit.ts';
import { sumOf, UNTIL_ROOM } from './limit.ts';
import type { Booking, Decisions, LimiterEvents, LimiterOptions } from './limiter.ts';
import type { LineOrder } from './line-order.ts';
import { FIFO } from './line-order.ts';
import { Lines } from './lines.ts';
import type { Host } from './waiting.ts';
import { BookedPlace, WaitingCall } from './waiting.ts';

/** Names of the options of {@link LimiterOptions}, for `known` checks. */
export const LIMITER_OPTIONS: readonly (keyof LimiterOptions)[] = [
  ...GATE_OPTIONS,
  'maxWaitMs',
  'maxWaiting',
];

/** Somebody who decides by this limit too, and wants to know when there may be room. */
export interface Follower {
  pump(now: number): void;
}

/** How an entrance is set up; `options` are the user's. */
export interface EntranceSetup<Events extends LimiterEvents> {
  /** The factory's name, which begins option errors, and the default name of the limiter. */
  readonly factory: string;
  readonly options: LimiterOptions;
  readonly limit: Limit;
  /** Calls with equal answers share a line. @default one line for all */
  readonly lineOf?: (call: Call) => string;
  /** Makes the order of a new line. @default first come, first served */
  readonly order?: (now: number) => LineOrder;
  /** Where the limit has events of its own to tell. @default an emitter of the shell's own */
  readonly events?: Emitter<Events>;
}

/** A door before a limit. */
export class Entrance<Events extends LimiterEvents = LimiterEvents>
  extends Gate<Events>
  implements Door, Host
{
  limit: Limit;
  readonly lineOf: ((call: Call) => string) | undefined;
  private readonly lines: Lines;
  private readonly maxWaitMs: number | undefined;
  private readonly maxWaiting: number;
  private followers: Follower[] | undefined = undefined;

  constructor(setup: EntranceSetup<Events>) {
    const { factory, options, limit, lineOf, order = () => FIFO, events } = setup;
    super(factory, options, events);
    const check = optionChecks(factory);
    const { maxWaitMs, maxWaiting = 10_000 } = options;
    this.limit = limit;
    this.lineOf = lineOf;
    this.lines = new Lines({ limit, lineOf, order, clock: this });
    this.maxWaitMs =
      maxWaitMs === undefined
        ? undefined
        : check.number('maxWaitMs', maxWaitMs, { min: 0, infinite: true });
    this.maxWaiting = check.number('maxWaiting', maxWaiting, { min: 0, infinite: true });
    this.runtime.enrol({ waiting: () => this.describeWaiting() });
  }

  /** Decides now. */
  tryEnter(call: Call = NO_CALL): Entry {
    return this.decide(call, this.now());
  }

  /** The door's form: waits only where the options say how long. */
  enter(call: Call, now: number): Entry | Promise<Entry> {
    const time = this.now(now);
    return this.maxWaitMs === undefined
      ? this.decide(call, time)
      : this.decideOrWait(call, time, this.maxWaitMs);
  }

  /** The caller's form: waits, and throws when refused. */
  async pass(call: Call = NO_CALL): Promise<Pass> {
    throwIfCancelled(call);
    const now = this.now();
    let entry = this.decideOrWait(call, now, this.maxWaitMs ?? Infinity);
    if (isPending(entry)) entry = await entry;
    if (!entry.ok) throw refusalError(entry);
    return entry;
  }

  /** Takes a place in the line and says when its turn comes. */
  book(call: Call = NO_CALL): Booking | Refusal {
    const now = this.now();
    const place = new BookedPlace(call, this);
    const booking = (waitMs: number): Booking => ({
      ok: true,
      readyAt: now - this.skew + waitMs,
      waitMs,
      cancel: () => place.cancel(),
    });
    const foregone = this.foregone(call, now);
    if (foregone !== undefined) return foregone.ok ? booking(0) : foregone;
    const waitMs = this.waitMs(call, now);
    const patienceMs = this.patience(call, now, this.maxWaitMs ?? Infinity);
    if (waitMs > patienceMs || waitMs >= UNTIL_ROOM) {
      const entry = this.refuse(call, waitMs, now);
      return entry.ok ? booking(0) : entry;
    }
    if (waitMs === 0) this.decide(call, now);
    else if (this.dryRun) this.admit(call, now);
    else this.lines.join(place, now);
    return booking(this.dryRun ? 0 : waitMs);
  }

  /** Milliseconds until `call` may pass behind those who wait already. */
  waitMs(call: Call, now: number): number {
    return this.limit.waitMs(call, this.ahead(call, now), now);
  }

  /** What those will spend who wait where `call` would, by part of the limit. */
  ahead(call: Call, now: number): Ahead {
    return this.lines.ahead(call, now);
  }

  /** Who goes next in the line of `key`. */
  nextOf(key: string): Call | undefined {
    return this.lines.next(key, this.now());
  }

  /** Lets pass who now can: the limit has risen, or somebody has given something back. */
  pump(now: number): void {
    this.lines.pump(now);
    if (this.followers === undefined) return;
    for (const follower of this.followers) follower.pump(now);
  }

  /** Makes `follower` hear whenever there may be room. */
  follow(follower: Follower): void {
    (this.followers ??= []).push(follower);
  }

  /** `follower` hears no more. */
  unfollow(follower: Follower): void {
    this.followers = this.followers?.filter((one) => one !== follower);
  }

  /** Sends away who waits, and whoever comes. */
  close(): void {
    const { limit } = this;
    this.limit = closedLimit(this.name, () => limit.nobody());
    this.lines.dismiss(closedError(this.name));
    this.pump(this.now());
  }

  /** `waitMs` for one who also needs the leave of others, behind his own line and this one's. */
  waitMsBeside(call: Call, ahead: Ahead, now: number): number {
    if (this.dryRun || (this.exempt !== undefined && this.exempt(call))) return 0;
    return this.limit.waitMs(call, this.bothAhead(call, ahead, now), now);
  }

  /** Lets pass one who has the leave of all; a dry run says here what it would have said. */
  admitBeside(call: Call, ahead: Ahead, now: number): Entry {
    if (this.exempt !== undefined && this.exempt(call)) return this.letPass();
    if (!this.dryRun) return this.admit(call, now);
    const both = this.bothAhead(call, ahead, now);
    const entry = this.limit.enter(call, both, now);
    if (typeof entry === 'number') {
      return this.turnAway(call, this.limit.explain(call, entry, both, now), retryAfter(entry));
    }
    this.admitted++;
    return entry;
  }

  /** Why, to one who also needs the leave of others. */
  explainBeside(call: Call, waitMs: number, ahead: Ahead, now: number): Reason {
    const reason = this.limit.explain(call, waitMs, this.bothAhead(call, ahead, now), now);
    return { policy: this.name, ...reason };
  }

  /** How much is left for `call`. */
  peek(call: Call = NO_CALL): Allowance {
    const now = this.now();
    return this.limit.peek(call, this.ahead(call, now), now);
  }

  /** Spends (`sign` 1) or gives back (-1) what `call` costs, without asking. */
  adjust(call: Call, sign: 1 | -1): void {
    const now = this.now();
    this.limit.adjust(call, sign, now);
    if (sign < 0) this.pump(now);
  }

  /** What was decided so far, the bookings whose turn has come meanwhile included. */
  decisions(): Decisions {
    this.pump(this.now());
    return { ...this.counts(), waiting: this.lines.size };
  }

  admit(call: Call, now: number): Pass {
    this.admitted++;
    return this.limit.admit(call, now);
  }

  expire(call: Call, now: number): Entry {
    return this.refuse(call, this.waitMs(call, now), now);
  }

  drop(call: Call, waitedMs: number): Entry {
    const message = `waited ${Math.round(waitedMs)} ms in a line that does not move fast enough`;
    return this.turnAway(call, { code: 'ERR_OVERLOADED', message }, 0);
  }

  private decide(call: Call, now: number): Entry {
    // Asked here, since the call that asks costs as much as the rest of the usual decision.
    if (this.exempt !== undefined || call.deadline !== undefined) {
      const foregone = this.foregone(call, now);
      if (foregone !== undefined) return foregone;
    }
    const ahead = this.lines.isEmpty ? this.lines.nobody : this.lines.ahead(call, now);
    const entry = this.limit.enter(call, ahead, now);
    if (typeof entry === 'number') return this.refuse(call, entry, now);
    this.admitted++;
    return entry;
  }

  private decideOrWait(call: Call, now: number, maxWaitMs: number): Entry | Promise<Entry> {
    const foregone = this.foregone(call, now);
    if (foregone !== undefined) return foregone;
    const waitMs = this.waitMs(call, now);
    if (waitMs === 0) return this.admit(call, now);
    const patienceMs = this.patience(call, now, maxWaitMs);
    const tooLong = waitMs === UNTIL_ROOM ? patienceMs <= 0 : waitMs > patienceMs;
    if (tooLong || waitMs === Infinity) return this.refuse(call, waitMs, now);
    if (this.dryRun) return this.passDry(call, waitMs, now);
    if (this.lines.sizeFor(call) >= this.maxWaiting) return this.refuse(call, waitMs, now);
    const waiting = new WaitingCall(call, this);
    this.lines.join(waiting, now);
    waiting.watch(patienceMs);
    return waiting.promise;
  }

  /** Spends at once what one who waits would spend in his turn; nobody knows when a place comes free. */
  private passDry(call: Call, waitMs: number, now: number): Entry {
    return waitMs === UNTIL_ROOM ? this.refuse(call, waitMs, now) : this.admit(call, now);
  }

  private patience(call: Call, now: number, maxWaitMs: number): number {
    if (call.deadline === undefined) return maxWaitMs;
    return Math.min(maxWaitMs, call.deadline + this.skew - now);
  }

  private refuse(call: Call, waitMs: number, now: number): Entry {
    return this.turnAway(call, this.explain(call, waitMs, now), retryAfter(waitMs));
  }

  private explain(call: Call, waitMs: number, now: number): Reason {
    return this.limit.explain(call, waitMs, this.ahead(call, now), now);
  }

  private bothAhead(call: Call, ahead: Ahead, now: number): Ahead {
    return this.lines.isEmpty ? ahead : sumOf(ahead, this.ahead(call, now));
  }

  private describeWaiting(): string | undefined {
    const waiting = this.lines.size;
    return waiting === 0 ? undefined : `${this.name}: ${waiting} waiting for their turn`;
  }
}

function retryAfter(waitMs: number): number {
  return waitMs === UNTIL_ROOM ? 0 : waitMs;
}

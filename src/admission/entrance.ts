/**
 * The shell around a limit: exemptions, the waiting line, refusals, dry runs, counters and events.
 * Every limiter of this folder is a limit behind an entrance.
 */

import type { Call, Door, Emitter, Entry, Pass, Refusal, Runtime } from '../core/index.ts';
import {
  ADMITTED,
  emitter,
  isPending,
  optionChecks,
  ownSignal,
  refusalError,
  systemRuntime,
  TOKEN,
} from '../core/index.ts';
import type { Ahead, Allowance, Limit, Reason } from './limit.ts';
import { UNTIL_ROOM } from './limit.ts';
import type { Booking, Decisions, LimiterEvents, LimiterOptions } from './limiter.ts';
import type { LineKeeper } from './line.ts';
import type { LineOrder } from './line-order.ts';
import { FIFO } from './line-order.ts';
import { Line } from './line.ts';
import type { Host } from './waiting.ts';
import { BookedPlace, WaitingCall } from './waiting.ts';

/** A call nothing is said of. */
export const NO_CALL: Call = Object.freeze({});

/** Names of the options of {@link LimiterOptions}, for `known` checks. */
export const LIMITER_OPTIONS = [
  'name',
  'maxWaitMs',
  'maxWaiting',
  'exempt',
  'dryRun',
  'runtime',
] as const;

/** How an entrance is set up; `options` are the user's. */
export interface EntranceSetup {
  /** The factory's name, which begins option errors, and the default name of the limiter. */
  readonly factory: string;
  readonly options: LimiterOptions;
  readonly limit: Limit;
  /** Calls with equal answers share a line. @default one line for all */
  readonly lineOf?: (call: Call) => string;
  /** Makes the order of a new line. @default first come, first served */
  readonly order?: (now: number) => LineOrder;
}

/** A door before a limit. */
export class Entrance<Events extends LimiterEvents = LimiterEvents>
  implements Door, Host, LineKeeper
{
  readonly name: string;
  readonly kind = 'limiter';
  readonly runtime: Runtime;
  readonly events: Emitter<Events>;
  private readonly limit: Limit;
  private readonly lineOf: ((call: Call) => string) | undefined;
  private readonly order: (now: number) => LineOrder;
  private readonly exempt: ((call: Call) => boolean) | undefined;
  private readonly dryRun: boolean;
  private readonly maxWaitMs: number | undefined;
  private readonly maxWaiting: number;
  private readonly nobody: Ahead;
  /** The lines somebody stands in; undefined while nobody waits, which is the usual case. */
  private lines: Map<string, Line> | undefined = undefined;
  /** The latest time seen, and how far it is ahead of a clock that has gone back. */
  private latest = -Infinity;
  private skew = 0;
  private admitted = 0;
  private refused = 0;
  private wouldRefuse = 0;
  private exempted = 0;

  constructor({ factory, options, limit, lineOf, order = () => FIFO }: EntranceSetup) {
    const check = optionChecks(factory);
    const { name = factory, maxWaitMs, maxWaiting = 10_000, exempt, dryRun = false } = options;
    this.name = check.text('name', name);
    this.runtime = options.runtime ?? systemRuntime();
    this.limit = limit;
    this.lineOf = lineOf;
    this.order = order;
    this.exempt = exempt === undefined ? undefined : check.callable('exempt', exempt);
    this.dryRun = dryRun;
    this.maxWaitMs =
      maxWaitMs === undefined
        ? undefined
        : check.number('maxWaitMs', maxWaitMs, { min: 0, infinite: true });
    this.maxWaiting = check.number('maxWaiting', maxWaiting, { min: 0, infinite: true });
    this.nobody = limit.nobody();
    this.events = emitter<Events>(this.runtime, this.name);
    this.runtime.enrol({ waiting: () => this.describeWaiting() });
  }

  /** Decides now. */
  tryEnter(call: Call = NO_CALL): Entry {
    return this.decide(call, this.now());
  }

  /** The door's form: waits only where the options say how long. */
  enter(call: Call, now: number): Entry | Promise<Entry> {
    const time = this.steady(now);
    return this.maxWaitMs === undefined
      ? this.decide(call, time)
      : this.decideOrWait(call, time, this.maxWaitMs);
  }

  /** The caller's form: waits, and throws when refused. */
  async pass(call: Call = NO_CALL): Promise<Pass> {
    const token = call[TOKEN];
    if (token?.isCancelled === true) throw token.reason;
    ownSignal(call)?.throwIfAborted();
    const now = this.now();
    let entry = this.decideOrWait(call, now, this.maxWaitMs ?? Infinity);
    if (isPending(entry)) entry = await entry;
    if (!entry.ok) throw refusalError(entry);
    return entry;
  }

  /** Takes a place in the line and says when its turn comes. */
  book(call: Call = NO_CALL): Booking | Refusal {
    const now = this.now();
    const waitMs = this.waitMs(call, now);
    if (waitMs > this.patience(call, now, this.maxWaitMs ?? Infinity) || waitMs >= UNTIL_ROOM) {
      return this.refusal(this.explain(call, waitMs, now), retryAfter(waitMs));
    }
    const place = new BookedPlace(call, this);
    if (waitMs === 0) this.admit(call, now);
    else this.openLine(call, now).join(place, now);
    return { ok: true, readyAt: now - this.skew + waitMs, waitMs, cancel: () => place.cancel() };
  }

  /** Milliseconds until `call` may pass behind those who wait already. */
  waitMs(call: Call, now: number): number {
    return this.limit.waitMs(call, this.ahead(call, now), now);
  }

  /** What those will spend who wait where `call` would, by part of the limit. */
  ahead(call: Call, now: number): Ahead {
    if (this.lines === undefined) return this.nobody;
    const line = this.lines.get(this.lineOf?.(call) ?? '');
    line?.pump(now);
    return line === undefined ? this.nobody : line.ahead;
  }

  /** Lets pass who now can: the limit has risen, or somebody has given something back. */
  pump(now: number): void {
    if (this.lines === undefined) return;
    // Whoever was served goes to the end, so that lines that share a limit take turns.
    for (const line of [...this.lines.values()]) {
      const { size } = line;
      line.pump(now);
      if (line.size === size || line.size === 0 || this.lines === undefined) continue;
      this.lines.delete(line.key);
      this.lines.set(line.key, line);
    }
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

  decisions(): Decisions {
    const { admitted, refused, wouldRefuse, exempted } = this;
    return { admitted, refused, wouldRefuse, exempted, waiting: this.waitingCount() };
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

  tend(line: Line, dueAt: number): void {
    if (dueAt < Infinity) this.runtime.armAt(line, dueAt - this.skew);
    else if (line.alarmId >= 0) this.runtime.disarm(line);
    if (line.size > 0) return;
    this.lines?.delete(line.key);
    if (this.lines?.size === 0) this.lines = undefined;
  }

  rang(line: Line): void {
    line.pump(this.now());
  }

  /** The time, which never goes back: where the clock does, this goes on from where it was. */
  now(): number {
    return this.steady(this.runtime.now());
  }

  private steady(now: number): number {
    const time = now + this.skew;
    if (time >= this.latest) return (this.latest = time);
    this.skew = this.latest - now;
    return this.latest;
  }

  private decide(call: Call, now: number): Entry {
    if (this.exempt !== undefined && this.exempt(call)) return this.letPass();
    const ahead = this.lines === undefined ? this.nobody : this.ahead(call, now);
    const entry = this.limit.enter(call, ahead, now);
    if (typeof entry === 'number') return this.refuse(call, entry, now);
    this.admitted++;
    return entry;
  }

  private decideOrWait(call: Call, now: number, maxWaitMs: number): Entry | Promise<Entry> {
    if (this.exempt !== undefined && this.exempt(call)) return this.letPass();
    const waitMs = this.waitMs(call, now);
    if (waitMs === 0) return this.admit(call, now);
    const patienceMs = this.patience(call, now, maxWaitMs);
    const tooLong = waitMs === UNTIL_ROOM ? patienceMs <= 0 : waitMs > patienceMs;
    if (tooLong || waitMs === Infinity || this.dryRun) return this.refuse(call, waitMs, now);
    const inLine = this.lines?.get(this.lineOf?.(call) ?? '')?.size ?? 0;
    if (inLine >= this.maxWaiting) return this.refuse(call, waitMs, now);
    const waiting = new WaitingCall(call, this);
    this.openLine(call, now).join(waiting, now);
    waiting.watch(patienceMs);
    return waiting.promise;
  }

  private patience(call: Call, now: number, maxWaitMs: number): number {
    if (call.deadline === undefined) return maxWaitMs;
    return Math.min(maxWaitMs, call.deadline + this.skew - now);
  }

  private letPass(): Pass {
    this.exempted++;
    return ADMITTED;
  }

  private refuse(call: Call, waitMs: number, now: number): Entry {
    return this.turnAway(call, this.explain(call, waitMs, now), retryAfter(waitMs));
  }

  private explain(call: Call, waitMs: number, now: number): Reason {
    return this.limit.explain(call, waitMs, this.ahead(call, now), now);
  }

  private turnAway(call: Call, reason: Reason, retryAfterMs: number): Entry {
    const refusal = this.refusal(reason, retryAfterMs);
    if (this.dryRun) this.wouldRefuse++;
    else this.refused++;
    if (this.events.has('refused')) {
      this.events.emit('refused', { call, refusal, dryRun: this.dryRun });
    }
    return this.dryRun ? ADMITTED : refusal;
  }

  private refusal({ code, message, policy = this.name }: Reason, retryAfterMs: number): Refusal {
    return { ok: false, code, policy, retryAfterMs, message };
  }

  private openLine(call: Call, now: number): Line {
    const key = this.lineOf?.(call) ?? '';
    this.lines ??= new Map();
    let line = this.lines.get(key);
    if (line === undefined)
      this.lines.set(key, (line = new Line(key, this.limit, this.order(now), this)));
    return line;
  }

  private waitingCount(): number {
    let count = 0;
    for (const line of this.lines?.values() ?? []) count += line.size;
    return count;
  }

  private describeWaiting(): string | undefined {
    const waiting = this.waitingCount();
    return waiting === 0 ? undefined : `${this.name}: ${waiting} waiting for their turn`;
  }
}

function retryAfter(waitMs: number): number {
  return waitMs === UNTIL_ROOM ? 0 : waitMs;
}

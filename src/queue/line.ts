/**
 * The line at work. The order itself is a pure structure (`order/`); this gives it slots, a clock,
 * deadlines and cancellation. What few queues use is undefined here unless it was asked for.
 */

import type { Call, Entry as DoorEntry, Outcome, Refusal, Runtime } from '../core/index.ts';
import type { Lease, Slots, SlotsLine } from '../core/index.ts';
import { refusalError, watchCall } from '../core/index.ts';
import type { DoorRoom } from './door.ts';
import { DoorWaiter, StraightPass } from './door.ts';
import type { LineParts } from './line-parts.ts';
import { Moments } from './moments.ts';
import type { Order } from './order/order.ts';
import { Patience } from './patience.ts';
import { Refusals } from './refusals.ts';
import type { Exits } from './starter.ts';
import type { StartEstimate } from './task.ts';
import { Starter } from './starter.ts';
import { Tally } from './tally.ts';
import type { Holding, Waiter } from './waiter.ts';
import { isPast } from './waiter.ts';

export class Line implements SlotsLine, DoorRoom, Exits {
  readonly no: Refusals;
  readonly moments: Moments = new Moments();
  readonly tally: Tally;
  readonly parts: LineParts;
  private readonly patience: Patience;
  readonly starter: Starter;
  isClosed = false;
  usesTime: boolean;
  private readonly runtime: Runtime;
  private readonly order: Order;
  private readonly slots: Slots;
  private readonly attached: Disposable;
  private readonly estimate = (waiter: Waiter): StartEstimate | undefined =>
    this.starter.pace.estimate(this.order.countAhead(waiter));

  constructor(parts: LineParts) {
    this.parts = parts;
    this.no = new Refusals(parts.name);
    this.patience = new Patience(parts.maxWaitMs, this.no);
    this.tally = new Tally(parts.books);
    this.runtime = parts.runtime;
    this.order = parts.order;
    this.slots = parts.slots;
    this.usesTime = parts.usesTime;
    this.starter = new Starter(parts, this);
    this.attached = this.slots.attach(this);
  }

  get backlog(): number {
    return this.order.size + this.parts.overflow.outsideCount;
  }

  waitingByLot(): Iterable<readonly [lot: string, waiting: number]> {
    return this.order.lots?.waiting() ?? [];
  }

  /** True when nothing waits and nothing runs. */
  get isIdle(): boolean {
    return this.backlog === 0 && this.starter.running === 0;
  }

  /** The time, or 0 in a queue that has had no use for it so far. */
  clock(): number {
    return this.usesTime ? this.runtime.now() : 0;
  }

  startBy(waiter: Waiter): number {
    return this.patience.startBy(waiter);
  }

  /** The time at which `call` arrives; a deadline makes the queue keep time from now on. */
  arrivalTime(call: Call): number {
    if (call.deadline !== undefined) this.usesTime = true;
    return this.clock();
  }

  enter(call: Call, now: number): DoorEntry | Promise<DoorEntry> {
    if (this.isClosed) throw this.no.closedError();
    const mistake = this.no.mistakeIn(call);
    if (mistake !== undefined) throw mistake;
    if (call.deadline !== undefined) this.usesTime = true;
    const rank = this.tally.enterNext();
    if (this.starter.isPlain && this.backlog === 0 && !isPast(call.deadline, now)) {
      const lease = this.starter.straightOn(call, now);
      if (lease !== undefined) return lease.ok ? new StraightPass(this, lease) : lease;
    }
    const waiter = new DoorWaiter(this, call, rank, now);
    const refusal = this.admit(waiter, now);
    if (refusal !== undefined) return refusal;
    if (waiter.isThrough) return waiter;
    if (waiter.lane !== undefined) waiter.watch = watchCall(call, waiter);
    return waiter.wait();
  }

  /**
   * Takes `waiter` in: it starts at once, waits, or is turned away by the refusal that is returned.
   */
  admit(waiter: Waiter, now: number): Refusal | undefined {
    this.parts.books?.count(waiter, 'entered');
    const { deadline } = waiter.call;
    if (isPast(deadline, now)) return this.expiry(waiter);
    this.order.push(waiter);
    this.parts.overflow.entered(waiter);
    this.slotFreed(now);
    return waiter.lane === undefined ? undefined : this.letWait(waiter, now);
  }

  /** Puts `waiter`, which had started before, back in line at its old rank. */
  readmit(waiter: Waiter, now: number): void {
    this.order.resume(waiter);
    this.parts.overflow.entered(waiter);
    this.arm(waiter);
    this.slotFreed(now);
    if (waiter.lane !== undefined) this.slots.demandGrew(now);
  }

  slotFreed(now: number): void {
    this.starter.go(now);
    this.moments.check();
  }

  ended(waiter: Waiter, held: Holding, outcome: Outcome, detail?: unknown, at?: number): void {
    const now = at ?? this.clock();
    if (this.order.isAccounting) {
      this.order.ended(waiter, held.bill, this.costOf(waiter, held, outcome, detail, now));
    }
    this.parts.books?.ended(waiter, outcome, now - held.startedAt);
    this.giveBack(held, outcome, detail, now);
  }

  endedStraight(lease: Lease<unknown>, outcome: Outcome, detail?: unknown, at?: number): void {
    if (!this.starter.handOn()) {
      this.starter.running--;
      lease.release(outcome, detail, at ?? this.clock());
    }
    this.moments.check();
  }

  /** What ran has stopped, and will come back. */
  suspended(waiter: Waiter, held: Holding, outcome: Outcome, detail: unknown, now: number): void {
    if (this.order.isAccounting) {
      this.order.suspend(waiter, held.bill, this.costOf(waiter, held, outcome, detail, now));
    }
    this.giveBack(held, outcome, detail, now);
  }

  /** What ran has paused: it stands in line again before its slot goes to whoever comes first. */
  pausedByItself(waiter: Waiter, held: Holding, now: number): void {
    if (this.order.isAccounting) {
      this.order.suspend(waiter, held.bill, this.costOf(waiter, held, 'success', undefined, now));
    }
    this.order.resume(waiter);
    this.parts.overflow.entered(waiter);
    this.arm(waiter);
    this.giveBack(held, 'success', undefined, now);
  }

  /** What had stopped will not come back. */
  abandoned(waiter: Waiter): void {
    this.order.abandon(waiter);
    this.slotFreed(this.clock());
  }

  /** How many go before `waiter`, who waits. */
  countAhead(waiter: Waiter): number {
    if (!this.parts.overflow.isOutside(waiter)) return this.order.countAhead(waiter);
    return this.order.size + (waiter.lane?.countAhead(waiter) ?? 0);
  }

  rang(waiter: Waiter): void {
    this.expire(waiter);
  }

  expire(waiter: Waiter): void {
    this.turnAway(waiter, refusalError(this.expiry(waiter)));
  }

  drop(waiter: Waiter, now: number): void {
    this.tally.refuse(waiter);
    this.turnAway(waiter, refusalError(this.no.overloaded(now - waiter.arrivedAt)));
  }

  /** `waiter` stands in line no more: for those outside there may be room. */
  left(waiter: Waiter): void {
    const { overflow } = this.parts;
    overflow.left(waiter);
    if (waiter.alarmId >= 0) this.runtime.disarm(waiter);
    overflow.letIn();
  }

  withdraw(waiter: Waiter): void {
    // Whoever was given up before it came was never counted in.
    if (waiter.lane !== undefined) this.parts.books?.count(waiter, 'cancelled');
    this.leave(waiter);
    this.moments.check();
  }

  /** Turns away somebody who waits. */
  turnAway(waiter: Waiter, error: unknown): void {
    this.leave(waiter);
    waiter.turnAway(error);
    this.moments.check();
  }

  reprioritise(waiter: Waiter, priority: number): boolean {
    if (waiter.lane === undefined) return false;
    if (this.parts.overflow.isOutside(waiter)) {
      waiter.priority = priority;
      return true;
    }
    this.order.reprioritise(waiter, priority);
    this.slotFreed(this.clock());
    if (waiter.lane !== undefined) this.parts.preemption?.makeWayFor(waiter);
    return true;
  }

  /** Everybody who waits, in line and outside. */
  *waiters(): Iterable<Waiter> {
    yield* this.order.entries() as Iterable<Waiter>;
    yield* this.parts.overflow.entriesOutside() as Iterable<Waiter>;
  }

  /** Hears of no slot any more. */
  detach(): void {
    this.attached[Symbol.dispose]();
  }

  private costOf(
    waiter: Waiter,
    held: Holding,
    outcome: Outcome,
    detail: unknown,
    now: number,
  ): number | undefined {
    const { call } = waiter;
    return this.parts.measure?.({ call, outcome, detail, durationMs: now - held.startedAt });
  }

  /** `waiter` is in line and must wait, if it is worth it and there is room. */
  private letWait(waiter: Waiter, now: number): Refusal | undefined {
    const { overflow } = this.parts;
    const refusal = this.usesTime ? this.hopelessness(waiter, now) : undefined;
    if (refusal !== undefined) {
      this.leave(waiter);
      return refusal;
    }
    if (this.order.size > overflow.capacity) {
      const victim = overflow.victim(waiter) as Waiter | undefined;
      if (victim !== undefined) this.tally.refuse(victim);
      if (victim === waiter) {
        this.leave(waiter);
        return this.no.full(this.order.size, this.starter.pace.estimate(0)?.inMs ?? 0);
      }
      if (victim !== undefined) this.turnAway(victim, refusalError(this.no.evicted()));
    }
    this.arm(waiter);
    this.parts.preemption?.makeWayFor(waiter);
    this.slots.demandGrew(now);
    return undefined;
  }

  private hopelessness(waiter: Waiter, now: number): Refusal | undefined {
    if (!this.parts.refusesHopeless) return undefined;
    const refusal = this.patience.hopeless(waiter, now, this.estimate);
    if (refusal !== undefined) this.tally.expire(waiter);
    return refusal;
  }

  private arm(waiter: Waiter): void {
    const startBy = this.usesTime ? this.startBy(waiter) : Infinity;
    if (startBy < Infinity) this.runtime.armAt(waiter, startBy);
  }

  private leave(waiter: Waiter): void {
    if (this.parts.overflow.isOutside(waiter)) waiter.lane?.remove(waiter);
    else if (waiter.lane !== undefined) this.order.remove(waiter);
    this.left(waiter);
    this.slotFreed(this.clock()); // whoever stood behind it may fit
  }

  private giveBack(held: Holding, outcome: Outcome, detail: unknown, now: number): void {
    const { lease } = held;
    held.letGo();
    this.endedStraight(lease, outcome, detail, now);
  }

  private expiry(waiter: Waiter): Refusal {
    this.tally.expire(waiter);
    return this.patience.expired(waiter);
  }
}

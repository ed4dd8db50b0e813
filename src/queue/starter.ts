/**
 * Starts what waits as slots come free, in order, and gives way to the event loop now and then.
 */

import type { Call, Lease, Refusal, Runtime, Slots } from '../core/index.ts';
import { refusalError } from '../core/index.ts';
import { FixedSlots } from './fixed-slots.ts';
import type { LineParts } from './line-parts.ts';
import { LoopShare } from './loop-share.ts';
import type { Order } from './order/order.ts';
import { Pace } from './pace.ts';
import { RateGate } from './rate-gate.ts';
import type { Waiter } from './waiter.ts';

/** How waiters leave the line. */
export interface Exits {
  /** Whether starting and ending need the time. */
  readonly usesTime: boolean;
  /** The time, or 0 in a queue that has had no use for it so far. */
  clock(): number;
  /** `waiter` has been taken out of the order, to run. */
  left(waiter: Waiter): void;
  /** When it must have been started, in ms. */
  startBy(waiter: Waiter): number;
  /** That time has passed. */
  expire(waiter: Waiter): void;
  /** It has waited too long in a line that stands. */
  drop(waiter: Waiter, now: number): void;
  turnAway(waiter: Waiter, error: unknown): void;
}

/** Starts between two looks at the clock, while they are short. */
const STARTS_PER_LOOK = 8;
/** Beyond, the clock is read at every start. */
const SHORT_MS = 1;

export class Starter {
  readonly pace: Pace = new Pace();
  isPaused = false;
  running = 0;
  started = 0;
  /** Whether nothing is counted, charged or dropped at a start: slots and priority alone decide. */
  readonly isPlain: boolean;
  private readonly parts: LineParts;
  private readonly exits: Exits;
  private readonly runtime: Runtime;
  private readonly order: Order;
  private readonly slots: Slots;
  /** The slots, where they are only counted. */
  private readonly counted: FixedSlots | undefined;
  private readonly share: LoopShare;
  private readonly rate: RateGate | undefined;
  private isStarting = false;
  private startsPerLook = 1;
  private startsSinceLook = 0;
  private lookedAt = 0;

  constructor(parts: LineParts, exits: Exits) {
    const { runtime, rate } = parts;
    this.parts = parts;
    this.exits = exits;
    this.runtime = runtime;
    this.order = parts.order;
    this.slots = parts.slots;
    this.isPlain =
      (parts.books ?? parts.overload ?? rate) === undefined && !parts.order.isAccounting;
    this.counted = parts.slots instanceof FixedSlots ? parts.slots : undefined;
    this.share = new LoopShare(runtime, parts.yieldAfterMs, () => this.go(exits.clock()));
    this.rate = rate && new RateGate(rate, runtime, (now) => this.go(now));
  }

  /** Why nothing is started at present, whatever is free. */
  get hindrance(): string | undefined {
    if (this.isPaused) return 'the queue is paused';
    if (this.rate?.isHolding === true) return 'the rate limit lets nothing start at present';
    return this.share.hasGivenWay ? 'the queue is giving way to the event loop' : undefined;
  }

  /**
   * A slot for a call that finds nobody in line, without a place in it: undefined when it must take
   * one. Only for queues in which nothing but slots decides who starts.
   */
  straightOn(call: Call, now: number): Lease<unknown> | Refusal | undefined {
    if (this.isStarting || this.isPaused || this.share.hasGivenWay) return undefined;
    const lease = this.slots.tryAcquire(call, now);
    if (lease?.ok !== true) return lease;
    if (this.startsSinceLook >= this.startsPerLook && this.mustGiveWay()) {
      lease.release('refused', undefined, now);
      return undefined;
    }
    this.pace.stopped();
    this.running++;
    this.started++;
    this.startsSinceLook++;
    return lease;
  }

  /**
   * What ran has ended: in a plain line its slot goes straight to the next, which saves giving it back
   * and asking who may have it.
   *
   * @returns false when the slot must be given back
   */
  handOn(): boolean {
    const { counted, order } = this;
    if (counted === undefined || counted.isOverfull) return false;
    if (!this.isPlain || this.exits.usesTime) return false;
    if (this.isStarting || this.isPaused || this.share.hasGivenWay) return false;
    const head = order.peek(0) as Waiter | undefined;
    if (head === undefined) return false;
    if (this.startsSinceLook >= this.startsPerLook && this.mustGiveWay()) return false;
    order.take(head);
    this.exits.left(head);
    this.started++;
    this.startsSinceLook++;
    this.isStarting = true; // work that answers at once must not start the next within itself
    head.begin(counted, undefined, 0);
    this.isStarting = false;
    if (!counted.isFull) this.go(0);
    return true;
  }

  /** Starts what may start. */
  go(now: number): void {
    this.order.lots?.lookAgain();
    if (this.isStarting || this.isPaused || this.share.hasGivenWay) return;
    this.isStarting = true;
    try {
      for (let at = now; this.order.size > 0; at = this.exits.clock()) {
        // After every end one starts and the next finds no slot: told early, that costs nothing.
        if (this.counted?.isFull === true || !this.startNext(at)) return;
      }
      this.pace.stopped();
    } finally {
      this.isStarting = false;
    }
  }

  /** Starts the next that may start, or sends it away; false when there is none. */
  private startNext(now: number): boolean {
    const head = this.order.peek(now) as Waiter | undefined;
    if (head === undefined) return false;
    if (now !== 0 && this.exits.startBy(head) <= now) {
      this.exits.expire(head);
      return true;
    }
    if (this.rate?.isHolding === true) return false;
    const lease = this.slots.tryAcquire(head.call, now);
    if (lease === undefined) {
      this.order.lots?.passOver(head);
      return this.order.lots !== undefined;
    }
    if (lease.ok) return this.startOn(head, lease, now);
    this.exits.turnAway(head, refusalError(lease));
    return true;
  }

  private startOn(head: Waiter, lease: Lease<unknown>, now: number): boolean {
    if (this.startsSinceLook >= this.startsPerLook && this.mustGiveWay()) {
      lease.release('refused', undefined, now);
      return false;
    }
    const lost = this.parts.overload?.lost(head, now) as Waiter | undefined;
    if (lost !== undefined) {
      lease.release('refused', undefined, now);
      this.exits.drop(lost, now);
      return true;
    }
    const allowed = this.rate === undefined ? lease : this.rate.pass(head.call, lease, now);
    if (allowed === undefined) return false;
    if (!allowed.ok) {
      this.exits.turnAway(head, refusalError(allowed));
      return true;
    }
    const bill = this.order.take(head);
    this.exits.left(head);
    this.running++;
    this.started++;
    this.startsSinceLook++;
    this.parts.books?.started(head, now);
    head.begin(allowed, bill, now);
    return true;
  }

  /** Reads the clock once in a while: for the pace of the line, and to give way to the event loop. */
  private mustGiveWay(): boolean {
    const now = this.runtime.now();
    this.startsPerLook = now - this.lookedAt > SHORT_MS ? 1 : STARTS_PER_LOOK;
    this.lookedAt = now;
    this.pace.moved(this.startsSinceLook, now);
    this.startsSinceLook = 0;
    return this.share.mustGiveWay(now);
  }
}

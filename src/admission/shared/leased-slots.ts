/**
 * Calls in flight as a limit that many processes keep together: a call occupies permits that this
 * process has leased, and whoever waits makes the desk ask for more.
 */

import type { Call, Outcome, Pass } from '../../core/index.ts';
import { checkedCost } from '../cost.ts';
import type { Ahead, Allowance, Limit, Reason, Shell } from '../limit.ts';
import { nobody, UNTIL_ROOM } from '../limit.ts';
import type { DeskSetup, Waiters } from './permit-desk.ts';
import { PermitDesk } from './permit-desk.ts';

/** What the limit needs to know. */
export interface LeasedSetup extends DeskSetup {
  readonly name: string;
  readonly unit: string | undefined;
  readonly keyOf: (call: Call) => string;
}

/** The shell, which knows who waits. */
export interface LineShell extends Shell {
  /** Who goes next in the line of `key`. */
  nextOf(key: string): Call | undefined;
}

export class LeasedSlots implements Limit, Waiters {
  /** Set once, by whoever makes both. */
  declare shell: LineShell;
  inFlight = 0;
  readonly desk: PermitDesk;
  private readonly setup: LeasedSetup;

  constructor(setup: LeasedSetup) {
    this.setup = setup;
    this.desk = new PermitDesk(setup, this);
  }

  nobody(): Ahead {
    return nobody();
  }

  count(call: Call, ahead: Ahead, sign: 1 | -1): void {
    const key = this.setup.keyOf(call);
    const weight = this.weight(call);
    ahead.units += sign * weight;
    if (sign === 1) void this.desk.want(key, weight);
    else this.desk.wantNoMore(key, weight);
  }

  waitMs(call: Call, ahead: Ahead, now: number): number {
    const { link } = this.setup;
    const permits = this.desk.find(this.setup.keyOf(call));
    const total = ahead.units + this.weight(call);
    if ((permits?.spare ?? 0) >= total) return 0;
    if (!link.isResting(now)) return UNTIL_ROOM;
    if (link.whenDown === 'admit') return 0;
    if (link.whenDown === 'throw') return Infinity;
    const inFlight = permits?.inFlight ?? 0;
    const share = Math.max(1, Math.floor(this.desk.limit / link.peers));
    // A call heavier than the whole share may go alone.
    return inFlight + total <= share || inFlight + ahead.units === 0 ? 0 : UNTIL_ROOM;
  }

  admit(call: Call): Pass {
    const key = this.setup.keyOf(call);
    const weight = this.weight(call);
    const until = this.desk.occupy(key, weight);
    this.inFlight += weight;
    return new LeasedPass(this, { key, weight, until });
  }

  enter(call: Call, ahead: Ahead, now: number): Pass | number {
    const waitMs = this.waitMs(call, ahead, now);
    return waitMs === 0 ? this.admit(call) : waitMs;
  }

  /** @throws StoreError where the store is down, and that is to be told */
  explain(call: Call, waitMs: number): Reason {
    if (waitMs === Infinity) throw this.setup.link.error();
    const key = this.setup.keyOf(call);
    const of = key === '' ? '' : ` of '${key}'`;
    return {
      code: 'ERR_CONCURRENCY_LIMITED',
      message: `all ${this.desk.limit} places${of} that the processes share are taken`,
    };
  }

  peek(call: Call, ahead: Ahead): Allowance {
    return {
      name: this.setup.name,
      unit: this.setup.unit ?? 'concurrent-requests',
      limit: this.desk.limit,
      windowMs: 0,
      remaining: (this.desk.find(this.setup.keyOf(call))?.spare ?? 0) - ahead.units,
      resetMs: 0,
      retryAfterMs: 0,
    };
  }

  adjust(): void {
    // What is in flight is what it is.
  }

  /** Whether the store may have a place for `call`. */
  mayAsk(call: Call, now: number): boolean {
    return this.desk.mayAsk(this.setup.keyOf(call), this.weight(call), now);
  }

  /** Asks for a place for one who does not wait in line; false when there was nothing to ask. */
  async askFor(call: Call): Promise<boolean> {
    const key = this.setup.keyOf(call);
    const weight = this.weight(call);
    const hasAsked = await this.desk.want(key, weight);
    this.desk.wantNoMore(key, weight);
    return hasAsked;
  }

  /** A call has ended. */
  left({ key, weight, until }: Occupied, at: number | undefined): void {
    const now = at ?? this.shell.now();
    this.inFlight -= weight;
    this.desk.vacate(key, weight, { until, now });
    this.shell.pump(now);
  }

  nextWeight(key: string): number | undefined {
    const next = this.shell.nextOf(key);
    return next === undefined ? undefined : this.weight(next);
  }

  pump(): void {
    this.shell.pump(this.shell.now());
  }

  private weight(call: Call): number {
    const { unit, name } = this.setup;
    return unit === undefined ? 1 : checkedCost(name, call, unit);
  }
}

/** What a call occupies. */
interface Occupied {
  readonly key: string;
  readonly weight: number;
  /** Until when its permits may be handed on. */
  readonly until: number;
}

/** Leave to go on; held until the work has settled. */
class LeasedPass implements Pass {
  readonly ok = true;
  readonly untilSettled = true;
  private readonly occupied: Occupied;
  private slots: LeasedSlots | undefined;

  constructor(slots: LeasedSlots, occupied: Occupied) {
    this.slots = slots;
    this.occupied = occupied;
  }

  done(_outcome: Outcome, _detail?: unknown, now?: number): void {
    const { slots } = this;
    if (slots === undefined) return;
    this.slots = undefined;
    slots.left(this.occupied, now);
  }
}

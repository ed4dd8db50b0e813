/**
 * A simulated fleet: units take their time to start, are paid from the moment they are asked for, and
 * leave newest first.
 */

import type { FleetReading } from '../ports.ts';

export interface SimulatedFleet {
  /** Units asked for. */
  readonly current: number;
  readonly ready: number;
  /** When the next unit becomes ready; Infinity when none is starting. */
  readonly nextReadyAt: number;
  reading(): FleetReading;
  /** Makes ready what is due. */
  settle(now: number): void;
  apply(units: number, now: number): void;
  /** Unit-milliseconds paid up to then, each unit's time rounded up to whole billing spans. */
  paidMs(now: number, billingMs: number): number;
}

/** Makes a fleet of so many ready units. */
export function simulatedFleet(units: number, startupMs: number): SimulatedFleet {
  return new Fleet(units, startupMs);
}

class Fleet implements SimulatedFleet {
  private readonly startupMs: number;
  /** When each unit was asked for, oldest first: also the order in which they become ready. */
  private readonly startedAt: number[];
  /** Lifetimes of units that are gone. */
  private readonly lived: number[] = [];
  ready: number;

  constructor(units: number, startupMs: number) {
    this.startupMs = startupMs;
    this.ready = units;
    this.startedAt = Array.from({ length: units }, () => 0);
  }

  get current(): number {
    return this.startedAt.length;
  }

  get nextReadyAt(): number {
    const next = this.startedAt[this.ready];
    return next === undefined ? Infinity : next + this.startupMs;
  }

  reading(): FleetReading {
    return { current: this.current, ready: this.ready, starting: this.current - this.ready };
  }

  settle(now: number): void {
    while (this.nextReadyAt <= now) this.ready++;
  }

  apply(units: number, now: number): void {
    while (this.startedAt.length > units) {
      this.lived.push(now - (this.startedAt.pop() as number));
    }
    this.ready = Math.min(this.ready, units);
    while (this.startedAt.length < units) this.startedAt.push(now);
  }

  paidMs(now: number, billingMs: number): number {
    const billed = (ms: number): number =>
      billingMs === 0 ? ms : Math.ceil(ms / billingMs) * billingMs;
    let paid = 0;
    for (const ms of this.lived) paid += billed(ms);
    for (const at of this.startedAt) paid += billed(now - at);
    return paid;
  }
}

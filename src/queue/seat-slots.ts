/**
 * Slots of which one call may take several: `concurrency` counted in a unit of the call's cost, such as
 * gigabytes or seats. A call too wide for what is free keeps everybody behind it waiting, or narrow work
 * would starve it; one wider than all there is runs alone.
 */

import type { Call, Lease } from '../core/index.ts';
import { costOf } from '../core/index.ts';
import { GivenSlots } from './fixed-slots.ts';

export class SeatSlots extends GivenSlots {
  private readonly unit: string;

  constructor(size: number, unit: string) {
    super(size);
    this.unit = unit;
  }

  /** Seats that are taken. */
  get inUse(): number {
    return this.taken;
  }

  tryAcquire(call: Call): Lease<undefined> | undefined {
    const width = Math.min(Math.max(0, costOf(call, this.unit)) || 0, this.size);
    if (this.taken > 0 && this.taken + width > this.size) return undefined;
    this.taken += width;
    return new SeatLease(this, width);
  }

  giveBack(width: number, now: number): void {
    this.taken -= width;
    this.line?.slotFreed(now);
  }
}

class SeatLease implements Lease<undefined> {
  readonly ok = true;
  readonly resource = undefined;
  private readonly slots: SeatSlots;
  private width: number;

  constructor(slots: SeatSlots, width: number) {
    this.slots = slots;
    this.width = width;
  }

  release(_outcome?: unknown, _detail?: unknown, now = 0): void {
    const { width } = this;
    if (width < 0) return;
    this.width = -1;
    this.slots.giveBack(width, now);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }
}

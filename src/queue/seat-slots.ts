/**
 * Slots of which one call may take several: `concurrency` counted in a unit of the call's cost, such as
 * gigabytes or seats. A call too wide for what is free keeps everybody behind it waiting, or narrow work
 * would starve it; one wider than all there is runs alone.
 */

import type { Call, Lease, SlotsLine } from '../core/index.ts';
import { costOf } from '../core/index.ts';
import type { ResizableSlots } from './fixed-slots.ts';

export class SeatSlots implements ResizableSlots {
  size: number;
  private readonly unit: string;
  taken = 0;
  private line: SlotsLine | undefined = undefined;

  constructor(size: number, unit: string) {
    this.size = size;
    this.unit = unit;
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

  demandGrew(): void {
    // What is fixed does not grow.
  }

  resize(size: number, now: number): void {
    this.size = size;
    this.line?.slotFreed(now);
  }

  attach(line: SlotsLine): Disposable {
    this.line = line;
    return { [Symbol.dispose]: () => (this.line = undefined) };
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

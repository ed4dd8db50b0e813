/** A fixed number of slots that are nothing but permission: what `concurrency: 8` means. */

import type { Call, Lease, Slots, SlotsLine } from '../core/index.ts';

/** Slots whose number can be changed. */
export interface ResizableSlots extends Slots<undefined> {
  resize(size: number, now: number): void;
}

/** What slots have in common whose number is given: one line before them, which hears of a new number. */
export abstract class GivenSlots implements ResizableSlots {
  size: number;
  protected taken = 0;
  protected line: SlotsLine | undefined = undefined;

  constructor(size: number) {
    this.size = size;
  }

  abstract tryAcquire(call: Call): Lease<undefined> | undefined;

  demandGrew(): void {
    // What is given does not grow.
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

/** Slots that are only counted. All share one lease, so each holder must release exactly once. */
export class FixedSlots extends GivenSlots implements Lease<undefined> {
  readonly ok = true;
  readonly resource = undefined;

  get isFull(): boolean {
    return this.taken >= this.size;
  }

  /** More are taken than there are, since there were more before. */
  get isOverfull(): boolean {
    return this.taken > this.size;
  }

  tryAcquire(): Lease<undefined> | undefined {
    if (this.taken >= this.size) return undefined;
    this.taken++;
    return this;
  }

  release(_outcome?: unknown, _detail?: unknown, now = 0): void {
    this.taken--;
    this.line?.slotFreed(now);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }
}

/** How long entries may wait: their own deadlines, and the longest wait of the queue. */

import type { Refusal } from '../core/index.ts';
import type { Refusals } from './refusals.ts';
import type { StartEstimate } from './task.ts';
import type { Waiter } from './waiter.ts';

export class Patience {
  private readonly maxWaitMs: number;
  private readonly no: Refusals;

  constructor(maxWaitMs: number, no: Refusals) {
    this.maxWaitMs = maxWaitMs;
    this.no = no;
  }

  /** When `waiter` must have been started, in ms. */
  startBy(waiter: Waiter): number {
    const { deadline = Infinity } = waiter.call;
    if (this.maxWaitMs === Infinity || waiter.hasRunBefore) return deadline;
    return Math.min(deadline, waiter.arrivedAt + this.maxWaitMs);
  }

  /** What `waiter` hears, whose time is over. */
  expired(waiter: Waiter): Refusal {
    const { deadline = Infinity } = waiter.call;
    const isLate = deadline <= this.startBy(waiter);
    return isLate ? this.no.expired(deadline) : this.no.waitedLongest(this.maxWaitMs);
  }

  /**
   * Why `waiter` need not wait: it would start too late, even if things go a little better than usual.
   *
   * @param estimate asked only where there is a time by which it must start
   */
  hopeless(
    waiter: Waiter,
    now: number,
    estimate: (waiter: Waiter) => StartEstimate | undefined,
  ): Refusal | undefined {
    const startBy = this.startBy(waiter);
    const expected = startBy === Infinity ? undefined : estimate(waiter);
    if (expected === undefined || now + expected.inMs - expected.errorMs <= startBy) {
      return undefined;
    }
    return this.no.hopeless(startBy, now + expected.inMs);
  }
}

/**
 * Gives way to the event loop: a drain of thousands of short tasks runs wholly in microtasks, during
 * which no I/O and no timer has its turn. After half of `yieldAfterMs` starting stops until the loop has
 * turned: the other half is for what has been started, and for a collection of garbage.
 *
 * Whether the loop has turned cannot be asked, so a note is left for the next turn; when it is not read
 * in time, there was no turn. Work that waits for I/O thus never gives way needlessly.
 */

import type { Runtime } from '../core/index.ts';

export class LoopShare {
  /** True from giving way until the loop has turned. */
  hasGivenWay = false;
  private readonly runtime: Runtime;
  private readonly halfMs: number;
  private readonly goOn: () => void;
  /** Since when this may be one turn, in ms. */
  private since = -Infinity;
  private isNoteLeft = false;

  /**
   * @param yieldAfterMs Infinity never gives way
   * @param goOn called when starting may go on
   */
  constructor(runtime: Runtime, yieldAfterMs: number, goOn: () => void) {
    this.runtime = runtime;
    this.halfMs = yieldAfterMs / 2;
    this.goOn = goOn;
  }

  /** Whether it is time to give way; if so, `goOn` will be called. */
  mustGiveWay(now: number): boolean {
    if (now - this.since < this.halfMs || this.hasGivenWay) return this.hasGivenWay;
    this.since = now;
    if (this.isNoteLeft) this.hasGivenWay = true;
    else void this.leaveNote();
    return this.hasGivenWay;
  }

  private async leaveNote(): Promise<void> {
    this.isNoteLeft = true;
    await this.runtime.yield();
    this.isNoteLeft = false;
    this.since = this.runtime.now();
    if (!this.hasGivenWay) return;
    this.hasGivenWay = false;
    void this.leaveNote(); // who had to give way is likely to fill this turn, too
    this.goOn();
  }
}

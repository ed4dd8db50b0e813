/**
 * The line to a store: asks within a time, knows whether the store is down, and leaves it alone for a
 * while after a failure.
 */

import type { Emitter, Runtime } from '../../core/index.ts';
import { optionChecks, StoreError } from '../../core/index.ts';
import type { SharedEvents, StoreCounts, StoreOptions, WhenDown } from './shared-options.ts';
import { within } from './within.ts';

/** The limiter that asks. */
export interface LinkOwner {
  readonly name: string;
  readonly runtime: Runtime;
  readonly events: Emitter<SharedEvents>;
}

export class StoreLink {
  readonly whenDown: WhenDown;
  readonly peers: number;
  private readonly owner: LinkOwner;
  private readonly timeoutMs: number;
  private readonly retryMs: number;
  private downSince: number | undefined = undefined;
  private retryAt = -Infinity;
  /** What the store failed with last. */
  private cause: unknown = undefined;
  private asked = 0;
  private failed = 0;

  constructor(
    factory: string,
    owner: LinkOwner,
    { timeoutMs = 100, retryMs = 1000, whenDown = 'share', peers = 1 }: StoreOptions,
  ) {
    const check = optionChecks(factory);
    this.owner = owner;
    this.timeoutMs = check.positive('timeoutMs', timeoutMs);
    this.whenDown = check.oneOf('whenDown', whenDown, ['share', 'admit', 'throw']);
    this.peers = check.number('peers', peers, { min: 1 });
    this.retryMs = check.positive('retryMs', retryMs);
  }

  /** True from a failure to the next answer. */
  get isDown(): boolean {
    return this.downSince !== undefined;
  }

  /** When the store, which has failed, may be asked again; -Infinity while it answers. */
  get restsUntil(): number {
    return this.retryAt;
  }

  /** True while the store is left alone. */
  isResting(now: number): boolean {
    return now < this.retryAt;
  }

  /**
   * Asks, and answers undefined when the store has failed.
   *
   * @param late takes an answer that comes after its time
   */
  async ask<T>(step: () => Promise<T>, late?: (answer: T) => void): Promise<T | undefined> {
    this.asked++;
    const answer = Promise.resolve().then(step);
    try {
      const given = await within(this.owner.runtime, answer, this.timeoutMs);
      this.rise();
      return given;
    } catch (error) {
      this.failed++;
      this.fall(error);
      answer.then(late).catch(() => undefined);
      return undefined;
    }
  }

  /** Tells the store something that needs no answer; false when it has failed. */
  async tell(step: () => Promise<void>): Promise<boolean> {
    return (await this.ask(() => step().then(() => true))) === true;
  }

  /** What is thrown while the store is down, where that is wanted. */
  error(): StoreError {
    return new StoreError(`${this.owner.name}: the store of its limits is down`, {
      cause: this.cause,
    });
  }

  counts(): StoreCounts {
    return { isDown: this.isDown, asked: this.asked, failed: this.failed };
  }

  private fall(error: unknown): void {
    const { runtime, events } = this.owner;
    const now = runtime.now();
    this.cause = error;
    this.retryAt = now + this.retryMs;
    if (this.downSince !== undefined) return;
    this.downSince = now;
    if (events.has('down')) events.emit('down', { error });
  }

  private rise(): void {
    if (this.downSince === undefined) return;
    const { runtime, events } = this.owner;
    const downMs = runtime.now() - this.downSince;
    this.downSince = undefined;
    this.retryAt = -Infinity;
    if (events.has('up')) events.emit('up', { downMs });
  }
}

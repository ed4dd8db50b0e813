/**
 * Writes that were given up at their time-out and may still be carried out, behind whatever the tier
 * was told since.
 *
 * Until such a write has settled, what the tier says of its keys is not believed if it was told
 * something else meanwhile. Once it has, the tier is told to remove them: a miss is never wrong.
 */

import type { Outbox, Wish } from './outbox.ts';
import { EVERYTHING } from './outbox.ts';

/** One key with writes that have not settled. */
interface Doubt {
  pending: number;
  readonly late: Set<Wish>;
  /** What the tier has granted since. */
  last: Wish | undefined;
}

export class LateWrites {
  private readonly outbox: Outbox;
  private readonly limit: number;
  private readonly doubts = new Map<string, Doubt>();
  private readonly suspect: (key: string) => void;

  /**
   * @param limit keys followed at once; beyond it everything is invalidated, whose counters outdate
   *   all writes that are late
   * @param suspect told of a key whose late write may have undone what came after it
   */
  constructor(outbox: Outbox, limit: number, suspect: (key: string) => void) {
    this.outbox = outbox;
    this.limit = limit;
    this.suspect = suspect;
  }

  /** Follows a write that was given up to its end. */
  follow(wishes: readonly Wish[], answers: readonly PromiseLike<unknown>[]): void {
    for (const wish of wishes) {
      const doubt = this.doubts.get(wish.key) ?? { pending: 0, late: new Set(), last: undefined };
      doubt.pending++;
      doubt.late.add(wish);
      this.doubts.set(wish.key, doubt);
    }
    if (this.doubts.size > this.limit) {
      this.doubts.clear();
      this.outbox.wishTag(EVERYTHING);
    }
    void Promise.allSettled(answers).then(() => {
      for (const { key } of wishes) this.settled(key);
    });
  }

  /** Whether what the tier says of the key may be older than what it was told. */
  hides(key: string): boolean {
    return this.doubts.get(key)?.last !== undefined;
  }

  /** The tier has granted a wish. */
  told(wish: Wish): void {
    const doubt = this.doubts.get(wish.key);
    if (doubt === undefined) return;
    doubt.last = wish;
    if (doubt.pending === 0) this.finish(wish.key, doubt);
  }

  private settled(key: string): void {
    const doubt = this.doubts.get(key);
    if (doubt === undefined || --doubt.pending > 0) return;
    // A wish that waits may be on its way already: `told` ends the doubt.
    if (this.outbox.of(key) === undefined) this.finish(key, doubt);
  }

  private finish(key: string, { late, last }: Doubt): void {
    this.doubts.delete(key);
    const isRepeated = last !== undefined && late.size === 1 && late.has(last);
    if (last !== undefined && !isRepeated) this.suspect(key);
  }
}

/** Counts who came and who was turned away, and gives ranks. */

import type { Bookkeeper } from './statistics.ts';
import type { Waiter } from './waiter.ts';

export class Tally {
  entered = 0;
  refused = 0;
  expired = 0;
  private lastRank = 0;
  private readonly books: Bookkeeper | undefined;

  constructor(books: Bookkeeper | undefined) {
    this.books = books;
  }

  /** Counts an entry in; its rank. */
  enterNext(): number {
    this.entered++;
    return this.nextRank();
  }

  /** The rank of whoever comes into line now. */
  nextRank(): number {
    return ++this.lastRank;
  }

  /** `waiter` was turned away for lack of room. */
  refuse(waiter: Waiter): void {
    this.refused++;
    this.books?.count(waiter, 'refused');
  }

  /** `waiter` was too late, or would be. */
  expire(waiter: Waiter): void {
    this.expired++;
    this.books?.count(waiter, 'expired');
  }
}

/**
 * What became of the last N events: a ring of one byte each and a running total per kind, so that
 * recording and reading are O(1) whatever N is.
 */

/** The last events, counted by kind. */
export interface CountWindow {
  /** How many of the last events it holds, at most its size. */
  readonly total: number;
  /** Records an event of a kind, 0 … kinds - 1, in place of the oldest when the window is full. */
  record(kind: number): void;
  /** How many events of this kind the window holds. */
  count(kind: number): number;
  /** Forgets all events. */
  clear(): void;
}

/**
 * An empty window of the last `size` events (a positive integer) of `kinds` kinds (1 … 256), which the
 * caller has checked.
 *
 * ```ts
 * import { countWindow } from 'tenfold/core';
 *
 * const last = countWindow(100, 2);
 * last.record(1);
 * last.count(1) / last.total; // 1
 * ```
 */
export function countWindow(size: number, kinds: number): CountWindow {
  return new KindRing(size, kinds);
}

class KindRing implements CountWindow {
  total = 0;
  private readonly ring: Uint8Array;
  private readonly counts: Int32Array;
  /** Where the next event goes; in a full window, the oldest. */
  private next = 0;

  constructor(size: number, kinds: number) {
    this.ring = new Uint8Array(size);
    this.counts = new Int32Array(kinds);
  }

  record(kind: number): void {
    const { ring, counts, next } = this;
    if (this.total === ring.length) counts[ring[next]!]!--;
    else this.total++;
    ring[next] = kind;
    counts[kind]!++;
    this.next = next + 1 === ring.length ? 0 : next + 1;
  }

  count(kind: number): number {
    return this.counts[kind]!;
  }

  clear(): void {
    this.counts.fill(0);
    this.total = 0;
    this.next = 0;
  }
}

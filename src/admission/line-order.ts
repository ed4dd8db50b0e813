/**
 * Who goes first among those who wait, and who is sent away for having waited too long.
 */

import type { Codel, CodelOptions } from '../core/index.ts';
import { codel, optionChecks } from '../core/index.ts';

/**
 * The order of a line.
 *
 * - `fifo`: first come, first served.
 * - `lifo`: last come, first served. Under lasting overload the newest still have callers who wait.
 * - `codel`: first come, first served; while the line stands (see `codel`), those whose turn comes
 *   after too long a wait are refused instead.
 * - `adaptive`: `fifo` in good times. Once the line has not been empty for `intervalMs`, `lifo`, and
 *   whoever has waited longer than `targetMs` when a place comes free is refused; before, it is
 *   `intervalMs` (Maurer, "Fail at Scale", ACM Queue 13(8), 2015: adaptive LIFO and CoDel).
 */
export type Order = 'fifo' | 'lifo' | 'codel' | 'adaptive';

/** The order of one line, from the first who waits in it to the last. */
export interface LineOrder {
  /** True when the one who came last is to go next. */
  takesNewest(now: number): boolean;
  /** Whether one who has waited `waitMs` and could go now is refused instead. */
  drops(waitMs: number, now: number): boolean;
  /** Milliseconds after which those who have waited longest are refused, once a place comes free. */
  patienceMs(now: number): number;
}

/** Makes the order of each new line. */
export function lineOrder(
  order: Order | undefined,
  options: CodelOptions | undefined,
): (now: number) => LineOrder {
  const orders = ['fifo', 'lifo', 'codel', 'adaptive'] as const;
  optionChecks('concurrencyLimiter').oneOf('order', order ?? 'fifo', orders);
  if (options !== undefined) {
    optionChecks('concurrencyLimiter.codel').known(options, ['targetMs', 'intervalMs']);
  }
  codel(options); // refuses wrong numbers now, not when the first line forms
  if (order === 'lifo') return () => LIFO;
  if (order === 'codel') return (now) => new CodelOrder(codel(options, now));
  if (order !== 'adaptive') return () => FIFO;
  const { targetMs = 5, intervalMs = 100 } = options ?? {};
  return (now) => new AdaptiveOrder(targetMs, intervalMs, now);
}

/** First come, first served. */
export const FIFO: LineOrder = {
  takesNewest: () => false,
  drops: () => false,
  patienceMs: () => Infinity,
};
const LIFO: LineOrder = { ...FIFO, takesNewest: () => true };

class CodelOrder implements LineOrder {
  private readonly controller: Codel;

  constructor(controller: Codel) {
    this.controller = controller;
  }

  takesNewest(): boolean {
    return false;
  }

  drops(waitMs: number, now: number): boolean {
    return this.controller.shouldDrop(waitMs, now);
  }

  patienceMs(): number {
    return Infinity;
  }
}

class AdaptiveOrder implements LineOrder {
  private readonly targetMs: number;
  private readonly intervalMs: number;
  /** A line lives while somebody stands in it, so since then it has not been empty. */
  private readonly formedAt: number;

  constructor(targetMs: number, intervalMs: number, now: number) {
    this.targetMs = targetMs;
    this.intervalMs = intervalMs;
    this.formedAt = now;
  }

  takesNewest(now: number): boolean {
    return now - this.formedAt >= this.intervalMs;
  }

  drops(): boolean {
    return false;
  }

  patienceMs(now: number): number {
    return this.takesNewest(now) ? this.targetMs : this.intervalMs;
  }
}

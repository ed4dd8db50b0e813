/**
 * Interleaved weighted round robin: plain turns past a bar, below which a member is passed over; the bar
 * sinks by a step each round and rises again when it meets the ground. For weights from 1 to a maximum
 * that change with every error.
 *
 * Source: LVS, weighted round robin, as undici's BalancedPool has it. Our deviation: where a whole
 * rotation finds nobody above the bar, the bar sinks on instead of staying with the heaviest, which
 * chose the same dead host for good once all weights were 1 (nodejs/undici#4839).
 */

import { greatestCommonDivisor } from './smooth.ts';
import type { TurnOrder } from './order.ts';

/** An order whose weights change. */
export interface InterleavedOrder extends TurnOrder {
  /** Gives a member another weight, 1 … most, whole. */
  weigh(member: number, weight: number): void;
}

export function interleaved(members: number, most: number): InterleavedOrder {
  const weights = new Int32Array(members).fill(most);
  let step = most;
  let bar = 0;
  let turn = -1;
  return {
    weigh: (member, weight) => {
      const fell = weight < weights[member]!;
      weights[member] = weight;
      // As in undici, where only an error makes the step anew: a rise may leave it finer than needed.
      if (fell) step = weights.reduce(greatestCommonDivisor, 0);
    },
    next: () => {
      for (;;) {
        turn = (turn + 1) % members;
        if (turn === 0) {
          bar -= step;
          if (bar <= 0) bar = most;
        }
        if (weights[turn]! >= bar) return turn;
      }
    },
  };
}

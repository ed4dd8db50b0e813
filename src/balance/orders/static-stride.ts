/**
 * Static stride: each member skips the rounds its weight does not entitle it to, so that an order is a
 * counter and nothing else. Many clients that start at different turns stay apart.
 *
 * Source: gRPC, weighted round robin (A58), "static stride scheduler"; weights of 0 count as the mean of
 * the others, and fewer than two above 0 make plain turns.
 */

import type { TurnOrder } from './order.ts';
import { rotation } from './order.ts';

const FULL = 65_535;
const OFFSET = 32_767;

export function staticStride(weights: readonly number[], first = 0): TurnOrder {
  const known = weights.filter((weight) => weight > 0);
  if (known.length < 2) return rotation(weights.length, first);
  const mean = known.reduce((sum, weight) => sum + weight, 0) / known.length;
  const scale = FULL / known.reduce((a, b) => Math.max(a, b));
  const scaled = Uint16Array.from(weights, (weight) => Math.round(scale * (weight || mean)));
  let turn = first;
  return {
    next: () => {
      for (;;) {
        const member = turn % scaled.length;
        const round = Math.floor(turn / scaled.length);
        turn++;
        const weight = scaled[member]!;
        if ((weight * round + member * OFFSET) % FULL >= FULL - weight) return member;
      }
    },
  };
}

/**
 * Earliest deadline first: each member is due again 1 ÷ weight after its last turn. For weights that are
 * not whole or change while turns are taken. O(log members) a turn.
 *
 * Source: Envoy, EdfScheduler, since its `createWithPicks`: equal deadlines go by the time of their
 * making, but the first deadline of each is taken from a trifle more than its weight, so that of two
 * that would be due together the lighter goes first.
 */

import { stableHeap } from '../../core/index.ts';
import type { TurnOrder } from './order.ts';

/** Envoy's trifle (envoyproxy/envoy#31592). */
const TRIFLE = 1e-13;

/** @param weightOf read at each turn of a member, so that a change holds from its next turn on */
export function earliestDeadline(members: number, weightOf: (member: number) => number): TurnOrder {
  const due = stableHeap<number>();
  for (let member = 0; member < members; member++)
    due.push(1 / (weightOf(member) + TRIFLE), member);
  return {
    next: () => {
      const at = due.peekKey();
      const member = due.pop()!;
      due.push(at + 1 / weightOf(member), member);
      return member;
    },
  };
}

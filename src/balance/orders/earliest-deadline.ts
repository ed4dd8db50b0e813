/**
 * Earliest deadline first: each member is due again 1 ÷ weight after its last turn. For weights that are
 * not whole or change while turns are taken. O(log members) a turn.
 *
 * Source: Envoy, EdfScheduler. Equal deadlines go by the time of their making.
 */

import { stableHeap } from '../../core/index.ts';
import type { TurnOrder } from './order.ts';

/** @param weightOf read at each turn of a member, so that a change holds from its next turn on */
export function earliestDeadline(members: number, weightOf: (member: number) => number): TurnOrder {
  const due = stableHeap<number>();
  for (let member = 0; member < members; member++) due.push(1 / weightOf(member), member);
  return {
    next: () => {
      const at = due.peekKey();
      const member = due.pop()!;
      due.push(at + 1 / weightOf(member), member);
      return member;
    },
  };
}

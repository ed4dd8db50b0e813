/** Entries for tests of the pure order. */

import type { Call } from '../../src/core/index.ts';
import type { Entry } from '../../src/queue/order/entry.ts';
import type { Order } from '../../src/queue/order/order.ts';

export interface Named extends Entry {
  readonly name: string;
}

/** An entry that arrives at `arrivedAt`, by default at its rank in ms. */
export function entry(
  name: string,
  rank: number,
  call: Call = {},
  arrivedAt: number = rank,
): Named {
  const links = { lane: undefined, previous: undefined, next: undefined, returnId: -1 };
  return { name, call, priority: call.priority ?? 0, rank, arrivedAt, ...links };
}

/** Serves one after the other to the end, each ending before the next starts. */
export function serveAll(order: Order, now = 0): string[] {
  const names: string[] = [];
  for (let head = order.peek(now); head !== undefined; head = order.peek(now)) {
    order.ended(head, order.take(head));
    names.push((head as Named).name);
  }
  return names;
}

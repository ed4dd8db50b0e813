/** What a line of waiting work is made of. */

import type { Call, Door, Outcome, Runtime, Slots } from '../core/index.ts';
import type { Order } from './order/order.ts';
import type { Overflow } from './overflow.ts';
import type { Overload } from './overload.ts';
import type { Preemption } from './preemption.ts';
import type { Bookkeeper } from './statistics.ts';

/** How something that ran has ended. */
export interface WorkEnd {
  readonly call: Call;
  readonly outcome: Outcome;
  /** What the work returned, or its error. */
  readonly detail: unknown;
  readonly durationMs: number;
}

/** The parts; what few queues use is undefined unless it was asked for. */
export interface LineParts {
  readonly name: string;
  readonly runtime: Runtime;
  readonly slots: Slots;
  readonly order: Order;
  readonly overflow: Overflow;
  /** Longest wait of anybody, in ms. */
  readonly maxWaitMs: number;
  readonly yieldAfterMs: number;
  /** Whether work that cannot start before its deadline is refused on arrival. */
  readonly refusesHopeless: boolean;
  readonly overload: Overload | undefined;
  readonly preemption: Preemption | undefined;
  readonly rate: Door | undefined;
  readonly books: Bookkeeper | undefined;
  /** What ended work cost, where the order is fair by measured cost. */
  readonly measure: ((end: WorkEnd) => number | undefined) | undefined;
  /** Whether starting and ending need the time even where no deadline does. */
  readonly usesTime: boolean;
}

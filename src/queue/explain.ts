/** Says in words why something in a queue has not run yet. */

import type { TaskDesk } from './desk.ts';
import type { Line } from './line.ts';
import { SeatSlots } from './seat-slots.ts';
import type { StartEstimate, Task, TaskState } from './task.ts';
import { QueueTask } from './task.ts';

/** Why a task is where it is. */
export interface Explanation {
  readonly id: number;
  readonly state: TaskState;
  /** The reason, in a sentence. */
  readonly because: string;
  /** How many go before it; undefined when it does not wait. */
  readonly ahead: number | undefined;
  /** When it is likely to start; undefined when it does not wait or nothing is known. */
  readonly estimate: StartEstimate | undefined;
}

/** @param task a task, or its id: finding the id of a waiting or delayed task costs `O(n)` */
export function explain(
  line: Line,
  desk: TaskDesk,
  task: Task<unknown> | number,
): Explanation | undefined {
  const found = typeof task === 'number' ? find(line, desk, task) : task;
  if (!(found instanceof QueueTask)) return undefined;
  const ahead = found.position();
  const because = ahead === undefined ? reasonOf(line, found) : waitReason(line, found, ahead);
  return { id: found.id, state: found.state, because, ahead, estimate: found.estimate() };
}

function find(line: Line, desk: TaskDesk, id: number): Task<unknown> | undefined {
  for (const waiter of line.waiters()) {
    if (waiter.id === id && waiter instanceof QueueTask) return waiter as QueueTask<unknown>;
  }
  for (const task of desk.delayed) if (task.id === id) return task;
  return undefined;
}

function reasonOf(line: Line, task: QueueTask<unknown>): string {
  const failures = task.extras?.failures ?? 0;
  switch (task.state) {
    case 'delayed':
      return failures > 0
        ? `it failed ${failures} times and waits to be tried again`
        : 'its time has not come';
    case 'running':
      return `it was started, as attempt ${failures + 1}`;
    case 'waiting':
      return 'it is about to be placed';
    case 'succeeded':
    case 'failed':
    case 'cancelled':
    case 'refused':
      return `it has ended: ${task.state} by ${line.parts.name}`;
  }
}

function waitReason(line: Line, task: QueueTask<unknown>, ahead: number): string {
  const { overflow, order, slots } = line.parts;
  if (overflow.isOutside(task)) return 'the line is full, and it waits outside for room';
  const hindrance = line.starter.hindrance ?? order.holds(task);
  if (hindrance !== undefined) return hindrance;
  const taken = slots instanceof SeatSlots ? slots.inUse : line.starter.running;
  const lack = taken < slots.size ? ', and no other is free for it' : '';
  const busy = `${taken} of ${slots.size} slots are taken${lack}`;
  return ahead === 0 ? `${busy}; it is next` : `${busy}; ${ahead} go before it`;
}

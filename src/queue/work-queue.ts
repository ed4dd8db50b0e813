/**
 * The work queue: a bounded line in priority order in front of a number of slots.
 *
 * The order itself is a pure structure (`levels.ts`). This shell gives it a clock, slots, deadlines
 * and cancellation. Everything that waits, waits here: with a pool as `concurrency` there is no second
 * line behind it.
 */

import type { Slots } from '../core/index.ts';
import { optionChecks, STAGE, systemRuntime } from '../core/index.ts';
import { FixedSlots } from './fixed-slots.ts';
import { QueueShell } from './shell.ts';
import type { WorkQueue, WorkQueueLimits, WorkQueueOptions } from './types.ts';

/**
 * Makes a work queue. Greater priorities go first, equals in order of arrival. Work whose deadline
 * has passed never runs: it is rejected with `ERR_EXPIRED` at the deadline. Adding and starting costs
 * `O(1)`, plus `O(log n)` per distinct priority in use and per deadline.
 *
 * ```ts
 * import { workQueue } from 'tenfold';
 *
 * const queue = workQueue({ concurrency: 2, capacity: 100 });
 * const task = queue.add(async () => 'report', { priority: 1 });
 * task.setPriority(9);
 * const text: string = await task;
 * await queue.close();
 * ```
 *
 * @throws OptionError (`ERR_OPTION`) for an option out of range
 */
export function workQueue<R = undefined>(options: WorkQueueOptions<R>): WorkQueue<R> {
  const check = optionChecks('workQueue');
  check.known(options, ['concurrency', 'capacity', 'name', 'runtime']);
  const { concurrency, capacity = Infinity, name = 'queue', runtime = systemRuntime() } = options;
  const fixed =
    typeof concurrency === 'object'
      ? undefined
      : new FixedSlots(check.count('concurrency', concurrency));
  const shell = new QueueShell<R>({
    slots: (fixed ?? concurrency) as Slots<R>,
    capacity: check.number('capacity', capacity, CAPACITY),
    name: check.text('name', name),
    runtime,
  });
  const update = (limits: WorkQueueLimits): void => {
    check.known(limits, ['concurrency', 'capacity']);
    if (limits.capacity !== undefined) {
      shell.capacity = check.number('capacity', limits.capacity, CAPACITY);
    }
    if (limits.concurrency === undefined) return;
    if (fixed === undefined) {
      check.refuse('concurrency', 'left to the slots it was given', limits.concurrency);
    } else {
      fixed.resize(check.count('concurrency', limits.concurrency), runtime.now());
    }
  };
  return Object.assign(shell, { update, [STAGE]: shell });
}

const CAPACITY = Object.freeze({ min: 0, integer: true, infinite: true });

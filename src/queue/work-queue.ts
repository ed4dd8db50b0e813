/**
 * The work queue: a bounded line in front of a number of slots, which decides what runs next and what
 * is not worth running any more. Everything that waits, waits here: with a pool as `concurrency` there is
 * no second line behind it.
 */

import type { Call, Work } from '../core/index.ts';
import { optionChecks, STAGE } from '../core/index.ts';
import { Closing } from './closing.ts';
import { TaskDesk } from './desk.ts';
import { explain } from './explain.ts';
import { Line } from './line.ts';
import type { TaskCall } from './task.ts';
import type { WorkQueue, WorkQueueOptions } from './types.ts';
import { checkedParts } from './work-queue-options.ts';

/**
 * Makes a work queue. Greater priorities go first, equals in order of arrival. Work whose deadline
 * has passed never runs: it is rejected with `ERR_EXPIRED` at the deadline. Adding and starting costs
 * O(1), plus `O(log n)` per distinct priority in use, per flow and per deadline.
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
  const { parts, pauseFlow, retry, update } = checkedParts(options);
  const { order, overflow, overload, slots, books, runtime } = parts;
  const line = new Line(parts);
  const desk = new TaskDesk(line, retry);
  const closing = new Closing(line, desk);

  const add = <T>(work: Work<T, R>, call?: TaskCall): ReturnType<typeof desk.add<T>> =>
    desk.add(work as Work<T, unknown>, call);
  const setPaused = (isPaused: boolean, flow: string | undefined): void => {
    if (flow === undefined) line.starter.isPaused = isPaused;
    else pauseFlow(flow, isPaused);
    if (!isPaused) line.slotFreed(line.clock());
  };
  const isIdle = (): boolean =>
    line.backlog === 0 && line.starter.running === 0 && desk.delayed.size === 0;
  const close: WorkQueue<R>['close'] = async (given = {}) =>
    closing.begin(given, () => {
      order.resumeAll();
      setPaused(false, undefined);
    });

  runtime.enrol({
    waiting: () => {
      if (isIdle()) return undefined;
      const paused = line.starter.isPaused ? ', paused' : '';
      return `queue ${parts.name}: ${line.backlog} waiting, ${line.starter.running} running${paused}`;
    },
  });

  return {
    name: parts.name,
    statistics: books,
    add,
    run: <T>(work: Work<T, R & undefined>, call?: Call) => add(work as Work<T, R>, call).promise,
    pause: (flow) => setPaused(true, flow),
    resume: (flow) => setPaused(false, flow),
    idle: () => line.moments.when(isIdle),
    empty: () => line.moments.when(() => line.backlog === 0),
    whenBelow: async (count) => {
      optionChecks('workQueue').count('whenBelow', count);
      await line.moments.when(() => line.backlog < count);
    },
    explain: (task) => explain(line, desk, task),
    deadLetters: () => [...(retry?.deadLetters ?? [])],
    update: (limits) => update(limits, line),
    snapshot: () => ({
      waiting: line.backlog,
      delayed: desk.delayed.size,
      running: line.starter.running,
      concurrency: slots.size,
      capacity: overflow.capacity,
      isPaused: line.starter.isPaused,
      isOverloaded: overload?.codel.isOverloaded ?? false,
      entered: line.tally.entered,
      started: line.starter.started,
      refused: line.tally.refused,
      expired: line.tally.expired,
    }),
    close,
    [STAGE]: {
      name: parts.name,
      kind: 'queue',
      runtime,
      enter: (call, now) => line.enter(call, now),
    },
    [Symbol.asyncDispose]: async () => void (await close()),
  };
}

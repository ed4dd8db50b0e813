/**
 * A runner follows one running task at a time and is used again for the next, so that a task costs no
 * closure of its own.
 */

import type { FlightCall, Lease, Outcome } from '../core/index.ts';
import { outcomeOf, TOKEN } from '../core/index.ts';
import { isStream, watchStream } from '../core/stream.ts';
import { isThenable } from '../core/thenable.ts';
import type { Bill } from './order/order.ts';
import type { QueueTask, TaskRunner } from './task.ts';
import type { Holding, Waiter } from './waiter.ts';

/** What runners ask of the queue. */
export interface RunnerRoom {
  /** The work failed: true when the queue takes the task back, to try it again. */
  takesBackFailed(task: QueueTask<unknown>, held: Holding, error: unknown): boolean;
  /** The work answered: true when that only meant a pause and the queue takes the task back. */
  takesBackPaused(task: QueueTask<unknown>, held: Holding, value: unknown): boolean;
  /** What ran has ended. */
  ended(waiter: Waiter, held: Holding, outcome: Outcome, detail?: unknown, now?: number): void;
  /** The runner is free again. */
  freed(runner: Runner): void;
}

export class Runner implements Holding, TaskRunner {
  call: FlightCall | undefined = undefined;
  lease!: Lease<unknown>;
  bill: Bill | undefined = undefined;
  startedAt = 0;
  /** The next of those that are free, while it is free itself. */
  nextFree: Runner | undefined = undefined;
  private readonly room: RunnerRoom;
  private task: QueueTask<unknown> | undefined = undefined;
  private readonly onValue = (value: unknown): void => this.answered(value);
  private readonly onError = (error: unknown): void => this.failed(error);

  constructor(room: RunnerRoom) {
    this.room = room;
  }

  /** The next task is started with this very runner. */
  letGo(): void {
    this.task = undefined;
    this.call = undefined;
    this.room.freed(this);
  }

  run(
    task: QueueTask<unknown>,
    lease: Lease<unknown>,
    bill: Bill | undefined,
    startedAt: number,
  ): void {
    this.task = task;
    this.lease = lease;
    this.bill = bill;
    this.startedAt = startedAt;
    let result: unknown;
    let isPending: boolean;
    try {
      result = task.launch(this, lease.resource);
      isPending = isThenable(result);
    } catch (error) {
      this.failed(error);
      return;
    }
    if (isPending) {
      // Promise.resolve hands a promise through, and makes an honest one of anything else.
      Promise.resolve(result).then(this.onValue, this.onError);
    } else {
      this.answered(result);
    }
  }

  private answered(value: unknown): void {
    const task = this.task as QueueTask<unknown>;
    if (typeof value === 'object' && value !== null) {
      if (isStream(value)) {
        this.follow(task, value);
        return;
      }
      if (task.state === 'running' && this.room.takesBackPaused(task, this, value)) return;
    }
    task.succeed(value);
    // A caller who gave up was answered then; what came too late counts for nobody.
    this.room.ended(task, this, task.state === 'cancelled' ? 'cancelled' : 'success', value);
  }

  private failed(error: unknown): void {
    const task = this.task as QueueTask<unknown>;
    const outcome = outcomeOf(error, this.call?.[TOKEN]);
    const mayTryAgain = task.state === 'running' && outcome === 'failure';
    if (mayTryAgain && this.room.takesBackFailed(task, this, error)) return;
    task.fail(error);
    this.room.ended(task, this, outcome, error);
  }

  /** Work that answers with a stream has its slot until the stream has ended. */
  private follow(task: QueueTask<unknown>, stream: AsyncIterable<unknown>): void {
    let outcome: Outcome = 'success';
    let detail: unknown = undefined;
    const watched = watchStream(stream, {
      asked: () => undefined,
      arrived: () => undefined,
      ended: (end, last) => {
        outcome = end === 'success' ? end : outcomeOf(last, this.call?.[TOKEN]);
        detail = last;
      },
      quiet: () => {
        if (outcome === 'success') task.succeed(undefined);
        else task.fail(detail);
        this.room.ended(task, this, outcome, detail);
      },
    });
    if (task.state === 'running')
      task.answerWithStream(watched.answer, (reason) => watched.stop(reason));
    else watched.stop(undefined);
  }
}

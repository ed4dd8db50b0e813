/** Where tasks are handed in, looked after while they run, and tried again or paused. */

import type { Call, Lease, Outcome, Runtime, Work } from '../core/index.ts';
import { refusalError, watchCall } from '../core/index.ts';
import { Contexts } from './contexts.ts';
import type { Line } from './line.ts';
import type { Bill } from './order/order.ts';
import type { Preemption } from './preemption.ts';
import { QueueTurn, turnsOf } from './preemption.ts';
import { isNoNumber } from './refusals.ts';
import type { TaskRetry } from './retry.ts';
import type { RunnerRoom } from './runner.ts';
import { Runner } from './runner.ts';
import type { StartEstimate, Task, TaskCall, TaskRoom } from './task.ts';
import { Deferral, QueueTask, TaskExtras } from './task.ts';
import type { Holding, Waiter } from './waiter.ts';

const NO_CALL: TaskCall = Object.freeze({});

/** Whether what was handed in cannot be a task. */
function isWrong(
  { work, priority, call }: { readonly work: unknown; readonly priority: unknown; call: Call },
  startAt: unknown,
): boolean {
  if (typeof work !== 'function' || isNoNumber(priority)) return true;
  if (call.deadline !== undefined && isNoNumber(call.deadline)) return true;
  return startAt !== undefined && !Number.isFinite(startAt);
}

export class TaskDesk implements TaskRoom, RunnerRoom {
  /** Tasks whose time has not come, or that wait to be tried again. */
  readonly delayed: Set<QueueTask<unknown>> = new Set<QueueTask<unknown>>();
  readonly deferral: Deferral = new Deferral();
  readonly contexts: Contexts = new Contexts();
  /** True once a closed queue has given its report: nothing comes back into line any more. */
  isOver = false;
  private readonly line: Line;
  private readonly runtime: Runtime;
  private readonly retry: TaskRetry | undefined;
  private readonly preemption: Preemption | undefined;
  private freeRunner: Runner | undefined = undefined;
  /** Open tasks by their de-duplication key. */
  private readonly byDedupeKey = new Map<string, QueueTask<unknown>>();

  constructor(line: Line, retry: TaskRetry | undefined) {
    this.line = line;
    this.runtime = line.parts.runtime;
    this.retry = retry;
    this.preemption = line.parts.preemption;
  }

  add<T>(work: Work<T, unknown>, given?: TaskCall | null): Task<T> {
    const call = given ?? NO_CALL;
    const { dedupeKey, startAt } = call;
    const twin = dedupeKey === undefined ? undefined : this.byDedupeKey.get(dedupeKey);
    if (twin !== undefined) return twin as Task<T>;
    const { line } = this;
    const now = startAt === undefined ? line.arrivalTime(call) : this.runtime.now();
    const task = new QueueTask<T>(this, work, call, line.tally.enterNext(), now);
    if (line.isClosed) task.turnAway(line.no.closedError());
    else if (isWrong(task, startAt)) task.turnAway(line.no.wrong(task, startAt));
    else task.watch = watchCall(call, task);
    if (task.state !== 'waiting') return task;
    if (dedupeKey !== undefined) this.rememberKey(task as QueueTask<unknown>, dedupeKey);
    if (startAt === undefined || startAt <= now) this.admit(task as QueueTask<unknown>, now);
    else if (startAt < (call.deadline ?? Infinity)) this.delay(task as QueueTask<unknown>, startAt);
    else task.turnAway(refusalError(line.no.expired(call.deadline as number)));
    return task;
  }

  run(task: QueueTask<unknown>, lease: Lease<unknown>, bill: Bill | undefined, now: number): void {
    if (this.preemption !== undefined && turnsOf(task.work) !== undefined) {
      task.extras ??= new TaskExtras();
      task.extras.turn = new QueueTurn(task.extras.saved);
      this.preemption.started({ entry: task, turn: task.extras.turn });
    }
    const runner = this.freeRunner ?? new Runner(this);
    this.freeRunner = runner.nextFree;
    runner.run(task, lease, bill, now);
  }

  freed(runner: Runner): void {
    runner.nextFree = this.freeRunner;
    this.freeRunner = runner;
  }

  ended(task: QueueTask<unknown>, held: Holding, outcome: Outcome, detail: unknown): void {
    this.preemption?.ended(task);
    this.line.ended(task, held, outcome, detail);
  }

  /** A failed task waits out its back-off, if it is to be tried again. */
  takesBackFailed(task: QueueTask<unknown>, held: Holding, error: unknown): boolean {
    if (this.retry === undefined) return false;
    const now = this.runtime.now();
    const delayMs = this.isOver
      ? this.retry.giveUp(task, error, now)
      : this.retry.delayMs(task, error, now);
    if (delayMs === undefined) return false;
    this.preemption?.ended(task);
    task.attemptAgain(task.extras?.failures ?? 0);
    this.delay(task, now + delayMs);
    this.line.suspended(task, held, 'failure', error, now);
    return true;
  }

  /** A task that paused stands in line again at once. */
  takesBackPaused(task: QueueTask<unknown>, held: Holding, value: object): boolean {
    const { turn } = task.extras ?? {};
    if (turn === undefined || turn.pausedWith !== value) return false;
    this.preemption?.ended(task);
    if (this.isOver) {
      task.fail(this.line.no.closedError());
      return false;
    }
    (task.extras as TaskExtras).saved = turn.savedForNext;
    task.state = 'waiting';
    const now = this.line.clock();
    // In line first: its slot is for whoever is now the most urgent, which may be itself.
    this.line.pausedByItself(task, held, now);
    return true;
  }

  rang(waiter: Waiter): void {
    const task = waiter as QueueTask<unknown>;
    if (task.state !== 'delayed') {
      this.line.rang(task);
      return;
    }
    this.delayed.delete(task);
    task.state = 'waiting';
    const now = this.runtime.now();
    if ((task.extras?.failures ?? 0) > 0) {
      this.line.readmit(task, now);
      return;
    }
    task.comeNow(this.line.tally.nextRank(), now);
    this.admit(task, now);
  }

  withdraw(waiter: Waiter): void {
    const task = waiter as QueueTask<unknown>;
    if (task.state === 'delayed') this.dropDelayed(task);
    else this.line.withdraw(task);
  }

  forget(task: QueueTask<unknown>): void {
    const key = task.extras?.dedupeKey;
    if (key !== undefined && this.byDedupeKey.get(key) === task) this.byDedupeKey.delete(key);
  }

  /** A delayed task will not come into line. */
  dropDelayed(task: QueueTask<unknown>): void {
    this.delayed.delete(task);
    this.runtime.disarm(task);
    if ((task.extras?.failures ?? 0) > 0) this.line.abandoned(task);
    this.line.moments.check();
  }

  position(waiter: Waiter): number | undefined {
    const { lane } = waiter;
    return lane === undefined ? undefined : this.line.countAhead(waiter);
  }

  estimate(waiter: Waiter): StartEstimate | undefined {
    const ahead = this.position(waiter);
    return ahead === undefined ? undefined : this.line.starter.pace.estimate(ahead);
  }

  reprioritise(waiter: Waiter, priority: number): boolean {
    if (typeof priority !== 'number' || Number.isNaN(priority)) {
      throw this.line.no.priorityError(priority);
    }
    if ((waiter as QueueTask<unknown>).state === 'delayed') {
      waiter.priority = priority;
      return true;
    }
    return this.line.reprioritise(waiter, priority);
  }

  private admit(task: QueueTask<unknown>, now: number): void {
    // Work that may be started more than once is not always started from here.
    if (this.retry !== undefined || this.preemption !== undefined) task.keepContext();
    const refusal = this.line.admit(task, now);
    if (refusal !== undefined) task.turnAway(refusalError(refusal));
    else if (task.state === 'waiting') task.keepContext();
  }

  private delay(task: QueueTask<unknown>, startAt: number): void {
    task.state = 'delayed';
    task.keepContext();
    this.delayed.add(task);
    this.runtime.armAt(task, startAt);
  }

  private rememberKey(task: QueueTask<unknown>, dedupeKey: string): void {
    task.extras ??= new TaskExtras();
    task.extras.dedupeKey = dedupeKey;
    this.byDedupeKey.set(dedupeKey, task);
  }
}

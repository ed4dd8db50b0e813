/**
 * A task: work handed to a queue, and the handle on it. It can be awaited like a promise, asked for
 * its state, made more or less urgent, and cancelled.
 */

import type { AsyncResource } from 'node:async_hooks';
import type { Call, FlightCall, Lease, Work } from '../core/index.ts';
import { cancelToken, flightCall, TOKEN } from '../core/index.ts';
import type { Contexts } from './contexts.ts';
import type { Bill } from './order/order.ts';
import type { QueueTurn } from './preemption.ts';
import { turnsOf } from './preemption.ts';
import type { WaitingRoom } from './waiter.ts';
import { Waiter } from './waiter.ts';

/**
 * Where a task is on its way.
 *
 * - `delayed`: its time has not come, or it failed and will be tried again.
 * - `waiting`: in line. `running`: its work has been started.
 * - `succeeded`, `failed`: its work answered or failed.
 * - `cancelled`: given up by its caller; the work never ran, or was told to stop.
 * - `refused`: turned away (queue full, expired, closed); the work never ran.
 */
export type TaskState =
  'delayed' | 'waiting' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'refused';

/** A call on its way to a queue, with what only tasks can have. */
export interface TaskCall extends Call {
  /** When the task comes into line, on `runtime.now()`'s axis, in ms. @default at once */
  readonly startAt?: number | undefined;
  /** While a task with this key is open, adding another answers with that one. */
  readonly dedupeKey?: string | undefined;
}

/** When something in line is likely to start. */
export interface StartEstimate {
  /** Milliseconds from now. */
  readonly inMs: number;
  /** Twice the standard error of that, in ms. */
  readonly errorMs: number;
}

/** A handle on work in a queue; `await task` gives what the work returned. */
export interface Task<T> extends PromiseLike<T> {
  /** Counts the tasks of one queue, in order of arrival, from 1. */
  readonly id: number;
  readonly state: TaskState;
  readonly priority: number;
  /** The answer, as a real promise. */
  readonly promise: Promise<T>;
  /**
   * How many go before it: 0 is next; undefined when it does not wait. Exact where priority alone
   * decides, an estimate with ageing, fairness or per-key limits. `O(levels + log n)`; the first
   * question to a priority costs `O(n)`.
   */
  position(): number | undefined;
  /**
   * When it is likely to start, from its position and how fast the line has moved of late. Undefined
   * when it does not wait, or the line has not moved yet.
   */
  estimate(): StartEstimate | undefined;
  /**
   * Makes a task that waits or is delayed more or less urgent. It keeps its rank of arrival: among its new equals it
   * stands where it would stand had it come with this priority. `O(log n)`.
   *
   * @returns false when the task no longer waits
   * @throws OptionError when `priority` is not a number
   */
  setPriority(priority: number): boolean;
  /**
   * Gives the task up: it leaves the line, or its running work's signal aborts; either way the
   * promise rejects with `reason` at once. Running work keeps its slot until it settles.
   *
   * @param reason what the promise rejects with @default an `AbortError`
   * @returns false when the task had already ended; it may be called any number of times
   */
  cancel(reason?: unknown): boolean;
}

/** Hands out the resolve function of the promise that was made last, without a closure for each. */
export class Deferral {
  resolve!: (value: unknown) => void;
  readonly hold = (resolve: (value: never) => void): void => {
    this.resolve = resolve as (value: unknown) => void;
  };
}

/** What tasks ask of their queue. */
export interface TaskRoom extends WaitingRoom {
  readonly deferral: Deferral;
  readonly contexts: Contexts;
  run(task: QueueTask<unknown>, lease: Lease<unknown>, bill: Bill | undefined, now: number): void;
  position(task: Waiter): number | undefined;
  estimate(task: Waiter): StartEstimate | undefined;
  reprioritise(task: Waiter, priority: number): boolean;
  /** The task, which has extras, has ended for its caller. */
  forget(task: QueueTask<unknown>): void;
}

/** Who follows a running task. */
export interface TaskRunner {
  /**
   * The call its work was given. Here, not on the task: an old task that has ended would hold its young
   * call, and the collector would carry every one of them along.
   */
  call: FlightCall | undefined;
}

/** What few tasks have. */
export class TaskExtras {
  /** Its id, where that is not its rank in the line. */
  id: number | undefined = undefined;
  /** How often it has failed. */
  failures = 0;
  dedupeKey: string | undefined = undefined;
  /** There once the task has answered with a stream: ends it. */
  stopStream: ((reason: unknown) => void) | undefined = undefined;
  /** There while preemptible work runs, and what it saved when it paused. */
  turn: QueueTurn | undefined = undefined;
  saved: unknown = undefined;
}

/** The queue's side of {@link Task}. */
export class QueueTask<T> extends Waiter implements Task<T> {
  declare protected readonly room: TaskRoom;
  declare state: TaskState;
  declare readonly promise: Promise<T>;
  declare readonly work: Work<T, unknown>;
  declare extras: TaskExtras | undefined;
  /** Rejects, too, when it is given a rejected promise: one closure less per task. */
  declare private resolve: (value: T | PromiseLike<T>) => void;
  /** The adder's async context, kept only while somebody else will start the work. */
  declare private context: AsyncResource | undefined;
  /** There while it runs. */
  declare private runner: TaskRunner | undefined;

  constructor(room: TaskRoom, work: Work<T, unknown>, call: Call, rank: number, now: number) {
    super(room, call, rank, now);
    this.state = 'waiting';
    this.work = work;
    this.extras = undefined;
    this.context = undefined;
    this.runner = undefined;
    this.promise = new Promise<T>(room.deferral.hold);
    this.resolve = room.deferral.resolve;
  }

  override get id(): number {
    return this.extras?.id ?? this.rank;
  }

  override get hasRunBefore(): boolean {
    const { extras } = this;
    return extras !== undefined && (extras.failures > 0 || extras.turn !== undefined);
  }

  /** Its time has come: it stands behind those who are there, and has waited for nothing so far. */
  comeNow(rank: number, now: number): void {
    this.extras ??= new TaskExtras();
    this.extras.id = this.rank;
    this.rank = rank;
    this.arrivedAt = now;
  }

  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.promise.then(onFulfilled, onRejected);
  }

  position(): number | undefined {
    return this.room.position(this);
  }

  estimate(): StartEstimate | undefined {
    return this.room.estimate(this);
  }

  setPriority(priority: number): boolean {
    return this.room.reprioritise(this, priority);
  }

  cancel(reason: unknown = new DOMException('the task was cancelled', 'AbortError')): boolean {
    if (!this.isOpen) return false;
    this.promise.catch(() => undefined); // whoever cancels knows
    this.watch?.end();
    this.cancelled(reason);
    return true;
  }

  /** True until it has ended, one way or another. */
  get isOpen(): boolean {
    return this.state === 'waiting' || this.state === 'running' || this.state === 'delayed';
  }

  /** Remembers the async context of the caller, for work that is not started at once. */
  keepContext(): void {
    this.context ??= this.room.contexts.keep(this.promise);
  }

  override begin(lease: Lease<unknown>, bill: Bill | undefined, now: number): void {
    this.state = 'running';
    this.room.run(this as QueueTask<unknown>, lease, bill, now);
  }

  /** Starts the work, in the context of whoever added it. */
  launch(runner: TaskRunner, resource: unknown): T | PromiseLike<T> {
    this.runner = runner;
    const { context } = this;
    if (context === undefined) return this.start(resource);
    return this.room.contexts.run(context, startTask<T>, this, resource);
  }

  start(resource: unknown): T | PromiseLike<T> {
    const call = flightCall(this.call, undefined);
    (this.runner as TaskRunner).call = call;
    return this.extras?.turn === undefined
      ? this.work(call, resource)
      : this.takeTurn(call, resource);
  }

  private takeTurn(call: FlightCall, resource: unknown): T {
    return turnsOf(this.work)?.(call, resource, this.extras?.turn as QueueTurn) as T;
  }

  /** The work has answered. A cancellation that came first has already answered the caller. */
  succeed(value: T): void {
    if (this.state !== 'running') return;
    this.state = 'succeeded';
    this.watch?.end();
    if (this.extras !== undefined) this.room.forget(this as QueueTask<unknown>);
    this.resolve(value);
  }

  /** Takes the task back before its next attempt. */
  attemptAgain(failures: number): void {
    this.call = { ...this.call, attempt: failures + 1 };
  }

  /** The work has answered with a stream, which goes on. */
  answerWithStream(stream: unknown, stop: (reason: unknown) => void): void {
    this.extras ??= new TaskExtras();
    this.extras.stopStream = stop;
    this.resolve(stream as T);
  }

  fail(error: unknown): void {
    if (this.state === 'running') this.close('failed', error);
  }

  override turnAway(error: unknown): void {
    this.close('refused', error);
  }

  override cancelled(reason: unknown): void {
    const { state } = this;
    if (state === 'waiting' || state === 'delayed') this.room.withdraw(this);
    this.close('cancelled', reason);
    if (state !== 'running') return;
    const call = this.runner?.call as FlightCall;
    (call[TOKEN] ??= cancelToken()).cancel(reason);
    this.extras?.stopStream?.(reason);
  }

  private close(state: TaskState, error: unknown): void {
    this.state = state;
    this.watch?.end();
    this.context = undefined;
    if (this.extras !== undefined) this.room.forget(this as QueueTask<unknown>);
    // Who reads a stream hears of its failure there.
    if (this.extras?.stopStream === undefined) this.resolve(Promise.reject(error));
  }
}

/** As a function of its own, since a closure would be made for every task. */
function startTask<T>(task: QueueTask<T>, resource: unknown): T | PromiseLike<T> {
  return task.start(resource);
}

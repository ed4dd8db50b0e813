/**
 * A task: work handed to a queue, and the handle on it. It can be awaited like a promise, asked for
 * its state, made more or less urgent, and cancelled.
 */

import { AsyncResource } from 'node:async_hooks';
import type { Call, FlightCall, Lease, Outcome, Work } from '../core/index.ts';
import { cancelToken, flightCall, outcomeOf, TOKEN } from '../core/index.ts';
import type { SlotHolder } from './door.ts';
import type { WaitingRoom } from './waiter.ts';
import { Waiter } from './waiter.ts';

/**
 * Where a task is on its way.
 *
 * - `waiting`: in line. `running`: its work has been started.
 * - `succeeded`, `failed`: its work answered or failed.
 * - `cancelled`: given up by its caller; the work never ran, or was told to stop.
 * - `refused`: turned away (queue full, expired, closed); the work never ran.
 */
export type TaskState = 'waiting' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'refused';

/** A handle on work in a queue; `await task` gives what the work returned. */
export interface Task<T> extends PromiseLike<T> {
  /** Counts the tasks of one queue, in order of arrival, from 1. */
  readonly id: number;
  readonly state: TaskState;
  readonly priority: number;
  /** The answer, as a real promise. */
  readonly promise: Promise<T>;
  /**
   * Gives the task up: it leaves the line, or its running work's signal aborts; either way the
   * promise rejects with `reason` at once. Running work keeps its slot until it settles.
   *
   * @param reason what the promise rejects with @default an `AbortError`
   * @returns false when the task had already ended; it may be called any number of times
   */
  cancel(reason?: unknown): boolean;
  /**
   * Makes a waiting task more or less urgent. It keeps its rank of arrival: among its new equals it
   * stands where it would stand had it come with this priority. `O(log n)`.
   *
   * @returns false when the task no longer waits
   */
  setPriority(priority: number): boolean;
}

/** The shell's side of {@link Task}. */
export class QueueTask<T> extends Waiter implements Task<T> {
  state: TaskState = 'waiting';
  readonly promise: Promise<T>;
  declare protected readonly room: TaskRoom;
  private readonly work: Work<T, unknown>;
  declare private resolve: (value: T | PromiseLike<T>) => void;
  declare private reject: (error: unknown) => void;
  /** The adder's async context, kept only while somebody else will start the work. */
  private context: AsyncResource | undefined = undefined;
  private lease: Lease<unknown> | undefined = undefined;

  constructor(room: TaskRoom, work: Work<T, unknown>, call: Call, rank: number, now: number) {
    super(room, call, rank, now);
    this.work = work;
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  get id(): number {
    return this.rank;
  }

  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.promise.then(onFulfilled, onRejected);
  }

  cancel(reason: unknown = new DOMException('the task was cancelled', 'AbortError')): boolean {
    if (this.state !== 'waiting' && this.state !== 'running') return false;
    this.promise.catch(() => undefined); // whoever cancels knows
    this.cancelled(reason);
    return true;
  }

  setPriority(priority: number): boolean {
    return this.room.reprioritise(this, priority);
  }

  /** Remembers the async context of `add`, for work that is not started at once. */
  keepContext(): void {
    this.context = new AsyncResource('tenfold.task', KEEP);
  }

  override begin(lease: Lease<unknown>): void {
    const { context } = this;
    this.lease = lease;
    this.state = 'running';
    if (context === undefined) {
      this.launch();
      return;
    }
    this.context = undefined;
    context.runInAsyncScope(() => this.launch());
  }

  override turnAway(error: unknown): void {
    this.state = 'refused';
    this.watch?.end();
    this.context = undefined;
    this.reject(error);
  }

  override cancelled(reason: unknown): void {
    if (this.state === 'waiting') {
      this.room.withdraw(this, reason);
      this.state = 'cancelled';
    } else if (this.state === 'running') {
      this.state = 'cancelled';
      this.reject(reason);
      const call = this.call as FlightCall;
      (call[TOKEN] ??= cancelToken()).cancel(reason);
    }
  }

  private launch(): void {
    const call = flightCall(this.call, undefined);
    this.call = call;
    let result: T | PromiseLike<T>;
    let pending: boolean;
    try {
      result = this.work(call, this.lease?.resource);
      pending = isThenable(result);
    } catch (error) {
      this.settle(outcomeOf(error, call[TOKEN]), error);
      return;
    }
    if (pending) void this.follow(result, call);
    else this.settle('success', result);
  }

  private async follow(result: T | PromiseLike<T>, call: FlightCall): Promise<void> {
    let value: T;
    try {
      value = await result;
    } catch (error) {
      this.settle(outcomeOf(error, call[TOKEN]), error);
      return;
    }
    this.settle('success', value);
  }

  /** The work has settled: answers, unless a cancellation did, and gives the slot back. */
  private settle(outcome: Outcome, detail: unknown): void {
    if (this.state === 'running') {
      this.watch?.end();
      this.state = outcome === 'success' ? 'succeeded' : 'failed';
      if (outcome === 'success') this.resolve(detail as T);
      else this.reject(detail);
    }
    const { lease } = this;
    this.lease = undefined;
    this.room.giveBack(lease as Lease<unknown>, outcome, detail);
  }
}

/** What tasks ask of their queue. */
export interface TaskRoom extends WaitingRoom, SlotHolder {
  reprioritise(task: Waiter, priority: number): boolean;
}

const KEEP = Object.freeze({ requireManualDestroy: true });

function isThenable(value: unknown): boolean {
  return (
    value !== null &&
    (typeof value === 'object' || typeof value === 'function') &&
    typeof (value as Partial<PromiseLike<unknown>>).then === 'function'
  );
}

/** Those who wait for a worker at the pool itself: by priority, then by arrival. */

import type { Alarm, Call, CallWatch, Cancellable, Lease, Runtime } from '../core/index.ts';
import { stableHeap, watchCall } from '../core/index.ts';

/** The line of one pool. */
export class AcquireLine<R> {
  private readonly heap = stableHeap<AcquireWaiter<R>>();
  private readonly runtime: Runtime;
  private readonly expired: (deadline: number) => Error;

  /** @param expired makes the error of a call whose deadline came */
  constructor(runtime: Runtime, expired: (deadline: number) => Error) {
    this.runtime = runtime;
    this.expired = expired;
  }

  get size(): number {
    return this.heap.size;
  }

  /** The first call in line. */
  peek(): Call | undefined {
    return this.heap.peek()?.call;
  }

  /** Waits in line until `serve` or `turnAway`, the call's deadline or its cancellation. */
  wait(call: Call): Promise<Lease<R>> {
    const waiter = new AcquireWaiter<R>(this, call);
    waiter.id = this.heap.push(-(call.priority ?? 0), waiter);
    if (call.deadline !== undefined) this.runtime.armAt(waiter, call.deadline);
    waiter.watch = watchCall(call, waiter);
    return waiter.promise;
  }

  /** Gives the first in line a lease. */
  serve(lease: Lease<R>): void {
    const waiter = this.heap.pop();
    if (waiter === undefined) return;
    this.letGo(waiter);
    waiter.resolve(lease);
  }

  /** Turns everybody away. */
  turnAway(error: () => Error): void {
    for (let waiter = this.heap.pop(); waiter !== undefined; waiter = this.heap.pop()) {
      this.letGo(waiter);
      waiter.reject(error());
    }
  }

  leave(waiter: AcquireWaiter<R>, reason: unknown): void {
    this.heap.remove(waiter.id);
    this.letGo(waiter);
    waiter.reject(reason);
  }

  expire(waiter: AcquireWaiter<R>): void {
    this.leave(waiter, this.expired(waiter.call.deadline as number));
  }

  private letGo(waiter: AcquireWaiter<R>): void {
    waiter.watch?.end();
    if (waiter.alarmId >= 0) this.runtime.disarm(waiter);
  }
}

class AcquireWaiter<R> implements Alarm, Cancellable {
  id = -1;
  alarmId = -1;
  watch: CallWatch | undefined = undefined;
  readonly call: Call;
  declare resolve: (lease: Lease<R>) => void;
  declare reject: (error: unknown) => void;
  readonly promise: Promise<Lease<R>> = new Promise<Lease<R>>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
  private readonly line: AcquireLine<R>;

  constructor(line: AcquireLine<R>, call: Call) {
    this.line = line;
    this.call = call;
  }

  ring(): void {
    this.line.expire(this);
  }

  cancelled(reason: unknown): void {
    this.line.leave(this, reason);
  }
}

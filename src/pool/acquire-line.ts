/** Those who wait for a worker at the pool itself: by priority, then by arrival, in each lot. */

import type {
  Alarm,
  Call,
  CallWatch,
  Cancellable,
  Lease,
  Runtime,
  StableHeap,
} from '../core/index.ts';
import { stableHeap, watchCall } from '../core/index.ts';

/** Who asks for a worker, and for what. */
export interface Asking {
  readonly call: Call;
  readonly lot: string;
  /** Where it asked, where leaks are looked for. */
  readonly place: Error | undefined;
}

/** The line of one pool. */
export class AcquireLine<R> {
  size = 0;
  /** By lot; some in which nobody waits any more are kept for the next. */
  private readonly lots = new Map<string, StableHeap<AcquireWaiter<R>>>();
  private lastRank = 0;
  private readonly runtime: Runtime;
  private readonly expired: (deadline: number) => Error;

  /** @param expired makes the error of a call whose deadline came */
  constructor(runtime: Runtime, expired: (deadline: number) => Error) {
    this.runtime = runtime;
    this.expired = expired;
  }

  /** How many wait in `lot`. */
  sizeOf(lot: string): number {
    return this.lots.get(lot)?.size ?? 0;
  }

  *waitingByLot(): Iterable<readonly [lot: string, waiting: number]> {
    for (const [lot, { size }] of this.lots) if (size > 0) yield [lot, size];
  }

  /** Waits in line until `serve` or `turnAway`, the call's deadline or its cancellation. */
  wait(asking: Asking): Promise<Lease<R>> {
    const { call, lot } = asking;
    const waiter = new AcquireWaiter<R>(this, asking);
    let heap = this.lots.get(lot);
    if (heap === undefined) {
      this.forgetEmpty();
      this.lots.set(lot, (heap = stableHeap<AcquireWaiter<R>>()));
    }
    waiter.rank = ++this.lastRank;
    waiter.id = heap.push(-(call.priority ?? 0), waiter);
    this.size++;
    if (call.deadline !== undefined) this.runtime.armAt(waiter, call.deadline);
    waiter.watch = watchCall(call, waiter);
    return waiter.promise;
  }

  /** The first of each lot, the most urgent first. */
  heads(): readonly AcquireWaiter<R>[] {
    const heads: AcquireWaiter<R>[] = [];
    for (const heap of this.lots.values()) {
      const head = heap.peek();
      if (head !== undefined) heads.push(head);
    }
    if (heads.length > 1) heads.sort((a, b) => b.priority - a.priority || a.rank - b.rank);
    return heads;
  }

  /** Gives `waiter` its lease. */
  serve(waiter: AcquireWaiter<R>, lease: Lease<R>): void {
    this.letGo(waiter);
    waiter.resolve(lease);
  }

  /** Turns everybody away, or everybody in one lot. */
  turnAway(error: () => Error, lot?: string): void {
    const heaps = lot === undefined ? [...this.lots.values()] : [this.lots.get(lot)];
    for (const waiter of heaps.flatMap((heap) => heap?.values() ?? [])) {
      this.letGo(waiter);
      waiter.reject(error());
    }
  }

  leave(waiter: AcquireWaiter<R>, reason: unknown): void {
    this.letGo(waiter);
    waiter.reject(reason);
  }

  expire(waiter: AcquireWaiter<R>): void {
    this.leave(waiter, this.expired(waiter.call.deadline as number));
  }

  private letGo(waiter: AcquireWaiter<R>): void {
    const heap = this.lots.get(waiter.lot);
    if (heap?.remove(waiter.id) === undefined) return;
    this.size--;
    waiter.watch?.end();
    if (waiter.alarmId >= 0) this.runtime.disarm(waiter);
  }

  private forgetEmpty(): void {
    if (this.lots.size < SPARE_LOTS) return;
    for (const [name, heap] of this.lots) if (heap.size === 0) this.lots.delete(name);
  }
}

/** Lots kept though nobody waits in them, since most are soon used again. */
const SPARE_LOTS = 64;

export class AcquireWaiter<R> implements Asking, Alarm, Cancellable {
  id = -1;
  /** Of arrival, over all lots. */
  rank = 0;
  alarmId = -1;
  watch: CallWatch | undefined = undefined;
  readonly call: Call;
  readonly lot: string;
  readonly place: Error | undefined;
  declare resolve: (lease: Lease<R>) => void;
  declare reject: (error: unknown) => void;
  readonly promise: Promise<Lease<R>> = new Promise<Lease<R>>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
  private readonly line: AcquireLine<R>;

  constructor(line: AcquireLine<R>, { call, lot, place }: Asking) {
    this.line = line;
    this.call = call;
    this.lot = lot;
    this.place = place;
  }

  get priority(): number {
    return this.call.priority ?? 0;
  }

  ring(): void {
    this.line.expire(this);
  }

  cancelled(reason: unknown): void {
    this.line.leave(this, reason);
  }
}

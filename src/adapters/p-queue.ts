/**
 * p-queue, versions 9 and 10: our order inside it, or the whole of it as a policy.
 *
 * p-queue keeps what waits in a sorted array, where putting in, moving and taking out cost `O(n)`;
 * with our order they cost `O(log n)`, and it gains fairness and ageing. It tells its order when
 * something starts but not when it ends, hence no limits on what runs and no measured costs here.
 */

import type { Call, Policy, Runtime, Work } from '../core/index.ts';
import { optionChecks, systemRuntime, TOKEN, workCall } from '../core/index.ts';
import type { AgeingOptions, FairOptions } from '../queue/index.ts';
import type { Entry } from '../queue/order/entry.ts';
import type { Order } from '../queue/order/order.ts';
import { checkedOrder } from '../queue/order-options.ts';

export interface PQueueOrderOptions {
  /** @default no ageing: strict priorities */
  readonly ageing?: AgeingOptions;
  /** Shares between tenants, by what `add` is told: `{ tenant: 'acme' }`. @default none */
  readonly fair?: Omit<FairOptions, 'cost' | 'concurrency'>;
  readonly runtime?: Runtime;
}

/** What `add` of a p-queue may be told, and all that a call may say. */
type AddOptions = Omit<Call, 'signal'> & { readonly id?: string };
type RunFunction = () => Promise<unknown>;

/** The line of a p-queue: what it expects of a `queueClass`. */
export interface PQueueLine {
  readonly size: number;
  enqueue(run: RunFunction, options?: AddOptions): void;
  dequeue(): RunFunction | undefined;
  filter(options: Readonly<AddOptions>): RunFunction[];
  setPriority(id: string, priority: number): void;
  remove(idOrRun: string | RunFunction): void;
}

/**
 * Makes a `queueClass` for p-queue that goes by our order.
 *
 * ```ts
 * import PQueue, { type QueueAddOptions } from 'p-queue';
 * import { pQueueOrder, type PQueueLine } from 'tenfold/adapters';
 *
 * const queue = new PQueue<PQueueLine, QueueAddOptions & { tenant?: string }>({
 *   concurrency: 8,
 *   queueClass: pQueueOrder({ fair: { by: 'tenant' } }),
 * });
 * await queue.add(async () => 'report', { tenant: 'acme', priority: 1 });
 * ```
 *
 * @throws OptionError (`ERR_OPTION`) for an option out of range
 */
export function pQueueOrder(options: PQueueOrderOptions = {}): new () => PQueueLine {
  const check = optionChecks('pQueueOrder');
  check.known(options, ['ageing', 'fair', 'runtime']);
  const { runtime = systemRuntime(), ...order } = options;
  const usesTime = options.ageing !== undefined;
  const makeOrder = (): Order => checkedOrder(order, { check, runtime, name: 'p-queue' });
  makeOrder();
  return class extends OrderedLine {
    constructor() {
      super(makeOrder(), usesTime ? () => runtime.now() : () => 0);
    }
  };
}

interface PQueueEntry extends Entry {
  readonly id: string | undefined;
  readonly run: RunFunction;
}

class OrderedLine implements PQueueLine {
  private readonly order: Order;
  private readonly clock: () => number;
  private readonly byId = new Map<string, PQueueEntry>();
  private readonly byRun = new Map<RunFunction, PQueueEntry>();
  private lastRank = 0;

  constructor(order: Order, clock: () => number) {
    this.order = order;
    this.clock = clock;
  }

  get size(): number {
    return this.order.size;
  }

  enqueue(run: RunFunction, options: AddOptions = {}): void {
    const { id, priority = 0 } = options;
    const links = { lane: undefined, previous: undefined, next: undefined, returnId: -1 };
    const rank = ++this.lastRank;
    const entry = { id, run, call: options, priority, rank, arrivedAt: this.clock(), ...links };
    if (id !== undefined) this.byId.set(id, entry);
    this.byRun.set(run, entry);
    this.order.push(entry);
  }

  dequeue(): RunFunction | undefined {
    const entry = this.order.peek(this.clock()) as PQueueEntry | undefined;
    if (entry === undefined) return undefined;
    this.order.ended(entry, this.order.take(entry));
    this.forget(entry);
    return entry.run;
  }

  filter({ priority = 0 }: Readonly<AddOptions>): RunFunction[] {
    const entries = [...this.order.entries()] as PQueueEntry[];
    return entries
      .filter((entry) => entry.priority === priority)
      .sort((a, b) => a.rank - b.rank)
      .map(({ run }) => run);
  }

  setPriority(id: string, priority: number): void {
    const entry = this.byId.get(id);
    if (entry === undefined) {
      throw new ReferenceError(`No promise function with the id "${id}" exists in the queue.`);
    }
    this.order.reprioritise(entry, priority);
  }

  remove(idOrRun: string | RunFunction): void {
    const isId = typeof idOrRun === 'string';
    const entry = isId ? this.byId.get(idOrRun) : this.byRun.get(idOrRun);
    if (entry === undefined) return;
    this.order.remove(entry);
    this.forget(entry);
  }

  private forget({ id, run }: PQueueEntry): void {
    if (id !== undefined) this.byId.delete(id);
    this.byRun.delete(run);
  }
}

/** What a policy needs of a p-queue. */
export interface PQueuePort {
  add(
    work: () => Promise<unknown>,
    options?: Partial<{ readonly priority: number; readonly signal: AbortSignal }>,
  ): Promise<unknown>;
}

/**
 * Runs work in a p-queue that is there already, so that it can stand in `compose` beside our policies.
 *
 * ```ts
 * import PQueue from 'p-queue';
 * import { compose, timeout } from 'tenfold';
 * import { pQueuePolicy } from 'tenfold/adapters';
 *
 * const guard = compose(pQueuePolicy(new PQueue({ concurrency: 8 })), timeout({ ms: 2_000 }));
 * const answer: string = await guard.run(async () => 'done', { priority: 1 });
 * ```
 */
export function pQueuePolicy(queue: PQueuePort): Policy {
  return {
    run: async <T>(work: Work<T>, call: Call = {}): Promise<T> => {
      const whole = workCall(call);
      const { priority } = call;
      const isCancellable = call[TOKEN] !== undefined || call.signal !== undefined;
      const answer = await queue.add(async () => work(whole, undefined), {
        ...(priority !== undefined && { priority }),
        ...(isCancellable && { signal: whole.signal }),
      });
      return answer as T;
    },
  };
}

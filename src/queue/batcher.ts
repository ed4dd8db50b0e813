/**
 * A batcher collects single items and works on many at once: rows for one insert, texts for one
 * embedding request. A batch goes off when it is full or its oldest item has lingered long enough.
 */

import type {
  Alarm,
  Call,
  Cancellable,
  CallWatch,
  Policy,
  Runtime,
  WorkCall,
} from '../core/index.ts';
import {
  cancelToken,
  ClosedError,
  optionChecks,
  stackless,
  systemRuntime,
  TOKEN,
  watchCall,
  workCall,
} from '../core/index.ts';

export interface BatcherOptions<I, O> {
  /** Items in a batch at most; 1 or more. */
  readonly maxSize: number;
  /** How long the first item of a batch waits for others, in ms; 0: for those of the same turn. */
  readonly lingerMs: number;
  /**
   * Works on a batch, and answers with one result per item, in their order; an `Error` in place of a
   * result fails that item alone. What it throws fails them all.
   */
  readonly work: (
    items: readonly I[],
    call: WorkCall,
  ) => readonly (O | Error)[] | PromiseLike<readonly (O | Error)[]>;
  /** What batches run under: a queue, a composed policy. @default nothing */
  readonly policy?: Policy;
  /** Names the batcher in errors. @default 'batcher' */
  readonly name?: string;
  readonly runtime?: Runtime;
}

/** Collects items into batches. */
export interface Batcher<I, O> extends AsyncDisposable {
  readonly name: string;
  /**
   * Adds an item, and answers with its result. A call that is given up leaves its batch, or, when
   * that has gone off, only stops waiting; a batch that everybody gave up is aborted.
   */
  add(item: I, call?: Call): Promise<O>;
  /** Sends off what has been collected, and resolves when every batch under way has ended. */
  flush(): Promise<void>;
  snapshot(): BatcherSnapshot;
  /** Takes nothing more (`ERR_CLOSED`) and flushes; may be called again. */
  close(): Promise<void>;
}

export interface BatcherSnapshot {
  /** Items collected for the next batch. */
  readonly collected: number;
  /** Batches under way. */
  readonly running: number;
  /** Batches and items sent off since construction. */
  readonly batches: number;
  readonly items: number;
}

/**
 * Makes a batcher.
 *
 * ```ts
 * import { batcher } from 'tenfold/queue';
 *
 * const squares = batcher<number, number>({
 *   maxSize: 100,
 *   lingerMs: 5,
 *   work: async (numbers) => numbers.map((n) => n * n),
 * });
 * const nine: number = await squares.add(3);
 * ```
 *
 * @throws OptionError (`ERR_OPTION`) for an option out of range
 */
export function batcher<I, O>(options: BatcherOptions<I, O>): Batcher<I, O> {
  const check = optionChecks('batcher');
  check.known(options, ['maxSize', 'lingerMs', 'work', 'policy', 'name', 'runtime']);
  check.count('maxSize', options.maxSize);
  check.nonNegative('lingerMs', options.lingerMs);
  check.callable('work', options.work);
  const { name = 'batcher', runtime = systemRuntime() } = options;
  return new CollectingBatcher({ ...options, name: check.text('name', name), runtime });
}

type Settings<I, O> = BatcherOptions<I, O> & { readonly name: string; readonly runtime: Runtime };

class CollectingBatcher<I, O> implements Batcher<I, O>, Alarm {
  alarmId = -1;
  readonly name: string;
  private readonly settings: Settings<I, O>;
  private collected = new Set<Item<I, O>>();
  private readonly running = new Set<Promise<void>>();
  private isClosed = false;
  private batches = 0;
  private items = 0;

  constructor(settings: Settings<I, O>) {
    this.settings = settings;
    this.name = settings.name;
    settings.runtime.enrol({
      waiting: () =>
        this.running.size === 0 ? undefined : `batcher ${this.name}: ${this.running.size} running`,
    });
  }

  async add(value: I, call: Call = {}): Promise<O> {
    if (this.isClosed) throw stackless(() => new ClosedError(`${this.name} is closed`));
    const { maxSize, lingerMs, runtime } = this.settings;
    const item = new Item<I, O>(value, (gone) => this.left(gone));
    item.watch = watchCall(call, item);
    if (item.isGone) return item.promise; // given up before it came
    this.collected.add(item);
    if (this.collected.size >= maxSize) this.sendOff();
    else if (this.collected.size === 1) runtime.arm(this, lingerMs);
    return item.promise;
  }

  async flush(): Promise<void> {
    this.sendOff();
    await Promise.all(this.running);
  }

  snapshot(): BatcherSnapshot {
    const { batches, items } = this;
    return { collected: this.collected.size, running: this.running.size, batches, items };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  ring(): void {
    this.sendOff();
  }

  private left(item: Item<I, O>): void {
    this.collected.delete(item);
    if (this.collected.size === 0) this.settings.runtime.disarm(this);
  }

  private sendOff(): void {
    this.settings.runtime.disarm(this);
    if (this.collected.size === 0) return;
    const batch = new Batch<I, O>([...this.collected]);
    this.collected = new Set();
    this.batches++;
    this.items += batch.items.length;
    const end = this.workOn(batch).finally(() => this.running.delete(end));
    this.running.add(end);
  }

  private async workOn(batch: Batch<I, O>): Promise<void> {
    const { work, policy } = this.settings;
    const values = batch.items.map((item) => item.value);
    const call: Call = { [TOKEN]: batch.token };
    try {
      const results =
        policy === undefined
          ? await work(values, workCall(call))
          : await policy.run((inner) => work(values, inner), call);
      this.share(results, batch);
    } catch (error) {
      for (const item of batch.items) item.fail(error);
    }
  }

  private share(results: readonly (O | Error)[], batch: Batch<I, O>): void {
    const { items } = batch;
    if (!Array.isArray(results)) {
      throw new TypeError(
        `${this.name}: work must return an array of results, got ${String(results)}`,
      );
    }
    if (results.length !== items.length) {
      throw new TypeError(
        `${this.name}: work returned ${results.length} results for ${items.length} items`,
      );
    }
    items.forEach((item, i) => {
      const result = results[i] as O | Error;
      if (result instanceof Error) item.fail(result);
      else item.succeed(result);
    });
  }
}

/** Items that have gone off together; aborted when nobody waits for any of them. */
class Batch<I, O> {
  readonly token = cancelToken();
  readonly items: readonly Item<I, O>[];
  private waiting: number;

  constructor(items: readonly Item<I, O>[]) {
    this.items = items;
    this.waiting = items.length;
    for (const item of items) item.onGone = (reason) => this.lost(reason);
  }

  private lost(reason: unknown): void {
    this.waiting--;
    if (this.waiting === 0) this.token.cancel(reason);
  }
}

class Item<I, O> implements Cancellable {
  readonly value: I;
  watch: CallWatch | undefined = undefined;
  declare private resolve: (result: O) => void;
  declare private reject: (error: unknown) => void;
  readonly promise: Promise<O> = new Promise<O>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
  isGone = false;
  /** Told when the caller gives up: before the batch goes off, then by the batch. */
  onGone: (reason: unknown) => void;

  constructor(value: I, leave: (item: Item<I, O>) => void) {
    this.value = value;
    this.onGone = () => leave(this);
  }

  succeed(result: O): void {
    this.watch?.end();
    this.resolve(result);
  }

  fail(error: unknown): void {
    this.watch?.end();
    this.reject(error);
  }

  cancelled(reason: unknown): void {
    this.isGone = true;
    this.onGone(reason);
    this.reject(reason);
  }
}

/**
 * Streams as answers: work that answers with a stream has not settled before the stream has ended.
 *
 * What counts as a stream: an async iterator (an async generator), a web `ReadableStream`, and what
 * was marked with `asStream`. Other async iterables do not, because many are something else first
 * (a page of results that can also be walked through, a client, a socket) and may never be iterated:
 * released too early is a nuisance, held for ever is an outage.
 */

/** Marks an object as a stream; a registered symbol, so that both builds share it. */
const STREAM: unique symbol = Symbol.for('tenfold.stream');

/**
 * Says that `source`, which is async iterable, is a stream to be read to its end, so that slots and
 * leases are held until then. Iterate what `run` answers with; other ways to drain it are not seen.
 *
 * @returns `source` itself, marked
 */
export function asStream<S extends AsyncIterable<unknown>>(source: S): S {
  return Object.defineProperty(source, STREAM, { value: true, configurable: true });
}

/** True for an answer that a flight follows to its end. Never throws, whatever the answer is. */
export function isStream(value: unknown): value is AsyncIterable<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  try {
    const candidate = value as Partial<AsyncIterable<unknown>>;
    return candidate[Symbol.asyncIterator] !== undefined && (isOneWay(value) || isMarked(value));
  } catch {
    return false; // a proxy that refuses to be looked at
  }
}

/** Closes an answer nobody will read, if it is a stream; what goes wrong in that is of no interest. */
export function closeStream(answer: unknown): void {
  if (isStream(answer)) watchStream(answer, NOBODY).stop(undefined);
}

/** Told how a watched stream goes on. */
export interface StreamWatcher {
  /** The reader waits for an item. */
  asked(): void;
  /** An item came. */
  arrived(item: unknown): void;
  /** The stream is over for the reader; called once, unless it is stopped. */
  ended(outcome: 'success' | 'failure', detail: unknown): void;
  /** Nothing of the source runs any more; called once. */
  quiet(): void;
}

/** A stream under watch. */
export interface WatchedStream {
  /** What to answer with instead of the source: the same to its reader. */
  readonly answer: AsyncIterable<unknown>;
  /** Ends the stream from outside: a waiting or later reader gets `reason`, the source is closed. */
  stop(reason: unknown): void;
}

/** Puts a stream under watch. Nothing is read before the reader reads. */
export function watchStream(source: AsyncIterable<unknown>, watcher: StreamWatcher): WatchedStream {
  const watched = new Watched(source, watcher);
  const answer = isWebStream(source) ? ReadableStream.from(watched) : disguised(source, watched);
  return { answer: answer, stop: (reason) => watched.stop(reason) };
}

const NOBODY: StreamWatcher = Object.freeze({
  asked: () => undefined,
  arrived: () => undefined,
  ended: () => undefined,
  quiet: () => undefined,
});

function isOneWay(value: object): boolean {
  return (
    typeof (value as Partial<AsyncIterator<unknown>>).next === 'function' || isWebStream(value)
  );
}

function isMarked(value: object): boolean {
  return (value as { [STREAM]?: unknown })[STREAM] === true;
}

function isWebStream(value: object): boolean {
  return value instanceof ReadableStream;
}

/** The source to look at, but with the watched iterator. */
function disguised(source: AsyncIterable<unknown>, watched: Watched): AsyncIterable<unknown> {
  return new Proxy(source, {
    get(target, key) {
      if (key === Symbol.asyncIterator) return () => watched;
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      const owner = key === 'next' || key === 'return' || key === 'throw' ? watched : target;
      const method = Reflect.get(owner, key, owner) as (...args: unknown[]) => unknown;
      return (...args: unknown[]): unknown => Reflect.apply(method, owner, args);
    },
  });
}

type Step = IteratorResult<unknown, unknown>;

class Watched implements AsyncIterableIterator<unknown> {
  private readonly source: AsyncIterable<unknown>;
  private readonly watcher: StreamWatcher;
  private iterator: AsyncIterator<unknown> | undefined = undefined;
  /** Steps of the source that have not settled. */
  private running = 0;
  private over = false;
  private isQuiet = false;
  private stopped: { readonly reason: unknown } | undefined = undefined;
  /** Rejects the readers that wait. */
  private readonly waiting = new Set<(reason: unknown) => void>();
  private last: unknown = undefined;

  constructor(source: AsyncIterable<unknown>, watcher: StreamWatcher) {
    this.source = source;
    this.watcher = watcher;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(...args: [] | [unknown]): Promise<Step> {
    if (!this.over) this.watcher.asked();
    return this.step((iterator) => iterator.next(...(args as [])));
  }

  throw(error: unknown): Promise<Step> {
    return this.step((iterator) => {
      if (iterator.throw === undefined) throw error;
      return iterator.throw(error);
    });
  }

  /** The reader has had enough, which is no failure of the source. */
  return(value?: unknown): Promise<Step> {
    this.end('success', this.last);
    return this.step((iterator) => iterator.return?.(value) ?? { done: true, value });
  }

  stop(reason: unknown): void {
    if (this.over) return;
    this.over = true;
    this.stopped = { reason };
    for (const reject of this.waiting) reject(reason);
    this.waiting.clear();
    this.follow((iterator) => iterator.return?.()).catch(() => undefined);
  }

  /** One step as the reader sees it: a stop answers it even where the source never does. */
  private step(
    take: (iterator: AsyncIterator<unknown>) => Step | PromiseLike<Step>,
  ): Promise<Step> {
    if (this.stopped !== undefined) return Promise.reject(this.stopped.reason);
    return new Promise((resolve, reject) => {
      this.waiting.add(reject);
      this.follow(take).then(
        (step) => {
          this.waiting.delete(reject);
          resolve(step as Step);
        },
        (error: unknown) => {
          this.waiting.delete(reject);
          reject(error);
        },
      );
    });
  }

  /** One step of the source, with what it means for the watcher. */
  private async follow(
    take: (iterator: AsyncIterator<unknown>) => Step | PromiseLike<Step> | undefined,
  ): Promise<Step | undefined> {
    this.running++;
    try {
      this.iterator ??= this.source[Symbol.asyncIterator]();
      const step = await take(this.iterator);
      if (step?.done === true) this.end('success', this.last);
      else if (!this.over && step !== undefined) this.take(step.value);
      return step;
    } catch (error) {
      this.end('failure', error);
      throw error;
    } finally {
      this.running--;
      this.quietDown();
    }
  }

  private take(item: unknown): void {
    this.last = item;
    this.watcher.arrived(item);
  }

  private end(outcome: 'success' | 'failure', detail: unknown): void {
    if (this.over) return;
    this.over = true;
    this.watcher.ended(outcome, detail);
  }

  private quietDown(): void {
    if (!this.over || this.running > 0 || this.isQuiet) return;
    this.isQuiet = true;
    this.watcher.quiet();
  }
}

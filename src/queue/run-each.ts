/** Work on many items, so many at a time, with an answer for each. */

import type { Call, CallWatch, Policy, WorkCall } from '../core/index.ts';
import { cancelToken, optionChecks, TOKEN, watchCall, workCall } from '../core/index.ts';

/** How the work on one item ended. */
export type ItemResult<I, T> =
  | { readonly ok: true; readonly index: number; readonly item: I; readonly value: T }
  | { readonly ok: false; readonly index: number; readonly item: I; readonly error: unknown };

export interface RunEachOptions {
  /** How many items may be worked on at once; 1 or more. */
  readonly concurrency: number;
  /** What each item's work runs under: a queue, a composed policy. @default nothing */
  readonly policy?: Policy;
  /** The call of every item. Its signal ends the whole. */
  readonly call?: Call;
}

/** What became of all items. */
export interface RunAllReport<I, T> {
  /** By index of the item; undefined where it failed. */
  readonly values: readonly (T | undefined)[];
  /** In order of the items. */
  readonly failures: readonly {
    readonly index: number;
    readonly item: I;
    readonly error: unknown;
  }[];
}

type Items<I> = Iterable<I> | AsyncIterable<I>;
type ItemWork<I, T> = (item: I, call: WorkCall) => T | PromiseLike<T>;

/**
 * Works on `items`, which may be endless, and yields each result as it comes. Items are taken as there
 * is room and results are read: a slow reader slows the work. Leaving the loop early aborts what runs.
 *
 * ```ts
 * import { runEach } from 'tenfold/queue';
 *
 * for await (const result of runEach([1, 2, 3], async (n) => n * n, { concurrency: 2 })) {
 *   if (result.ok) console.log(result.item, result.value);
 * }
 * ```
 *
 * @throws OptionError for an option out of range; the reason, when the call's signal aborts; what
 *   `items` throws
 */
export async function* runEach<I, T>(
  items: Items<I>,
  work: ItemWork<I, T>,
  options: RunEachOptions,
): AsyncGenerator<ItemResult<I, T>, void, undefined> {
  const check = optionChecks('runEach');
  check.known(options, ['concurrency', 'policy', 'call']);
  const concurrency = check.count('concurrency', options.concurrency);
  const crew = new Crew<I, T>(check.callable('work', work), options);
  const source = iterate(items);
  let next: Promise<IteratorResult<I, void>> | undefined;
  let isOver = false;
  try {
    for (let index = 0; ;) {
      yield* crew.results.splice(0);
      if (!isOver && crew.busy < concurrency) next ??= handled(source.next());
      if (next === undefined && crew.busy === 0) return;
      const step = await crew.untilChange(next);
      if (step === undefined) continue;
      next = undefined;
      isOver = step.done === true;
      if (step.done !== true) crew.start(index++, step.value);
    }
  } finally {
    crew.end();
    if (!isOver) source.return().catch(() => undefined); // nobody reads it any more
  }
}

/**
 * Works on all `items` and answers with every success and every failure; it rejects only when the
 * call's signal aborts or `items` throws. See {@link runEach}.
 *
 * ```ts
 * import { runAll } from 'tenfold/queue';
 *
 * const { values, failures } = await runAll(['a', 'b'], async (text) => text.toUpperCase(), {
 *   concurrency: 4,
 * });
 * ```
 */
export async function runAll<I, T>(
  items: Items<I>,
  work: ItemWork<I, T>,
  options: RunEachOptions,
): Promise<RunAllReport<I, T>> {
  const values: (T | undefined)[] = [];
  const failures: { index: number; item: I; error: unknown }[] = [];
  for await (const result of runEach(items, work, options)) {
    const { index, item } = result;
    values[index] = result.ok ? result.value : undefined;
    if (!result.ok) failures.push({ index, item, error: result.error });
  }
  return { values, failures: failures.sort((a, b) => a.index - b.index) };
}

/** The work under way. */
class Crew<I, T> {
  busy = 0;
  readonly results: ItemResult<I, T>[] = [];
  private readonly work: ItemWork<I, T>;
  private readonly policy: Policy | undefined;
  private readonly call: Call;
  private readonly token = cancelToken();
  private readonly ended: Promise<never>;
  private watch: CallWatch | undefined = undefined;
  private tellNews: (() => void) | undefined = undefined;

  constructor(work: ItemWork<I, T>, { policy, call = {} }: RunEachOptions) {
    this.work = work;
    this.policy = policy;
    const { signal: _signal, ...rest } = call;
    this.call = { ...rest, [TOKEN]: this.token };
    this.ended = new Promise((_resolve, reject) => {
      const cancelled = (reason: unknown): void => {
        reject(reason);
        this.token.cancel(reason);
      };
      this.watch = watchCall(call, { cancelled });
    });
    this.ended.catch(() => undefined);
  }

  start(index: number, item: I): void {
    this.busy++;
    void this.runOne(index, item);
  }

  /** Waits for the next item or a result, whichever comes first; undefined for a result. */
  untilChange<S>(next: Promise<S> | undefined): Promise<S | undefined> {
    if (this.results.length > 0) return Promise.resolve(undefined);
    const news = new Promise<undefined>((resolve) => (this.tellNews = () => resolve(undefined)));
    return Promise.race(next === undefined ? [news, this.ended] : [next, news, this.ended]);
  }

  end(): void {
    this.watch?.end();
    this.token.cancel(new DOMException('the loop over the results was left', 'AbortError'));
  }

  private async runOne(index: number, item: I): Promise<void> {
    const { policy, work, call } = this;
    try {
      const value =
        policy === undefined
          ? await work(item, workCall(call))
          : await policy.run((inner) => work(item, inner), call);
      this.results.push({ ok: true, index, item, value });
    } catch (error) {
      this.results.push({ ok: false, index, item, error });
    }
    this.busy--;
    this.tellNews?.();
  }
}

/** `promise`, whose failure nobody need hear of before it is awaited: a slow reader comes to it late. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

async function* iterate<I>(items: Items<I>): AsyncGenerator<I, void, undefined> {
  yield* items;
}

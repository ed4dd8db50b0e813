/**
 * Loading from the source: bounded in time, through the host's policy, and with a memory for failures.
 */

import type { Alarm, CancelToken } from '../core/index.ts';
import {
  cancelHook,
  cancelToken,
  isThenable,
  stackless,
  TimeoutError,
  TOKEN,
} from '../core/index.ts';
import type { FetchHost, Request } from './fetch-host.ts';
import type { Flight } from './flight.ts';
import type { LoadContext } from './types.ts';
import { isUnchanged } from './types.ts';

/** A load that failed lately. */
interface Failure {
  readonly error: unknown;
  /** Until then nothing is tried, if there is a stale value to serve or `answers` is true. */
  readonly until: number;
  /** True when others get the error without a load. */
  readonly answers: boolean;
}

/** Failures remembered at once; beyond it the oldest are forgotten. */
const MOST_FAILURES = 10_000;

export class Loading<V> {
  private readonly fetching: FetchHost<V>;
  private readonly failures = new Map<string, Failure>();

  constructor(fetching: FetchHost<V>) {
    this.fetching = fetching;
  }

  /** Loads for flights that found nothing: each by itself, or all at once. */
  begin(flights: readonly Flight<V>[], request: Request<V>): void {
    if (request.loadMany !== undefined) this.loadTogether(flights, request, request.loadMany);
    else for (const flight of flights) this.loadAlone(flight, request);
  }

  /** The failure that still counts for a key. */
  failureOf(key: string, now: number): Failure | undefined {
    if (this.failures.size === 0) return undefined;
    const failure = this.failures.get(key);
    if (failure === undefined || failure.until > now) return failure;
    this.failures.delete(key);
    return undefined;
  }

  forgive(key: string): void {
    if (this.failures.size > 0) this.failures.delete(key);
  }

  private loadAlone(flight: Flight<V>, request: Request<V>): void {
    const load = request.load;
    if (load === undefined) {
      this.fetching.loaded(flight, undefined, { ttlMs: 0, loadMs: 0 });
      return;
    }
    const context = new Context(flight, request.ttlMs);
    this.attempt(
      [flight],
      () => load(flight.key, context),
      (value, loadMs) => {
        const unchanged = isUnchanged(value);
        if (unchanged && flight.stale === undefined) {
          throw new TypeError(`the loader of ${flight.key} says UNCHANGED where there was nothing`);
        }
        const kept = unchanged ? flight.stale?.value : value;
        this.fetching.loaded(flight, kept, { ttlMs: checkedTtl(context.ttlMs), loadMs });
      },
    );
  }

  private loadTogether(
    flights: readonly Flight<V>[],
    { ttlMs }: Request<V>,
    loadMany: NonNullable<Request<V>['loadMany']>,
  ): void {
    const keys = flights.map(({ key }) => key);
    const token = sharedToken(flights);
    const context = {
      get signal() {
        return token.signal;
      },
    };
    this.attempt(
      flights,
      () => loadMany(keys, context),
      (values, loadMs) => {
        if (!(values instanceof Map)) throw new TypeError('a batch loader must answer with a Map');
        for (const value of values.values()) {
          if (isThenable(value))
            throw new TypeError('a batch loader must not answer with promises');
        }
        for (const flight of flights) {
          this.fetching.loaded(flight, (values as ReadonlyMap<string, V>).get(flight.key), {
            ttlMs,
            loadMs,
          });
        }
      },
    );
  }

  /** One call of a loader for one or more flights. A loader that answers at once is not waited for. */
  private attempt<T>(
    flights: readonly Flight<V>[],
    load: () => T | PromiseLike<T>,
    keep: (answer: T, loadMs: number) => void,
  ): void {
    const { runtime, figures, rules } = this.fetching;
    const first = flights[0] as Flight<V>;
    const startedAt = runtime.now();
    figures.running++;
    let ended = false;
    const end = (report: () => void): void => {
      if (ended) return;
      ended = true;
      figures.running--;
      runtime.disarm(limit);
      report();
    };
    const fail = (error: unknown): void => end(() => this.failed(flights, error, startedAt));
    const succeed = (answer: T): void => {
      end(() => {
        const loadMs = runtime.now() - startedAt;
        try {
          keep(answer, loadMs);
        } catch (error) {
          this.failed(flights, error, startedAt);
          return;
        }
        this.succeeded(flights, loadMs);
      });
    };
    const limit = new LoadLimit(rules.loadTimeoutMs, fail);
    try {
      const answer =
        rules.loads === undefined
          ? load()
          : rules.loads.run(load, { key: first.key, [TOKEN]: first.token });
      if (!isThenable(answer)) {
        succeed(answer);
        return;
      }
      if (rules.loadTimeoutMs !== Infinity) runtime.armAt(limit, startedAt + rules.loadTimeoutMs);
      answer.then(succeed, fail);
    } catch (error) {
      fail(error);
    }
  }

  private succeeded(flights: readonly Flight<V>[], loadMs: number): void {
    const { figures, events } = this.fetching;
    figures.succeeded++;
    figures.loadMs.record(loadMs);
    if (this.failures.size > 0) for (const { key } of flights) this.failures.delete(key);
    if (events.has('load')) for (const { key } of flights) events.emit('load', { key, ms: loadMs });
  }

  private failed(flights: readonly Flight<V>[], error: unknown, startedAt: number): void {
    const { fetching } = this;
    const { rules, figures, events } = fetching;
    const now = fetching.runtime.now();
    // Given up by its callers: that says nothing of the source.
    const given = flights.every(({ end }) => end !== undefined);
    if (!given) figures.failed++;
    for (const flight of flights) {
      if (flight.end !== undefined) continue;
      const servable = flight.stale !== undefined && rules.staleIfErrorMs > 0;
      const pauseMs = servable ? rules.retryAfterErrorMs : rules.errorTtlMs;
      if (pauseMs > 0 && !flight.fenced) {
        this.remember(flight.key, { error, until: now + pauseMs, answers: rules.errorTtlMs > 0 });
      }
      if (events.has('load')) events.emit('load', { key: flight.key, ms: now - startedAt, error });
      fetching.fail(flight, error);
    }
  }

  private remember(key: string, failure: Failure): void {
    this.failures.delete(key);
    this.failures.set(key, failure);
    if (this.failures.size <= MOST_FAILURES) return;
    const [oldest] = this.failures.keys();
    this.failures.delete(oldest as string);
  }
}

class Context<V> implements LoadContext<V> {
  ttlMs: number;
  private readonly flight: Flight<V>;

  constructor(flight: Flight<V>, ttlMs: number) {
    this.flight = flight;
    this.ttlMs = ttlMs;
  }

  get signal(): AbortSignal {
    return this.flight.token.signal;
  }

  get previous(): { readonly value: V } | undefined {
    const { stale } = this.flight;
    return stale?.value === undefined ? undefined : { value: stale.value };
  }
}

class LoadLimit implements Alarm {
  alarmId = -1;
  private readonly ms: number;
  private readonly fail: (error: unknown) => void;

  constructor(ms: number, fail: (error: unknown) => void) {
    this.ms = ms;
    this.fail = fail;
  }

  ring(): void {
    this.fail(stackless(() => new TimeoutError(`loading took longer than ${this.ms} ms`, this.ms)));
  }
}

/** Cancelled when all flights of a batch are: as long as one key is waited for, the load goes on. */
function sharedToken<V>(flights: readonly Flight<V>[]): CancelToken {
  const token = cancelToken();
  let left = flights.length;
  for (const flight of flights) {
    flight.token.add(
      cancelHook((reason) => {
        if (--left === 0) token.cancel(reason);
      }),
    );
  }
  return token;
}

function checkedTtl(ttlMs: number): number {
  if (typeof ttlMs === 'number' && ttlMs >= 0) return ttlMs;
  throw new RangeError(`a loader set ttlMs to ${String(ttlMs)}, not a number of 0 or more`);
}

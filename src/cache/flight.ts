/**
 * A flight: one key being fetched, for everybody who asks for it meanwhile.
 */

import type { Alarm, Call, Cancellable, CallWatch, CancelToken } from '../core/index.ts';
import { cancelToken, stackless, TimeoutError, watchCall } from '../core/index.ts';
import type { Runtime } from '../core/index.ts';
import type { Stale } from './shelf.ts';
import type { TagMark } from './tag-clock.ts';

/** How a flight ended. */
export type FlightEnd<V> =
  | { readonly ok: true; readonly value: V | undefined }
  | { readonly ok: false; readonly error: unknown };

/** How patient one caller is. */
export interface Patience {
  readonly softTimeoutMs: number;
  readonly hardTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Ms past its freshness that a value may be served while it is loaded anew … */
  readonly revalidateMs: number;
  /** … and because loading failed or took too long. */
  readonly errorMs: number;
}

/** What callers do with a flight's stale value. */
export interface FlightHost<V> {
  readonly runtime: Runtime;
  /** Nobody waits any more. */
  abandoned(flight: Flight<V>): void;
  servedStale(key: string, because: 'revalidate' | 'error' | 'timeout'): void;
}

export class Flight<V> {
  readonly key: string;
  /** Tags and the count of invalidations from before anything was read. */
  readonly mark: TagMark;
  /** False for a mere look into the tiers: who wants a load needs another flight. */
  readonly loads: boolean;
  /** The tiers' counters of tags, by tier; undefined where the tier did not answer. */
  readonly vectors: (ReadonlyMap<string, number> | undefined)[] = [];
  /** Leases, by tier. */
  readonly leases: (string | undefined)[] = [];
  /** What can be served in the meantime. */
  stale: Stale<V> | undefined;
  /** True once the key was deleted or written: the late value is not kept. */
  fenced = false;
  /** True for a refresh nobody waits for, and once a caller left by a time-out. */
  goesOn: boolean;
  /** For an early refresh: the reader's draw. */
  draw = 0;
  end: FlightEnd<V> | undefined;
  private readonly host: FlightHost<V>;
  /** Made when somebody waits, and when somebody reads it: a loader that answers at once needs neither. */
  private waiters: Set<Waiter<V>> | undefined;
  private scope: CancelToken | undefined;

  constructor(
    host: FlightHost<V>,
    key: string,
    { mark, loads, background }: { mark: TagMark; loads: boolean; background: boolean },
  ) {
    this.host = host;
    this.key = key;
    this.mark = mark;
    this.loads = loads;
    this.goesOn = background;
  }

  get token(): CancelToken {
    return (this.scope ??= cancelToken());
  }

  /** True while somebody needs the value itself, not only a refresh. */
  get isAwaited(): boolean {
    return this.waiters !== undefined && this.waiters.size > 0;
  }

  /** The answer for one caller. */
  wait(patience: Patience): Promise<V | undefined> {
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(this, this.host, patience, resolve, reject);
      (this.waiters ??= new Set()).add(waiter);
      waiter.begin();
      if (this.end !== undefined) waiter.ended(this.end);
    });
  }

  /** A stale value was found on the way. */
  offer(stale: Stale<V>): void {
    if (this.stale !== undefined && this.stale.freshUntil >= stale.freshUntil) return;
    this.stale = stale;
    for (const waiter of this.waiters ?? []) waiter.offered();
  }

  finish(end: FlightEnd<V>): void {
    if (this.end !== undefined) return;
    this.end = end;
    for (const waiter of this.waiters ?? []) waiter.ended(end);
    this.waiters?.clear();
  }

  leave(waiter: Waiter<V>): void {
    this.waiters?.delete(waiter);
    if (!this.isAwaited && !this.goesOn && this.end === undefined) {
      this.host.abandoned(this);
    }
  }
}

/** One caller who waits. */
class Waiter<V> implements Alarm, Cancellable {
  alarmId = -1;
  private readonly flight: Flight<V>;
  private readonly host: FlightHost<V>;
  private readonly patience: Patience;
  private readonly resolve: (value: V | undefined) => void;
  private readonly reject: (error: unknown) => void;
  private readonly startedAt: number;
  private watch: CallWatch | undefined;
  private answered = false;
  /** True once the soft time-out is over: from now on any stale value will do. */
  private isLate = false;

  constructor(
    flight: Flight<V>,
    host: FlightHost<V>,
    patience: Patience,
    resolve: (value: V | undefined) => void,
    reject: (error: unknown) => void,
  ) {
    this.flight = flight;
    this.host = host;
    this.patience = patience;
    this.resolve = resolve;
    this.reject = reject;
    this.startedAt = host.runtime.now();
  }

  begin(): void {
    const { softTimeoutMs, hardTimeoutMs, signal } = this.patience;
    const soonest = Math.min(softTimeoutMs, hardTimeoutMs);
    if (soonest !== Infinity) this.host.runtime.armAt(this, this.startedAt + soonest);
    if (signal !== undefined) this.watch = watchCall({ signal } satisfies Call, this);
    if (this.answered) this.leave();
    else this.offered();
  }

  ring(now: number): void {
    const { hardTimeoutMs, errorMs } = this.patience;
    this.flight.goesOn = true;
    this.isLate = true;
    if (this.serveStale(errorMs, 'timeout')) return;
    const hardAt = this.startedAt + hardTimeoutMs;
    if (now < hardAt) {
      if (hardAt !== Infinity) this.host.runtime.armAt(this, hardAt);
      return;
    }
    const { key } = this.flight;
    this.leave();
    this.reject(
      stackless(
        () => new TimeoutError(`no value for ${key} within ${hardTimeoutMs} ms`, hardTimeoutMs),
      ),
    );
  }

  cancelled(reason: unknown): void {
    this.leave();
    this.reject(reason);
  }

  offered(): void {
    const { errorMs, revalidateMs } = this.patience;
    if (this.isLate) this.serveStale(errorMs, 'timeout');
    else this.serveStale(revalidateMs, 'revalidate');
  }

  ended(end: FlightEnd<V>): void {
    if (this.answered) return;
    if (end.ok) {
      this.leave();
      this.resolve(end.value);
    } else if (!this.serveStale(this.patience.errorMs, 'error')) {
      this.leave();
      this.reject(end.error);
    }
  }

  /** Answers with the stale value if it is not too old for this caller. */
  private serveStale(forMs: number, because: 'revalidate' | 'error' | 'timeout'): boolean {
    const { stale, key } = this.flight;
    const now = this.host.runtime.now();
    if (stale === undefined || stale.freshUntil + forMs <= now) return false;
    // The refresh is wanted even when nobody waits for it.
    this.flight.goesOn = true;
    this.leave();
    if (stale.freshUntil <= now) this.host.servedStale(key, because);
    this.resolve(stale.value);
    return true;
  }

  private leave(): void {
    this.answered = true;
    this.host.runtime.disarm(this);
    this.watch?.end();
    this.flight.leave(this);
  }
}

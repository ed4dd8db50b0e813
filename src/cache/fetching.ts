/**
 * Fetching what memory does not have: from the tiers, nearest first, or from the source, once for all
 * who ask.
 *
 * On the way down each tier is read and, where it has leases, leased; so every write on the way back is
 * either older than no deletion or refused. What was invalidated meanwhile is answered to those who
 * asked before, and kept nowhere.
 */

import type { Emitter } from '../core/index.ts';
import type { Arrival, Parts } from './arrivals.ts';
import { Arrivals } from './arrivals.ts';
import type { CacheRules } from './cache-options.ts';
import { Descent } from './descent.ts';
import type { FetchHost, Request } from './fetch-host.ts';
import type { Figures } from './figures.ts';
import type { FlightHost, Patience } from './flight.ts';
import { Flight } from './flight.ts';
import { Loading } from './loading.ts';
import { EVERYTHING } from './outbox.ts';
import type { Shelf, Stale } from './shelf.ts';
import type { TierDesk } from './tier-desk.ts';
import type { CacheEvents, GetOptions } from './types.ts';

/** An answer, and what is to be fetched anew behind it. */
interface AtHand<V> {
  readonly answer: Promise<V | undefined>;
  readonly refresh: Stale<V> | undefined;
}

export class Fetching<V> implements FlightHost<V>, FetchHost<V> {
  readonly runtime: CacheRules<V>['runtime'];
  readonly rules: CacheRules<V>;
  readonly shelf: Shelf<V>;
  readonly desks: readonly TierDesk[];
  readonly figures: Figures;
  readonly events: Emitter<CacheEvents>;
  /** The flight of each key that others may join. */
  private readonly flights = new Map<string, Flight<V>>();
  /** Flights under way whose key has another by now; all fenced. */
  private readonly overtaken = new Set<Flight<V>>();
  private readonly arrivals: Arrivals<V>;
  private readonly loading: Loading<V>;
  private readonly descent: Descent<V>;

  constructor(rules: CacheRules<V>, parts: Parts<V>) {
    this.rules = rules;
    this.runtime = rules.runtime;
    this.shelf = parts.shelf;
    this.desks = parts.desks;
    this.figures = parts.figures;
    this.events = parts.events;
    this.arrivals = new Arrivals(parts);
    this.loading = new Loading(this);
    this.descent = new Descent(this);
  }

  /** Answers for a key that memory has not fresh. */
  get(key: string, request: Request<V>, patience: Patience, now: number): Promise<V | undefined> {
    const held = this.shelf.held(key, now);
    const atHand = this.atHand(key, held, { patience, now, loads: request.load !== undefined });
    if (atHand !== undefined) {
      if (atHand.refresh !== undefined) this.refresh(key, request, atHand.refresh);
      return atHand.answer;
    }
    const flight = this.flightFor(key, request, held);
    // A loader that answers at once needs nobody to wait.
    if (flight.end?.ok === true) return Promise.resolve(flight.end.value);
    return flight.wait(patience);
  }

  /** One of many keys: its answer, or the answer of a flight that `start` is to be called with. */
  joinOrOpen(
    key: string,
    request: Request<V>,
    { patience, now, opened }: { patience: Patience; now: number; opened: Flight<V>[] },
  ): Promise<V | undefined> {
    const loads = request.loadMany !== undefined;
    const held = this.shelf.held(key, now);
    const atHand = this.atHand(key, held, { patience, now, loads });
    const running = this.joinable(key, loads);
    if (atHand !== undefined) {
      if (
        atHand.refresh !== undefined &&
        running === undefined &&
        (loads || this.desks.length > 0)
      ) {
        opened.push(this.open(key, request, { held, background: true }));
      }
      return atHand.answer;
    }
    if (running !== undefined) return running.wait(patience);
    const flight = this.open(key, request, { held, background: false });
    opened.push(flight);
    return flight.wait(patience);
  }

  /** The flight that fetches the key: the one under way, or a new one. */
  flightFor(key: string, request: Request<V>, held: Stale<V> | undefined): Flight<V> {
    const running = this.joinable(key, request.load !== undefined);
    if (running !== undefined) return running;
    const flight = this.open(key, request, { held, background: false });
    this.start([flight], request);
    return flight;
  }

  /** A flight whose result may be shared: not fenced, no tag invalidated since. */
  joinable(key: string, loads: boolean): Flight<V> | undefined {
    const flight = this.flights.get(key);
    if (flight === undefined || flight.fenced || (loads && !flight.loads)) return undefined;
    return this.shelf.clock.isCurrent(flight.mark) ? flight : undefined;
  }

  open(
    key: string,
    request: Request<V>,
    { held, background }: { held: Stale<V> | undefined; background: boolean },
  ): Flight<V> {
    const tags = request.tags.length === 0 ? ONLY_EVERYTHING : [...request.tags, EVERYTHING];
    const mark = { tags, at: this.shelf.clock.now };
    const loads = request.load !== undefined || request.loadMany !== undefined;
    const flight = new Flight<V>(this, key, { mark, loads, background });
    flight.stale = held;
    this.overtake(this.flights.get(key));
    this.flights.set(key, flight);
    return flight;
  }

  /** Sets off; never rejects, the flights carry the outcome. */
  start(flights: readonly Flight<V>[], request: Request<V>): void {
    if (this.desks.length === 0) this.loading.begin(flights, request);
    else {
      this.descent.run(flights, request).catch((error: unknown) => {
        for (const flight of flights) this.fail(flight, error);
      });
    }
  }

  /** Fetches anew while the old value is served. */
  refresh(key: string, request: Request<V>, held: Stale<V>, draw = 0): void {
    if (this.joinable(key, request.load !== undefined) !== undefined) return;
    if (request.load === undefined && this.desks.length === 0) return;
    const flight = this.open(key, request, { held, background: true });
    flight.draw = draw;
    this.start([flight], request);
  }

  /** What is being fetched was begun in a time of which messages are missing. */
  fenceAll(): void {
    for (const flight of this.flights.values()) flight.fenced = true;
  }

  /** Keeps what is being fetched for the key from being kept. */
  fence(key: string): void {
    // Each write comes here, and mostly nothing is under way.
    const flight = this.flights.size === 0 ? undefined : this.flights.get(key);
    if (flight !== undefined) flight.fenced = true;
    this.loading.forgive(key);
  }

  isLoading(key: string): boolean {
    return this.flights.has(key);
  }

  failureOf(
    key: string,
    now: number,
  ): { readonly error: unknown; readonly until: number } | undefined {
    return this.loading.failureOf(key, now);
  }

  close(reason: unknown): void {
    for (const flight of [...this.flights.values(), ...this.overtaken]) this.fail(flight, reason);
  }

  abandoned(flight: Flight<V>): void {
    const reason = new DOMException('nobody waits for the value any more', 'AbortError');
    this.fail(flight, reason);
  }

  servedStale(key: string, because: 'revalidate' | 'error' | 'timeout'): void {
    this.figures.stale++;
    if (because === 'revalidate' || !this.events.has('stale')) return;
    this.events.emit('stale', { key, because });
  }

  /** Ends a flight with an error; gives its leases back. */
  fail(flight: Flight<V>, error: unknown): void {
    if (!this.remove(flight)) return;
    flight.token.cancel(error);
    this.arrivals.giveBack(flight);
    flight.finish({ ok: false, error });
  }

  /** Ends a flight with a value the source gave. */
  loaded(
    flight: Flight<V>,
    value: V | undefined,
    { ttlMs, loadMs }: { ttlMs: number; loadMs: number },
  ): void {
    if (!this.remove(flight)) return;
    const lifeMs = value === undefined ? this.rules.negativeTtlMs : ttlMs;
    const tags = flight.mark.tags.filter((tag) => tag !== EVERYTHING);
    this.arrivals.keep(
      flight,
      { value, freshMs: this.shelf.jittered(lifeMs), loadMs, tags },
      this.desks.length,
    );
    flight.finish({ ok: true, value });
  }

  /** The answer that needs no waiting: a stale value, or the error of a load that failed lately. */
  private atHand(
    key: string,
    held: Stale<V> | undefined,
    { patience, now, loads }: { patience: Patience; now: number; loads: boolean },
  ): AtHand<V> | undefined {
    const failure = this.loading.failureOf(key, now);
    if (held !== undefined && held.freshUntil + patience.revalidateMs > now) {
      if (held.freshUntil <= now) this.servedStale(key, 'revalidate');
      const refresh = failure === undefined ? held : undefined;
      return { answer: Promise.resolve(held.value), refresh };
    }
    if (failure === undefined || !loads) return undefined;
    if (held !== undefined && held.freshUntil + patience.errorMs > now) {
      this.servedStale(key, 'error');
      return { answer: Promise.resolve(held.value), refresh: undefined };
    }
    return failure.answers
      ? { answer: Promise.reject(failure.error), refresh: undefined }
      : undefined;
  }

  /** Takes the flight out of those under way; false when it has ended before. */
  private remove(flight: Flight<V>): boolean {
    if (flight.end !== undefined) return false;
    if (this.flights.get(flight.key) === flight) this.flights.delete(flight.key);
    else this.overtaken.delete(flight);
    return true;
  }

  /** Who asks from now on has another flight, and whoever fences the key only finds that one. */
  private overtake(flight: Flight<V> | undefined): void {
    if (flight === undefined) return;
    flight.fenced = true;
    this.overtaken.add(flight);
  }

  /** Ends a flight with a value that the tier at `level` had. */
  found(flight: Flight<V>, arrival: Arrival<V>, level: number): void {
    if (!this.remove(flight)) return;
    this.arrivals.keep(flight, arrival, level);
    flight.finish({ ok: true, value: arrival.value });
  }

  /** Loads what no tier has, or says that there is nothing. */
  foundNowhere(flights: readonly Flight<V>[], request: Request<V>): void {
    if (request.load !== undefined || request.loadMany !== undefined) {
      this.loading.begin(flights, request);
    } else {
      for (const flight of flights) this.nothing(flight);
    }
  }

  /** Ends a refresh that another process is doing. */
  leaveToOthers(flight: Flight<V>): void {
    if (!this.remove(flight)) return;
    flight.finish({ ok: true, value: flight.stale?.value });
  }

  /** Nothing anywhere, and nobody to load it. */
  private nothing(flight: Flight<V>): void {
    if (!this.remove(flight)) return;
    this.arrivals.giveBack(flight);
    flight.finish({ ok: true, value: undefined });
  }
}

const ONLY_EVERYTHING: readonly string[] = [EVERYTHING];

/** How patient a caller is, by his options and the cache's. */
export function patienceOf<V>(rules: CacheRules<V>, options: GetOptions | undefined): Patience {
  const revalidateMs = options?.maxStaleMs ?? rules.staleWhileRevalidateMs;
  return {
    softTimeoutMs: options?.softTimeoutMs ?? rules.softTimeoutMs,
    hardTimeoutMs: options?.hardTimeoutMs ?? rules.hardTimeoutMs,
    signal: options?.signal,
    revalidateMs,
    errorMs: options?.maxStaleMs ?? Math.max(rules.staleIfErrorMs, rules.staleWhileRevalidateMs),
  };
}

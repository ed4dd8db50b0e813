/**
 * What becomes of a value that has come up from a tier or the source: kept in memory and in the tiers it
 * has passed, unless it is out of date by now.
 */

import type { Emitter, Runtime } from '../core/index.ts';
import type { Figures } from './figures.ts';
import type { Flight } from './flight.ts';
import type { Draft } from './outbox.ts';
import { EVERYTHING } from './outbox.ts';
import type { Shelf } from './shelf.ts';
import type { TierDesk } from './tier-desk.ts';
import type { CacheEvents } from './types.ts';

/** A value on its way up, with how long it has. */
export interface Arrival<V> {
  readonly value: V | undefined;
  readonly freshMs: number;
  readonly loadMs: number;
  readonly tags: readonly string[];
}

/** The parts of a cache that fetching works with. */
export interface Parts<V> {
  readonly runtime: Runtime;
  readonly shelf: Shelf<V>;
  readonly desks: readonly TierDesk[];
  readonly figures: Figures;
  readonly events: Emitter<CacheEvents>;
}

export class Arrivals<V> {
  private readonly runtime: Runtime;
  private readonly shelf: Shelf<V>;
  private readonly desks: readonly TierDesk[];
  private readonly figures: Figures;
  private readonly events: Emitter<CacheEvents>;

  constructor(parts: Parts<V>) {
    this.runtime = parts.runtime;
    this.shelf = parts.shelf;
    this.desks = parts.desks;
    this.figures = parts.figures;
    this.events = parts.events;
  }

  /** Puts what arrived into memory and the tiers above `level`, unless it is out of date by now. */
  keep(flight: Flight<V>, arrival: Arrival<V>, level: number): void {
    const { key } = flight;
    const { clock } = this.shelf;
    const mark = { tags: [...arrival.tags, EVERYTHING], at: flight.mark.at };
    if (flight.fenced || !clock.isCurrent(mark)) {
      this.noteFenced(key);
      this.giveBack(flight);
      return;
    }
    if (!(arrival.freshMs > 0)) {
      this.forgetEverywhere(flight, level);
      return;
    }
    const { loadMs, value, freshMs } = arrival;
    const tagged = arrival.tags.length === 0 ? undefined : { tags: arrival.tags, at: mark.at };
    this.shelf.keep(key, value, { freshMs, loadMs, mark: tagged });
    if (level === 0) return;
    const freshUntil = this.runtime.now() + freshMs;
    const draft = { kind: 'set', key, value, freshUntil, loadMs, mark, owed: false } as const;
    void this.writeBack(flight, draft, level);
  }

  /** Writes a value into the tiers above `level`. Leased tiers first: they know whether it is too late. */
  private async writeBack(
    flight: Flight<V>,
    draft: Omit<Draft, 'vector'>,
    level: number,
  ): Promise<void> {
    const leased = this.desks
      .slice(0, level)
      .map((desk, i) => ({ desk, i, lease: flight.leases[i] }));
    for (const { desk, i, lease } of leased) {
      const vector = this.vectorFor(flight, i, draft.mark.tags);
      if (lease === undefined) continue;
      if (vector === undefined) {
        void desk.release(flight.key, lease);
      } else if (!(await desk.writeLeased({ ...draft, vector }, lease))) {
        this.forgetIfSame(flight.key, draft.value);
        this.noteFenced(flight.key);
        return;
      }
    }
    for (const { desk, i } of leased) {
      const vector = this.vectorFor(flight, i, draft.mark.tags);
      if (desk.leases || vector === undefined || flight.fenced) continue;
      await desk.tell([{ ...draft, vector }]);
    }
  }

  /** The tier's counters from before the load, if it gave those of all tags. */
  private vectorFor(
    flight: Flight<V>,
    level: number,
    tags: readonly string[],
  ): ReadonlyMap<string, number> | undefined {
    const vector = flight.vectors[level];
    return vector !== undefined && tags.every((tag) => vector.has(tag)) ? vector : undefined;
  }

  /** The source has nothing, or nothing to be kept: what is held of old goes. */
  private forgetEverywhere(flight: Flight<V>, level: number): void {
    const { key } = flight;
    this.shelf.forget(key);
    this.giveBack(flight);
    if (flight.stale === undefined) return;
    for (const desk of this.desks.slice(0, level)) void desk.tell([{ kind: 'remove', key }]);
  }

  private forgetIfSame(key: string, value: unknown): void {
    const slot = this.shelf.table.find(key);
    if (slot >= 0 && this.shelf.table.value(slot) === value) this.shelf.forget(key);
  }

  private noteFenced(key: string): void {
    this.figures.fenced++;
    if (this.events.has('fenced')) this.events.emit('fenced', { key });
  }

  giveBack(flight: Flight<V>): void {
    flight.leases.forEach((lease, i) => {
      if (lease !== undefined) void (this.desks[i] as TierDesk).release(flight.key, lease);
    });
    flight.leases.length = 0;
  }
}

/** From tier to tier, nearest first: what is found fresh ends a flight, what is stale is offered to it. */

import type { FetchHost, Request } from './fetch-host.ts';
import type { Flight } from './flight.ts';
import { awaitOthers } from './lease-wait.ts';
import { EVERYTHING } from './outbox.ts';
import type { TierDesk } from './tier-desk.ts';
import type { Found } from './tier-form.ts';

export class Descent<V> {
  private readonly fetching: FetchHost<V>;

  constructor(fetching: FetchHost<V>) {
    this.fetching = fetching;
  }

  /** From tier to tier, nearest first; what is found nowhere is loaded. */
  async run(flights: readonly Flight<V>[], request: Request<V>): Promise<void> {
    for (const [level, desk] of this.fetching.desks.entries()) {
      const open = flights.filter(({ end }) => end === undefined);
      if (open.length === 0) return;
      const read = await this.readLevel(open, level, request);
      const missing = open.filter(({ end }) => end === undefined);
      const goesDeeper = level + 1 < this.fetching.desks.length;
      if (
        read &&
        desk.leases &&
        missing.length > 0 &&
        (request.load ?? request.loadMany ?? goesDeeper)
      ) {
        await awaitOthers(this.fetching, missing, level, (flights) =>
          this.readLevel(flights, level, request),
        );
      }
    }
    const missing = flights.filter(({ end }) => end === undefined);
    if (missing.length > 0) this.fetching.foundNowhere(missing, request);
  }

  /** Reads one tier for several flights; false when it gave no answer. */
  async readLevel(
    flights: readonly Flight<V>[],
    level: number,
    request: Request<V>,
  ): Promise<boolean> {
    const desk = this.fetching.desks[level] as TierDesk;
    const reading = await desk.read(
      flights.map(({ key }) => key),
      request.tags,
    );
    if (reading === undefined) return false;
    flights.forEach((flight, i) => {
      flight.vectors[level] ??= reading.vector;
      const found = reading.found[i];
      if (found !== undefined && flight.end === undefined) this.foundAt(flight, level, found);
    });
    return true;
  }

  private foundAt(flight: Flight<V>, level: number, found: Found): void {
    const { at } = flight.mark;
    if (!this.fetching.shelf.clock.isCurrent({ tags: [...found.tags, EVERYTHING], at })) return;
    const value = found.value as V | undefined;
    if (found.freshMs > 0 && !this.isDue(flight, found)) {
      this.fetching.found(flight, { ...found, value }, level);
      return;
    }
    const now = this.fetching.runtime.now();
    const freshUntil = now + found.freshMs;
    if (freshUntil + this.fetching.shelf.keepMs <= now) return;
    if (!flight.fenced && this.fetching.shelf.held(flight.key, now) === undefined) {
      const mark = found.tags.length === 0 ? undefined : { tags: found.tags, at };
      const { freshMs, loadMs } = found;
      this.fetching.shelf.keep(flight.key, value, { freshMs, loadMs, mark });
    }
    flight.offer({ value, freshUntil });
  }

  /** Whether a value that is still fresh should be loaded anew, by the reader's draw. */
  private isDue(flight: Flight<V>, found: Found): boolean {
    if (this.fetching.rules.earlyRefreshBeta === 0 || !flight.loads) return false;
    const draw = flight.draw > 0 ? flight.draw : this.fetching.shelf.draw();
    return this.fetching.shelf.isDue(found.freshMs, found.loadMs, draw);
  }
}

/**
 * Single flight across processes: who gets a tier's lease loads, the others wait for what he writes.
 */

import type { FetchHost } from './fetch-host.ts';
import type { Flight } from './flight.ts';
import type { TierDesk } from './tier-desk.ts';

const FIRST_POLL_MS = 5;
const LONGEST_POLL_MS = 100;
const POLL_GROWTH = 1.5;

/**
 * Leases the keys of the flights at one tier, or waits until somebody else's value is there; for
 * `leaseWaitMs` at most. A refresh that nobody waits for is left to the holder of the lease.
 */
export async function awaitOthers<V>(
  fetching: FetchHost<V>,
  flights: readonly Flight<V>[],
  level: number,
  read: (flights: readonly Flight<V>[]) => Promise<boolean>,
): Promise<void> {
  const { runtime } = fetching;
  const desk = fetching.desks[level] as TierDesk;
  const giveUpAt = runtime.now() + desk.rules.leaseWaitMs;
  let denied = await lease(desk, flights, level);
  for (
    let pollMs = FIRST_POLL_MS;
    denied.length > 0;
    pollMs = Math.min(pollMs * POLL_GROWTH, LONGEST_POLL_MS)
  ) {
    for (const flight of denied) if (!flight.isAwaited) fetching.leaveToOthers(flight);
    const leftMs = giveUpAt - runtime.now();
    denied = denied.filter(({ end }) => end === undefined);
    if (denied.length === 0 || leftMs <= 0) return;
    await runtime.sleep(Math.min(pollMs, leftMs));
    denied = denied.filter(({ end }) => end === undefined);
    if (!(await read(denied))) return;
    denied = await lease(
      desk,
      denied.filter(({ end }) => end === undefined),
      level,
    );
  }
}

/** Those who did not get the lease, where the tier answered at all. */
async function lease<V>(
  desk: TierDesk,
  flights: readonly Flight<V>[],
  level: number,
): Promise<Flight<V>[]> {
  if (flights.length === 0) return [];
  const leases = await desk.lease(flights.map(({ key }) => key));
  if (leases === undefined) return [];
  flights.forEach((flight, i) => {
    flight.leases[level] = leases[i];
    if (flight.end !== undefined && leases[i] !== undefined)
      void desk.release(flight.key, leases[i]);
  });
  return flights.filter((_, i) => leases[i] === undefined);
}

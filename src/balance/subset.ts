/**
 * Subsets: each client uses a part of the endpoints, so that a thousand clients need not keep
 * connections to a thousand endpoints each, and all endpoints are used alike.
 *
 * Sources: by numbered clients, B. Beyer et al., "Site Reliability Engineering" (2016), ch. 20,
 * "deterministic subsetting"; by named clients, rendezvous hashing as in gRPC A68.
 */

import type { OptionChecks } from '../core/index.ts';
import { optionChecks, seededRandom, shuffled, xxh32 } from '../core/index.ts';
import { rendezvous } from '../model/index.ts';

export interface SubsetOptions {
  /** How many endpoints this client uses, 1 or more. */
  readonly size: number;
  /**
   * Which client this is: a number, 0 or more, gives a perfectly even spread where clients are
   * numbered without gaps; a name gives a nearly even one, and a change of endpoints moves least.
   */
  readonly client: number | string;
}

/** Checks the options. */
export function checkedSubset(check: OptionChecks, options: SubsetOptions): SubsetOptions {
  optionChecks('balancer.subset').known(options, ['size', 'client']);
  check.count('subset.size', options.size);
  if (typeof options.client === 'string') check.text('subset.client', options.client);
  else check.number('subset.client', options.client, { min: 0, integer: true });
  return options;
}

/** The ids this client uses. */
export function subsetOf(ids: readonly string[], { size, client }: SubsetOptions): string[] {
  if (ids.length <= size) return [...ids];
  const sorted = [...ids].sort();
  return typeof client === 'number' ? numbered(sorted, size, client) : named(sorted, size, client);
}

/** Clients of one round share one shuffle and divide it among them. */
function numbered(ids: readonly string[], size: number, client: number): string[] {
  const perRound = Math.floor(ids.length / size);
  const round = Math.floor(client / perRound);
  const order = shuffled(seededRandom(round), ids);
  const at = (client % perRound) * size;
  return order.slice(at, at + size);
}

function named(ids: readonly string[], size: number, client: string): string[] {
  const draws = rendezvous(
    ids.map((id) => xxh32(id)),
    ids.map(() => 1),
  );
  return [...draws.rank(xxh32(client))].slice(0, size).map((at) => ids[at]!);
}

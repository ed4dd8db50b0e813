/** What the parts of fetching know of each other. */

import type { Arrival, Parts } from './arrivals.ts';
import type { CacheRules } from './cache-options.ts';
import type { Flight } from './flight.ts';
import type { BatchLoader, Loader } from './types.ts';

/** What is asked for together: one key, or the keys of one `getMany`. */
export interface Request<V> {
  readonly load: Loader<V> | undefined;
  readonly loadMany: BatchLoader<V> | undefined;
  readonly tags: readonly string[];
  readonly ttlMs: number;
}

/** The ways in which flights end, for those who read and load. */
export interface FetchHost<V> extends Parts<V> {
  readonly rules: CacheRules<V>;
  /** Ends a flight with a value that the tier at `level` had. */
  found(flight: Flight<V>, arrival: Arrival<V>, level: number): void;
  /** Loads what no tier has, or says that there is nothing. */
  foundNowhere(flights: readonly Flight<V>[], request: Request<V>): void;
  /** Ends a flight with a value the source gave. */
  loaded(
    flight: Flight<V>,
    value: V | undefined,
    times: { readonly ttlMs: number; readonly loadMs: number },
  ): void;
  /** Ends a flight with an error; gives its leases back. */
  fail(flight: Flight<V>, error: unknown): void;
  /** Ends a refresh that another process is doing. */
  leaveToOthers(flight: Flight<V>): void;
}

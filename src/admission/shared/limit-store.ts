/**
 * The port of shared limits: what a store must do so that many processes keep one limit together.
 *
 * A store decides on its own clock, in one step for all that is asked. It never queues: an unreachable
 * store rejects at once or is given up after the limiter's time-out.
 */

import type { Rate } from '../rate/rule.ts';

/** One limit of one key. */
export interface StoreKey {
  /** Names the limit; unique among the limits that share a store. */
  readonly limit: string;
  /** Whose it is; '' where all calls are one. */
  readonly key: string;
  /**
   * The algorithm and its numbers, the same for all keys of a limit. Other numbers than before are in
   * force from then on, and what was spent stays spent; kinds a store does not know it refuses with an
   * OptionError.
   */
  readonly rate: Rate;
}

/** Units wanted. */
export interface StoreAsk extends StoreKey {
  /** Units wanted. */
  readonly units: number;
  /** Units without which none are wanted, at most `units`: the rest is a lease for later calls. */
  readonly atLeast: number;
}

/** What became of one ask. */
export interface StoreAnswer {
  /** Units granted, from `atLeast` to `units`; 0 where any ask of the same step was refused. */
  readonly granted: number;
  /** Milliseconds until `atLeast` can be granted: 0 for now, Infinity for never. */
  readonly waitMs: number;
}

/** Units spent or given back without asking. */
export interface StoreChange extends StoreKey {
  /** Spent, whether they are there or not; below 0 given back, at most to the full limit. */
  readonly units: number;
  /** Milliseconds since what is given back was spent: of a window that is over nothing comes back. */
  readonly ageMs: number;
}

/** How one limit of one key stands. */
export interface StoreState {
  /** Units that may pass now; below 0 while overdrawn. */
  readonly remaining: number;
  /** Milliseconds until nothing is owed any more. */
  readonly resetMs: number;
  /** Milliseconds until the units asked about can be granted: 0 for now, Infinity for never. */
  readonly waitMs: number;
}

/** A store of shared limits. Keys of one step differ. Every method rejects when the store cannot tell. */
export interface LimitStore {
  /** Grants all that is asked, or nothing. */
  take(asks: readonly StoreAsk[]): Promise<readonly StoreAnswer[]>;
  /** Spends or gives back without asking. */
  adjust(changes: readonly StoreChange[]): Promise<void>;
  /** Looks without spending. */
  peek(asks: readonly (StoreKey & { readonly units: number })[]): Promise<readonly StoreState[]>;
}

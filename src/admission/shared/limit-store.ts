/**
 * The port of shared limits: what a store must do so that many processes keep one limit together.
 *
 * A store decides on its own clock, in one step for all that is asked. It never queues: an unreachable
 * store rejects at once or is given up after the limiter's time-out.
 */

import type { Rate } from '../rate/rule.ts';

/** Units wanted from one limit of one key. */
export interface StoreAsk {
  /** Whose limit; unique among the limits that share a store. */
  readonly key: string;
  /** The algorithm and its numbers; a store refuses kinds it does not know with an OptionError. */
  readonly rate: Rate;
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

/** A store of shared limits. */
export interface LimitStore {
  /** Grants all that is asked, or nothing. Keys differ. Rejects when the store cannot tell. */
  take(asks: readonly StoreAsk[]): Promise<readonly StoreAnswer[]>;
  /** Gives units back that were granted and not used, at most to the full limit. */
  giveBack(asks: readonly Omit<StoreAsk, 'atLeast'>[]): Promise<void>;
}

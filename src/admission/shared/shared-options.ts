/**
 * What a shared limiter is told, and what it tells.
 */

import type { Call } from '../../core/index.ts';
import type { Decisions, LimiterEvents, LimiterOptions } from '../limiter.ts';
import type { SettleOptions } from '../settlement.ts';
import type { Rate } from '../rate/rule.ts';
import type { LimitStore } from './limit-store.ts';

/** One of the limits that are kept together. */
export interface SharedLimit {
  /** Names it in refusals and begins its keys in the store. */
  readonly name: string;
  readonly rate: Rate;
  /** Which entry of a call's cost is spent. @default the cost itself, 1 where it is a record */
  readonly unit?: string;
  /** What calls are told apart by. @default all calls are one */
  readonly keyOf?: (call: Call) => string;
  /** Where the real cost is known only afterwards: how it is found. @default costs are final */
  readonly settle?: SettleOptions;
}

/** What happens while the store fails. */
export type WhenDown = 'share' | 'admit' | 'throw';

/** Options of limiters that ask a store. */
export interface StoreOptions {
  /** How long the store may take to answer, in ms; above 0. @default 100 */
  readonly timeoutMs?: number;
  /**
   * What happens while the store fails: 'share' keeps 1/`peers` of each limit in this process, 'admit'
   * lets everything pass, 'throw' rejects with a StoreError. @default 'share'
   */
  readonly whenDown?: WhenDown;
  /** Processes that share the limits, 1 or more, for 'share'. @default 1 */
  readonly peers?: number;
  /** How long the store is left alone after a failure, in ms; above 0. @default 1_000 */
  readonly retryMs?: number;
}

/** Names of the options of {@link StoreOptions}, for `known` checks. */
export const STORE_OPTIONS = ['timeoutMs', 'whenDown', 'peers', 'retryMs'] as const;

/** Options of {@link sharedLimiter}. */
export interface SharedLimiterOptions extends LimiterOptions, StoreOptions {
  /** One limit or more; a call needs the leave of all, and a refusal spends nothing. */
  readonly limits: readonly SharedLimit[];
  readonly store: LimitStore;
  /**
   * Units asked for at once, to be spent without asking; 0 asks for each call. In any stretch of time
   * at most the limit plus this many units per process may pass. @default 0
   */
  readonly leaseUnits?: number;
  /** How long leased units may be kept, in ms; what is left then goes back. @default 1_000 */
  readonly leaseMs?: number;
}

/** What a shared limiter tells its listeners. */
export interface SharedEvents extends LimiterEvents {
  /** The store has failed; `whenDown` is in force. */
  down: { readonly error: unknown };
  /** The store answers again. */
  up: { readonly downMs: number };
}

/** How the store has answered. */
export interface StoreCounts {
  readonly isDown: boolean;
  /** Steps asked of the store, failures included. */
  readonly asked: number;
  /** Of them, those that failed. */
  readonly failed: number;
}

/** How a shared limiter stands. */
export interface SharedSnapshot extends Decisions, StoreCounts {
  readonly name: string;
}

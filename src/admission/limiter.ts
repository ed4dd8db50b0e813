/**
 * What all limiters offer, whatever they count.
 */

import type {
  Call,
  Entry,
  EventSource,
  Pass,
  Policy,
  Refusal,
  Runtime,
  Staged,
} from '../core/index.ts';

import type { Allowance } from './limit.ts';
import type { SettleOptions } from './settlement.ts';

/** Options every door of this module takes. */
export interface GateOptions {
  /** Names the door in refusals, events and reports. @default the factory's name */
  readonly name?: string;
  /** Calls that pass without being counted: health checks, administrators. @default none */
  readonly exempt?: (call: Call) => boolean;
  /**
   * True to let everything pass at once and only report what would have been refused: what would have
   * waited in time is spent, as it would have been in its turn. @default false
   */
  readonly dryRun?: boolean;
  readonly runtime?: Runtime;
}

/** Options every limiter takes. */
export interface LimiterOptions extends GateOptions {
  /**
   * How long `run` and `take` wait for their turn before they refuse, in ms; Infinity waits as long
   * as the call's deadline and signal allow. @default run does not wait, take waits without end
   */
  readonly maxWaitMs?: number;
  /** How many calls may wait before each limit; more are refused at once. @default 10_000 */
  readonly maxWaiting?: number;
}

/** What a call costs a rate limiter. */
export interface CostOptions {
  /** Which entry of a call's cost is spent. @default the cost itself, 1 where it is a record */
  readonly unit?: string;
  /** Where the real cost is known only afterwards: how it is found. @default costs are final */
  readonly settle?: SettleOptions;
}

/** What a door has decided so far. */
export interface Counts {
  readonly admitted: number;
  readonly refused: number;
  /** Refusals that `dryRun` turned into admissions; they are not in `refused`. */
  readonly wouldRefuse: number;
  /** Calls that `exempt` let pass; they are not in `admitted`. */
  readonly exempted: number;
}

/** What a limiter has decided so far. */
export interface Decisions extends Counts {
  /** Calls and bookings in the lines now. */
  readonly waiting: number;
}

/** What a limiter tells its listeners. */
export interface LimiterEvents {
  /** A call was turned away, or would have been but for `dryRun`. */
  refused: { readonly call: Call; readonly refusal: Refusal; readonly dryRun: boolean };
}

/** The state of a limiter, free of its process's clock, as plain JSON. */
export interface LimiterDump {
  /** The algorithm. */
  readonly kind: string;
  /** When it was taken, epoch ms. */
  readonly wallTime: number;
  /** A row per key ('' where there are none): the key, then numbers the algorithm understands. */
  readonly rows: readonly (readonly [string, ...number[]])[];
}

/** A place in line: the right to go ahead at `readyAt`, unless cancelled before. */
export interface Booking {
  readonly ok: true;
  /** When to go ahead, on `runtime.now()`'s axis. Its turn may come sooner, when others cancel. */
  readonly readyAt: number;
  /** Milliseconds from the booking to `readyAt`. */
  readonly waitMs: number;
  /** Gives the place back, and those behind move up. False when its turn has come already. */
  cancel(): boolean;
}

/** A limiter that spends units and does not care how the call ends. */
export interface RateLimiter extends Policy, Staged, EventSource<LimiterEvents> {
  readonly name: string;
  /** Spends now or refuses; never waits, never throws for a refusal. */
  tryTake(call?: Call): Entry;
  /**
   * Spends, waiting for its turn within `maxWaitMs`, the call's deadline and its signal.
   *
   * @throws RejectedError (`ERR_RATE_LIMITED`) at once when the turn would come too late or never
   */
  take(call?: Call): Promise<Pass>;
  /** Books a place in the line. Refused when `readyAt` would pass `maxWaitMs` or the deadline. */
  reserve(call?: Call): Booking | Refusal;
  /** Looks without spending. */
  peek(call?: Call): Allowance;
  /** Spends without asking, which may overdraw: a penalty, or a cost known only afterwards. */
  penalty(call?: Call): void;
  /** Gives units back, at most to the full limit. */
  reward(call?: Call): void;
}

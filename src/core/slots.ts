/**
 * Slots: the port between a line of waiting work and what works it off.
 *
 * A queue's concurrency is a number or a `Slots`. A pool implements it, so that work waits in one
 * place, in priority order; a second line inside the pool would undo the order of the first.
 */

import type { Call } from './call.ts';
import type { Outcome, Refusal } from './door.ts';

/** A leased thing, given back once: `using lease = …`, `await using lease = …` or `release`. */
export interface Lease<R> extends Disposable, AsyncDisposable {
  readonly ok: true;
  readonly resource: R;
  /**
   * Gives the thing back; calling it again does nothing.
   *
   * @param outcome how the work ended; a failure lets the owner decide whether to keep the thing
   * @param detail the error of a failure
   * @param now the time, where the caller has just read it
   */
  release(outcome?: Outcome, detail?: unknown, now?: number): void;
}

/** The line in front of slots. */
export interface SlotsLine {
  /** A slot may have become free: after a release, a growth, a change of limits. */
  slotFreed(now: number): void;
  /** How many calls wait for a slot now: demand, for whoever sizes the slots. */
  readonly backlog: number;
  /** How many wait in each lot in which somebody may start, for slots that tell lots apart. */
  waitingByLot?(): Iterable<readonly [lot: string, waiting: number]>;
}

/** What a line asks for room. */
export interface Slots<R = unknown> {
  /** Slots that exist now, free or not. */
  readonly size: number;
  /**
   * Leases a slot fit for `call` now; undefined when it must wait for one; a refusal when waiting is
   * in vain (nothing here can ever serve it, or nothing can be had at present).
   */
  tryAcquire(call: Call, now: number): Lease<R> | Refusal | undefined;
  /**
   * Names the lot of a call: calls of one lot wait for the same slots, and a lot that must wait holds up
   * no other. Absent where every slot fits every call.
   */
  lotOf?(call: Call): string;
  /** The line has become longer; elastic slots may grow. */
  demandGrew(now: number): void;
  /** Makes `line` hear of free slots until the returned handle is disposed of. One at a time. */
  attach(line: SlotsLine): Disposable;
}

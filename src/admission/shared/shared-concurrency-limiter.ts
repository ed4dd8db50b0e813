/**
 * Calls in flight that many processes bound together, through a store of leases.
 *
 * Permits are leased for a while and renewed as long as they are needed, so that those of a process
 * that dies are free again when its leases have run out. Who waits does so in one line a key in each
 * process; between processes there is no order, only turns: see `keepMs`.
 */

import type { Call, Door, Entry, EventSource, Pass, Policy, Staged } from '../../core/index.ts';
import {
  emitter,
  flightRunner,
  optionChecks,
  refusalError,
  STAGE,
  systemRuntime,
} from '../../core/index.ts';
import { Entrance, LIMITER_OPTIONS } from '../entrance.ts';
import { NO_CALL } from '../gate.ts';
import { UNTIL_ROOM } from '../limit.ts';
import type { Decisions, LimiterOptions } from '../limiter.ts';
import type { LeaseStore } from './lease-store.ts';
import { LeasedSlots } from './leased-slots.ts';
import type { SharedEvents, StoreCounts, StoreOptions } from './shared-options.ts';
import { STORE_OPTIONS } from './shared-options.ts';
import { StoreLink } from './store-link.ts';

/** Options of {@link sharedConcurrencyLimiter}. */
export interface SharedConcurrencyOptions extends LimiterOptions, StoreOptions {
  readonly store: LeaseStore;
  /** Places that all processes have together, for each key; a whole number of 1 or more. */
  readonly limit: number;
  /** What calls are told apart by; each key has places of its own. @default all calls are one */
  readonly keyOf?: (call: Call) => string;
  /** Which entry of a call's cost it occupies. @default one place a call, whatever it costs */
  readonly unit?: string;
  /**
   * How long places outlive a process that has died or is cut off from the store, in ms; above 0. They
   * are renewed three times as often. @default 10_000
   */
  readonly leaseMs?: number;
  /**
   * How long a place may go from call to call in this process before it goes back to the store, in ms:
   * saves steps for short calls, and keeps what lies unused from the others. @default 100
   */
  readonly keepMs?: number;
  /**
   * How soon the store is asked again after it had no place, in ms, ±50 %; calls that come meanwhile are
   * refused without asking. Above 0. @default 50
   */
  readonly pollMs?: number;
  /** Names this process in the store; no two may have the same. @default drawn at random */
  readonly holder?: string;
}

/** A limiter of calls in flight over many processes. */
export interface SharedConcurrencyLimiter extends Policy, Staged, EventSource<SharedEvents> {
  readonly name: string;
  /** Passes or refuses, without waiting for a place. Call `done` on the pass when the work has ended. */
  tryEnter(call?: Call): Promise<Entry>;
  /**
   * Passes, waiting for a place within `maxWaitMs`, the call's deadline and its signal.
   *
   * @throws RejectedError (`ERR_CONCURRENCY_LIMITED`) when no place comes free in time
   */
  enter(call?: Call): Promise<Pass>;
  /** Puts another number of places in force here; calls in flight stay. Tell every process. */
  update(limit: number): void;
  /** Places, calls in flight here, what was decided so far, and how the store is. */
  snapshot(): SharedConcurrencySnapshot;
  /** Gives back what is leased and free; calls in flight keep their places to their end. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How a shared concurrency limiter stands. */
export interface SharedConcurrencySnapshot extends Decisions, StoreCounts {
  readonly name: string;
  readonly limit: number;
  /** Places occupied by calls of this process. */
  readonly inFlight: number;
  /** Places this process has leased, occupied or not. */
  readonly held: number;
}

/**
 * Bounds the calls in flight of many processes together.
 *
 * ```ts
 * import { memoryLeaseStore, sharedConcurrencyLimiter } from 'tenfold/admission';
 *
 * const limiter = sharedConcurrencyLimiter({
 *   store: memoryLeaseStore(), // in production one that all processes reach
 *   limit: 64,
 *   maxWaitMs: 5_000,
 * });
 * const answer: string = await limiter.run(async () => 'hello');
 * ```
 *
 * @throws OptionError when an option is out of range
 */
export function sharedConcurrencyLimiter(
  options: SharedConcurrencyOptions,
): SharedConcurrencyLimiter {
  const factory = 'sharedConcurrencyLimiter';
  const check = optionChecks(factory);
  check.known(options, [
    'store',
    'limit',
    'keyOf',
    'unit',
    'leaseMs',
    'keepMs',
    'pollMs',
    'holder',
    ...STORE_OPTIONS,
    ...LIMITER_OPTIONS,
  ]);
  const { keyOf = () => '', runtime = systemRuntime() } = options;
  const draw = runtime.random('lease holder');
  const name = options.name ?? factory;
  const events = emitter<SharedEvents>(runtime, name);
  const link = new StoreLink(factory, { name, runtime, events }, options);
  const slots = new LeasedSlots({
    name,
    store: check.methods('store', options.store, ['acquire', 'renew', 'release']),
    link,
    runtime,
    holder: check.text('holder', options.holder ?? holderName(draw)),
    limit: check.count('limit', options.limit),
    unit: options.unit === undefined ? undefined : check.text('unit', options.unit),
    keyOf: check.callable('keyOf', keyOf),
    leaseMs: check.positive('leaseMs', options.leaseMs ?? 10_000),
    keepMs: check.nonNegative('keepMs', options.keepMs ?? 100),
    pollMs: check.positive('pollMs', options.pollMs ?? 50),
  });
  const entrance = new Entrance<SharedEvents>({
    factory,
    options,
    limit: slots,
    lineOf: keyOf,
    events,
  });
  slots.shell = entrance;

  /** Decides as soon as the store has said whether there is a place. */
  const tryEnter = async (call: Call = NO_CALL): Promise<Entry> => {
    while (options.exempt?.(call) !== true) {
      const now = entrance.now();
      if (entrance.waitMs(call, now) !== UNTIL_ROOM || !slots.mayAsk(call, now)) break;
      if (!(await slots.askFor(call))) break;
    }
    return entrance.tryEnter(call);
  };
  const enter = async (call: Call = NO_CALL): Promise<Pass> => {
    if (options.dryRun !== true) return entrance.pass(call);
    const entry = await tryEnter(call);
    if (!entry.ok) throw refusalError(entry);
    return entry;
  };
  const waits = options.maxWaitMs !== undefined && options.dryRun !== true;
  const door: Door = {
    name: entrance.name,
    kind: 'concurrency-limiter',
    runtime,
    enter: (call, now) => (waits ? entrance.enter(call, now) : tryEnter(call)),
  };
  const close = (): Promise<void> => slots.desk.close();
  return {
    name: entrance.name,
    tryEnter,
    enter,
    run: flightRunner([door]),
    on: (name, listener) => entrance.events.on(name, listener),
    update: (limit) => slots.desk.update(check.count('limit', limit)),
    snapshot: () => ({
      name: entrance.name,
      limit: slots.desk.limit,
      inFlight: slots.inFlight,
      held: slots.desk.held,
      ...link.counts(),
      ...entrance.decisions(),
    }),
    close,
    [Symbol.asyncDispose]: close,
    [STAGE]: door,
  };
}

/** Ninety bits, so that no two processes ever draw the same. */
function holderName(draw: () => number): string {
  return [draw(), draw()].map((number) => Math.floor(number * 2 ** 45).toString(36)).join('-');
}

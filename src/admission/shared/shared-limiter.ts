/**
 * Limits that many processes keep together, through a store.
 *
 * Each decision asks the store for all its limits in one step, unless units leased before suffice. When
 * the store fails, every process goes on with its share of the limit, and asks the store again after a
 * while; a failure of the store never looks like a refusal.
 */

import type { Call, Entry, EventSource, Pass, Policy, Staged } from '../../core/index.ts';
import { flightRunner, optionChecks, refusalError, STAGE, workCall } from '../../core/index.ts';
import { GATE_OPTIONS, NO_CALL } from '../gate.ts';
import { SharedDoor } from './shared-door.ts';
import type { SharedEvents, SharedLimiterOptions, SharedSnapshot } from './shared-options.ts';
import { STORE_OPTIONS } from './shared-options.ts';

/** A limiter whose state is shared between processes. */
export interface SharedLimiter extends Policy, Staged, EventSource<SharedEvents> {
  readonly name: string;
  /** Spends or refuses, without waiting for its turn. */
  tryTake(call?: Call): Promise<Entry>;
  /**
   * Spends, waiting within `maxWaitMs`, the call's deadline and its signal. Who waits asks again when the
   * store says that it may pass; there is no order between processes.
   *
   * @throws RejectedError (`ERR_RATE_LIMITED`) at once when the turn would come too late or never
   */
  take(call?: Call): Promise<Pass>;
  snapshot(): SharedSnapshot;
  /** Gives leased units back; calls are then refused no more and no less than before. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Makes a limiter on shared state.
 *
 * ```ts
 * import { bucket, memoryLimitStore, sharedLimiter } from 'tenfold/admission';
 *
 * const limiter = sharedLimiter({
 *   store: memoryLimitStore(), // in production one that all processes reach
 *   limits: [{ name: 'api', rate: bucket({ capacity: 100, refillPerSecond: 10 }) }],
 * });
 * const answer = await limiter.tryTake();
 * console.log(answer.ok);
 * ```
 *
 * @throws OptionError when an option is out of range
 */
export function sharedLimiter(options: SharedLimiterOptions): SharedLimiter {
  const check = optionChecks('sharedLimiter');
  check.known(options, [
    ...GATE_OPTIONS,
    'limits',
    'store',
    'leaseUnits',
    'leaseMs',
    ...STORE_OPTIONS,
    'maxWaitMs',
  ]);
  const door = new SharedDoor(options);
  const close = (): Promise<void> => door.close();
  return {
    name: door.name,
    tryTake: async (call = NO_CALL) => door.decide(call, door.runtime.now()),
    take: (call = NO_CALL) => takeOf(door, call),
    run: flightRunner([door]),
    on: (name, listener) => door.events.on(name, listener),
    snapshot: () => door.snapshot(),
    close,
    [Symbol.asyncDispose]: close,
    [STAGE]: door,
  };
}

async function takeOf(door: SharedDoor, call: Call): Promise<Pass> {
  const { signal } = workCall(call);
  signal.throwIfAborted();
  const entry = await door.wait(call, door.runtime.now(), door.maxWaitMs ?? Infinity);
  if (!entry.ok) throw refusalError(entry);
  return entry;
}

/**
 * Limits that many processes keep together, through a store.
 *
 * Each decision asks the store for all its limits in one step, unless units leased before suffice. When
 * the store fails, every process goes on with its share of the limit, and asks the store again after a
 * while; a failure of the store never looks like a refusal.
 */

import type { Call, Entry, EventSource, Pass, Policy, Staged } from '../../core/index.ts';
import { flightRunner, optionChecks, refusalError, STAGE } from '../../core/index.ts';
import { LIMITER_OPTIONS } from '../entrance.ts';
import { NO_CALL, throwIfCancelled } from '../gate.ts';
import type { Allowance } from '../limit.ts';
import type { Rate } from '../rate/rule.ts';
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
   * store says that it may pass: in order among the calls of this process that have the same keys, in none
   * between processes.
   *
   * @throws RejectedError (`ERR_RATE_LIMITED`), for the first in line at once when the turn would come too
   *   late or never
   */
  take(call?: Call): Promise<Pass>;
  /** Looks without spending: what each limit has left, in the order of the options. */
  peek(call?: Call): Promise<readonly Allowance[]>;
  /** Spends of every limit without asking, which may overdraw. */
  penalty(call?: Call): Promise<void>;
  /** Gives units of every limit back, at most to the full limit. */
  reward(call?: Call): Promise<void>;
  /**
   * Changes the rates of the named limits live; what has been spent stays spent, the algorithms stay. The
   * store goes by the numbers of whoever asks, so tell every process.
   */
  update(rates: Readonly<Record<string, Rate>>): void;
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
    'limits',
    'store',
    'leaseUnits',
    'leaseMs',
    ...STORE_OPTIONS,
    ...LIMITER_OPTIONS,
  ]);
  const door = new SharedDoor(options);
  const close = (): Promise<void> => door.close();
  return {
    name: door.name,
    tryTake: async (call = NO_CALL) => door.decide(call, door.runtime.now()),
    take: (call = NO_CALL) => takeOf(door, call),
    peek: (call = NO_CALL) => door.peek(call),
    penalty: (call = NO_CALL) => door.adjust(call, 1),
    reward: (call = NO_CALL) => door.adjust(call, -1),
    update: (rates) => door.update(rates),
    run: flightRunner([door]),
    on: (name, listener) => door.events.on(name, listener),
    snapshot: () => door.snapshot(),
    close,
    [Symbol.asyncDispose]: close,
    [STAGE]: door,
  };
}

async function takeOf(door: SharedDoor, call: Call): Promise<Pass> {
  throwIfCancelled(call);
  const entry = await door.wait(call, door.runtime.now(), door.maxWaitMs ?? Infinity);
  if (!entry.ok) throw refusalError(entry);
  return entry;
}

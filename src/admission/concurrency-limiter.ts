/**
 * A limit on calls in flight, fixed or adaptive, with guaranteed shares and a line of choice.
 */

import type {
  Call,
  CodelOptions,
  Entry,
  EventSource,
  Pass,
  Policy,
  Runtime,
  Staged,
} from '../core/index.ts';
import { flightRunner, isTenfoldError, optionChecks, STAGE, systemRuntime } from '../core/index.ts';
import { adaptive } from './concurrency/adaptive.ts';
import type { PartitionState } from './concurrency/partitions.ts';
import { Partitions } from './concurrency/partitions.ts';
import type { ConcurrencyLimit, ConcurrencyRule } from './concurrency/rule.ts';
import { checkedWindow } from './concurrency/rule.ts';
import { Sampler } from './concurrency/sampler.ts';
import { SlotsLimit } from './concurrency/slots-limit.ts';
import { Entrance, LIMITER_OPTIONS } from './entrance.ts';
import type { Order } from './line-order.ts';
import { lineOrder } from './line-order.ts';
import type { Allowance } from './limit.ts';
import type { Decisions, LimiterEvents, LimiterOptions } from './limiter.ts';

/** Options of {@link concurrencyLimiter}. */
export interface ConcurrencyLimiterOptions extends LimiterOptions {
  /** A fixed number of calls, 1 or more, or an algorithm that finds it. @default adaptive() */
  readonly limit?: number | ConcurrencyLimit;
  /** Which entry of a call's cost it occupies. @default one place a call, whatever it costs */
  readonly unit?: string;
  /** Guaranteed shares by partition, each 0–1, together at most 1. @default no guarantees */
  readonly partitions?: Readonly<Record<string, number>>;
  /** Which partition a call belongs to. @default its tenant, '' where it has none */
  readonly partitionOf?: (call: Call) => string;
  /** Who goes first among those who wait; see {@link Order}. @default 'fifo' */
  readonly order?: Order;
  /** When a wait is too long, for the orders 'codel' and 'adaptive'. @default 5 ms within 100 ms */
  readonly codel?: CodelOptions;
  /** Whether a failure tells an adaptive limit of overload. @default time-outs do */
  readonly isDrop?: (error: unknown) => boolean;
}

/** What a concurrency limiter tells its listeners. */
export interface ConcurrencyEvents extends LimiterEvents {
  /** The limit has moved. */
  limit: { readonly from: number; readonly to: number; readonly inFlight: number };
}

/** A limiter of calls in flight. */
export interface ConcurrencyLimiter extends Policy, Staged, EventSource<ConcurrencyEvents> {
  readonly name: string;
  /** Passes now or refuses. Call `done` on the pass when the work has ended. */
  tryEnter(call?: Call): Entry;
  /**
   * Passes, waiting for its turn within `maxWaitMs`, the call's deadline and its signal.
   *
   * @throws RejectedError (`ERR_CONCURRENCY_LIMITED`) when its turn does not come in time
   */
  enter(call?: Call): Promise<Pass>;
  /** Looks without entering. */
  peek(call?: Call): Allowance;
  /** Puts another limit in force at once; calls in flight stay, those who wait may pass. */
  update(limit: number | ConcurrencyLimit): void;
  /** Limit, calls in flight, and what was decided so far. */
  snapshot(): ConcurrencySnapshot;
}

/** How a concurrency limiter stands. */
export interface ConcurrencySnapshot extends Decisions {
  readonly name: string;
  readonly limit: number;
  readonly inFlight: number;
  /** By partition; those without a share are listed while they have calls in flight. */
  readonly partitions: Readonly<Record<string, PartitionState>>;
}

/**
 * Limits the calls in flight. Unless told otherwise it finds the limit itself, from how latency and
 * throughput answer to it.
 *
 * ```ts
 * import { concurrencyLimiter } from 'tenfold';
 *
 * const limiter = concurrencyLimiter({ limit: 64, partitions: { live: 0.7, batch: 0.3 } });
 * const answer: string = await limiter.run(async () => 'hello', { tenant: 'live' });
 * ```
 *
 * @throws OptionError when an option is out of range
 */
export function concurrencyLimiter(options: ConcurrencyLimiterOptions = {}): ConcurrencyLimiter {
  const check = optionChecks('concurrencyLimiter');
  check.known(options, [
    'limit',
    'unit',
    'partitions',
    'partitionOf',
    'order',
    'codel',
    'isDrop',
    ...LIMITER_OPTIONS,
  ]);
  const { partitionOf = ({ tenant = '' }: Call) => tenant, isDrop = isTimeout } = options;
  const partitions =
    options.partitions === undefined ? undefined : new Partitions(options.partitions);
  const runtime = options.runtime ?? systemRuntime();
  const random = runtime.random('concurrency limit');
  const made = (limit: number | ConcurrencyLimit): Made => make(limit, random, runtime);
  const limit: SlotsLimit = new SlotsLimit({
    name: options.name ?? 'concurrencyLimiter',
    ...made(options.limit ?? adaptive()),
    partitions,
    partitionOf: check.callable('partitionOf', partitionOf),
    unit: options.unit === undefined ? undefined : check.text('unit', options.unit),
    isDrop: check.callable('isDrop', isDrop),
    moved(from, to) {
      if (!entrance.events.has('limit')) return;
      entrance.events.emit('limit', { from, to, inFlight: limit.inFlight });
    },
    faulted: (error) => runtime.report(error, `${entrance.name}: learning the limit`),
  });
  const entrance = new Entrance<ConcurrencyEvents>({
    factory: 'concurrencyLimiter',
    options,
    limit,
    ...(partitions !== undefined && { lineOf: partitionOf }),
    order: lineOrder(options.order, options.codel),
  });
  limit.shell = entrance;
  return {
    name: entrance.name,
    tryEnter: (call) => entrance.tryEnter(call),
    enter: (call) => entrance.pass(call),
    peek: (call) => entrance.peek(call),
    run: flightRunner([entrance]),
    on: (name, listener) => entrance.events.on(name, listener),
    update(next) {
      const { rule, sampler } = made(next);
      limit.replace(rule, sampler, entrance.now());
    },
    snapshot: () => ({
      name: entrance.name,
      limit: limit.limit,
      inFlight: limit.inFlight,
      partitions: partitions?.snapshot(limit.limit) ?? {},
      ...entrance.decisions(),
    }),
    [STAGE]: entrance,
  };
}

interface Made {
  readonly rule: ConcurrencyRule;
  readonly sampler: Sampler | undefined;
}

function make(limit: number | ConcurrencyLimit, random: () => number, runtime: Runtime): Made {
  const check = optionChecks('concurrencyLimiter');
  if (typeof limit === 'object' && limit !== null) {
    const { window } = check.methods('limit', limit, ['rule']);
    return { rule: limit.rule(random), sampler: new Sampler(checkedWindow(window), runtime.now()) };
  }
  const fixed = check.number('limit', limit, { min: 1, infinite: true });
  return { rule: { limit: fixed, update: () => undefined }, sampler: undefined };
}

function isTimeout(error: unknown): boolean {
  return isTenfoldError(error) ? error.code === 'ERR_TIMEOUT' : isNamedTimeout(error);
}

/** What `AbortSignal.timeout` and many clients throw. */
function isNamedTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}

/**
 * The context of one call, the same for every primitive.
 */

import type { CancelToken } from './cancellation.ts';
import { cancelToken, tokenOf } from './cancellation.ts';

/**
 * The key under which a call carries its cancellation token. It is an own property, so that
 * `{ ...call, priority: 3 }` keeps it, and a registered symbol, so that both builds share it.
 */
export const TOKEN: unique symbol = Symbol.for('tenfold.token');

/** How much a call costs: one number, or a number per unit such as `{ requests: 1, tokens: 900 }`. */
export type Cost = number | Readonly<Record<string, number>>;

/** What a caller may say of a call; every field is optional. */
export interface Call {
  /** The caller's abort signal. When it aborts, the call rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** What keyed primitives (limits, breakers, shards, order) tell calls apart by. */
  readonly key?: string | undefined;
  /** On whose account the call runs; fairness and shares go by it. */
  readonly tenant?: string | undefined;
  /** Class of work: content type, complexity, wanted quality. */
  readonly kind?: string | undefined;
  /** The session a sticky endpoint or shard is kept for. */
  readonly session?: string | undefined;
  /** Greater is more urgent. @default 0 */
  readonly priority?: number | undefined;
  /** What the call spends. @default 1 */
  readonly cost?: Cost | undefined;
  /** Absolute time on `runtime.now()`'s axis after which nobody wants the answer, in ms. */
  readonly deadline?: number | undefined;
  /** Which attempt this is, from 1; set by retry and hedge. @default 1 */
  readonly attempt?: number | undefined;
  /** Ties the call to others in logs and traces. */
  readonly correlationId?: string | undefined;
  /** The library's own cancellation scope, passed on by spreading. */
  readonly [TOKEN]?: CancelToken | undefined;
}

/** The call as work sees it: its `signal` is always there, made when first read. */
export interface WorkCall extends Call {
  readonly signal: AbortSignal;
  readonly attempt: number;
}

/** What a policy runs. `resource` is what a pool or balancer lends to work it runs directly. */
export type Work<T, R = undefined> = (call: WorkCall, resource: R) => T | PromiseLike<T>;

/**
 * The part of a cost that a primitive counts; NaN for what is no number, which the primitive refuses.
 *
 * @param unit undefined: the number itself, or the sum of nothing (1) when cost is a record;
 *   otherwise the entry of that name, 0 where the record lacks it
 */
export function costOf(call: Call | undefined, unit: string | undefined): number {
  const cost = call?.cost;
  if (cost === undefined) return 1;
  if (typeof cost === 'number') return cost;
  if (typeof cost !== 'object' || cost === null) return NaN;
  if (unit === undefined) return 1;
  const part = cost[unit] ?? 0;
  return typeof part === 'number' ? part : NaN;
}

/** The call a flight hands to doors and work. `deadline` is lowered by time limits on the way in. */
export interface FlightCall extends WorkCall {
  deadline: number | undefined;
  [TOKEN]: CancelToken | undefined;
}

/**
 * Makes the call a flight hands on: the caller's fields, and the flight's token.
 *
 * @param attempt its number, where this flight is one attempt of several
 */
export function flightCall(
  call: Call | undefined,
  token: CancelToken | undefined,
  attempt?: number,
): FlightCall {
  if (call === undefined) return new CallInFlight(token, attempt ?? 1);
  const inFlight = new CallInFlight(token, attempt ?? call.attempt ?? 1);
  inFlight.key = call.key;
  inFlight.tenant = call.tenant;
  inFlight.kind = call.kind;
  inFlight.session = call.session;
  inFlight.priority = call.priority;
  inFlight.cost = call.cost;
  inFlight.deadline = call.deadline;
  inFlight.correlationId = call.correlationId;
  return inFlight;
}

/**
 * The call to hand to work in a policy of your own: the caller's fields and cancellation, with a
 * `signal` that is made when it is read.
 */
export function workCall(call?: Call): WorkCall {
  const signal = call === undefined ? undefined : ownSignal(call);
  return flightCall(call, signal === undefined ? call?.[TOKEN] : tokenOf(signal));
}

class CallInFlight implements FlightCall {
  key: string | undefined = undefined;
  tenant: string | undefined = undefined;
  kind: string | undefined = undefined;
  session: string | undefined = undefined;
  priority: number | undefined = undefined;
  cost: Cost | undefined = undefined;
  deadline: number | undefined = undefined;
  attempt: number;
  correlationId: string | undefined = undefined;
  [TOKEN]: CancelToken | undefined;

  constructor(token: CancelToken | undefined, attempt: number) {
    this.attempt = attempt;
    this[TOKEN] = token;
  }

  get signal(): AbortSignal {
    return (this[TOKEN] ??= cancelToken()).signal;
  }
}

/**
 * The signal a caller gave; a call passed on from a flight carries only its token, and reading its
 * `signal` would make one. Inherited signals count: a controller or a request is a call, too.
 */
export function ownSignal(call: Call): AbortSignal | undefined {
  if (call instanceof CallInFlight) return undefined;
  // A flight of the other build (ESM, CommonJS) is no instance of ours.
  if (call[TOKEN] !== undefined && !Object.hasOwn(call, 'signal')) return undefined;
  return call.signal ?? undefined; // null, as fetch takes it, is none
}

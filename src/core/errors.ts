/**
 * The error tree.
 *
 * Recognise an error by its `code` or with `isTenfoldError`, never by `instanceof`: the ESM and the
 * CJS build of one package are two copies of every class. A refusal is an ordinary event on a busy
 * path, so refusals carry no stack (a stack costs about 2 µs). A store failure is a class of its
 * own: it must never look like a refusal.
 */

const BRAND: unique symbol = Symbol.for('tenfold.error');

/** Why a call was turned away; part of every {@link RejectedError}. */
export type RefusalCode =
  | 'ERR_RATE_LIMITED'
  | 'ERR_CONCURRENCY_LIMITED'
  | 'ERR_QUEUE_FULL'
  | 'ERR_EXPIRED'
  | 'ERR_CIRCUIT_OPEN'
  | 'ERR_OVERLOADED'
  | 'ERR_BUDGET_EXHAUSTED'
  | 'ERR_UNAVAILABLE';

/** Root of every error this library throws. */
export class TenfoldError extends Error {
  readonly code: string;

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A policy turned the call away; the work did not run and nothing was spent. */
export class RejectedError extends TenfoldError {
  declare readonly code: RefusalCode;
  /** Milliseconds after which asking again may succeed; 0 when unknown. */
  readonly retryAfterMs: number;
  /** Name of the policy that refused. */
  readonly policy: string;

  constructor(
    code: RefusalCode,
    message: string,
    details: { policy: string; retryAfterMs?: number },
  ) {
    super(code, message);
    this.policy = details.policy;
    this.retryAfterMs = details.retryAfterMs ?? 0;
  }
}

/** The time allowed for a call ran out; the work may still be running. */
export class TimeoutError extends TenfoldError {
  /** The limit that was passed, in milliseconds. */
  readonly limitMs: number;

  constructor(message: string, limitMs: number) {
    super('ERR_TIMEOUT', message);
    this.limitMs = limitMs;
  }
}

/** The primitive was closed before or while the call waited. */
export class ClosedError extends TenfoldError {
  constructor(message: string) {
    super('ERR_CLOSED', message);
  }
}

/** A store (Redis, a tier, a journal) failed; `cause` holds its error. */
export class StoreError extends TenfoldError {
  constructor(message: string, options: { cause: unknown }) {
    super('ERR_STORE', message, options);
  }
}

/** An option was out of range; thrown at construction or by `update`. */
export class OptionError extends TenfoldError {
  /** Path of the option, such as `tokenBucket.capacity`. */
  readonly option: string;
  /** What was received. */
  readonly received: unknown;

  constructor(option: string, expected: string, received: unknown) {
    super('ERR_OPTION', `${option} must be ${expected}, got ${show(received)}`);
    this.option = option;
    this.received = received;
  }
}

/** True for an error of this library, whichever copy of the package made it. Never throws. */
export function isTenfoldError(error: unknown): error is TenfoldError {
  if (typeof error !== 'object' || error === null) return false;
  try {
    return BRAND in error;
  } catch {
    return false; // a proxy that refuses to be looked at
  }
}

/** True when a policy refused the call, so that the work never ran. */
export function isRejectedError(error: unknown): error is RejectedError {
  return isTenfoldError(error) && 'retryAfterMs' in error;
}

/**
 * Builds an error without capturing a stack, for refusals and time-outs that are part of normal work.
 * The limit is restored before anything else can run.
 */
export function stackless<E extends Error>(create: () => E): E {
  const limit = Error.stackTraceLimit;
  try {
    Error.stackTraceLimit = 0;
  } catch {
    return create(); // frozen intrinsics (SES): pay for the stack
  }
  try {
    return create();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function')
    return value.name === '' ? 'a function' : `function ${value.name}`;
  if (typeof value === 'symbol') return value.toString();
  if (typeof value !== 'object' || value === null) return `${value as undefined}`;
  try {
    return JSON.stringify(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

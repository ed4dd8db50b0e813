/**
 * The time limit: a bound on how long the caller waits, not on how long the work holds what it took.
 */

import type { Policy, Runtime, Staged, TimeLimit } from '../core/index.ts';
import { flightRunner, optionChecks, STAGE, systemRuntime } from '../core/index.ts';

export interface TimeoutOptions {
  /**
   * Milliseconds until the caller is answered with a `TimeoutError`; of a stream, until its end.
   * Above 0. @default Infinity, and then one of the other two is needed
   */
  readonly ms?: number;
  /**
   * Milliseconds until the first item of a stream, from the start of the call and less the time the
   * reader takes; where the answer is no stream, until the answer. Above 0. @default Infinity
   */
  readonly firstItemMs?: number;
  /** Milliseconds that a stream may keep its reader waiting for each later item. Above 0. @default Infinity */
  readonly idleMs?: number;
  /**
   * Milliseconds after the limit, or the caller's abort, until work that ignores its signal is given
   * up, so that the slots and leases it holds are given back; Infinity waits for it. @default Infinity
   */
  readonly abandonAfterMs?: number;
  /** Names the limit in its error. @default 'timeout' */
  readonly name?: string;
  readonly runtime?: Runtime;
}

/** A policy that bounds the time of what it wraps. */
export interface Timeout extends Policy, Staged {
  readonly name: string;
}

/**
 * Makes a time limit. At the limit the caller is rejected with a `TimeoutError` (`ERR_TIMEOUT`) and
 * the call's signal aborts with the same error; slots and leases further in stay held until the work
 * settles or `abandonAfterMs` passes. The limit is also written to `Call.deadline`, and a nearer
 * deadline of the caller's is kept. A call that answers in time never makes an `AbortSignal`, unless
 * the work reads it, nor a timer.
 *
 * Streams (async generators, web streams, what `asStream` marks) are watched to their end: at a limit
 * the reader's `next()` rejects, and the source is closed.
 *
 * ```ts
 * import { timeout } from 'tenfold';
 *
 * const soon = timeout({ ms: 2_000 });
 * const text: string = await soon.run(async ({ signal }) => {
 *   signal.throwIfAborted();
 *   return 'in time';
 * });
 * ```
 *
 * @throws OptionError for an option out of range, or when nothing is limited
 */
export function timeout(options: TimeoutOptions): Timeout {
  const check = optionChecks('timeout');
  check.known(options, ['ms', 'firstItemMs', 'idleMs', 'abandonAfterMs', 'name', 'runtime']);
  const { abandonAfterMs = Infinity, name = 'timeout', runtime = systemRuntime() } = options;
  const stage: TimeLimit = {
    name: check.text('name', name),
    kind: 'timeout',
    runtime,
    limitMs: check.durationMs('ms', options.ms ?? Infinity),
    firstItemMs: check.durationMs('firstItemMs', options.firstItemMs ?? Infinity),
    idleMs: check.durationMs('idleMs', options.idleMs ?? Infinity),
    abandonAfterMs: check.number('abandonAfterMs', abandonAfterMs, { min: 0, infinite: true }),
  };
  if (Math.min(stage.limitMs, stage.firstItemMs, stage.idleMs) === Infinity) {
    check.refuse('ms', 'given, or firstItemMs or idleMs', options.ms);
  }
  return { name, run: flightRunner([stage]), [STAGE]: stage };
}

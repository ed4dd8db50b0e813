/**
 * The time limit: a bound on how long the caller waits, not on how long the work holds what it took.
 */

import type { Policy, Runtime, Staged, TimeLimit } from '../core/index.ts';
import { flightRunner, optionChecks, STAGE, systemRuntime } from '../core/index.ts';

export interface TimeoutOptions {
  /** Milliseconds until the caller is answered with a `TimeoutError`; above 0. */
  readonly ms: number;
  /**
   * Milliseconds after the limit until work that ignores its signal is given up, so that the slots
   * and leases it holds are given back; Infinity waits for it. @default Infinity
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
 * ```ts
 * import { timeout } from 'tenfold';
 *
 * const soon = timeout({ ms: 2_000 });
 * const text: string = await soon.run(async ({ signal }) => {
 *   signal.throwIfAborted();
 *   return 'in time';
 * });
 * ```
 */
export function timeout(options: TimeoutOptions): Timeout {
  const check = optionChecks('timeout');
  check.known(options, ['ms', 'abandonAfterMs', 'name', 'runtime']);
  const { abandonAfterMs = Infinity, name = 'timeout', runtime = systemRuntime() } = options;
  const stage: TimeLimit = {
    name: check.text('name', name),
    kind: 'timeout',
    runtime,
    limitMs: check.durationMs('ms', options.ms),
    abandonAfterMs: check.number('abandonAfterMs', abandonAfterMs, { min: 0, infinite: true }),
  };
  return { name, run: flightRunner([stage]), [STAGE]: stage };
}

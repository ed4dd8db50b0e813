/**
 * The closed algebra: anything with `run` is a policy, and composing policies gives a policy.
 */

import type { Call, Work } from './call.ts';

/** Runs work under some rule: a limit, a line, a time-out, a breaker, or several of them. */
export interface Policy {
  /**
   * Runs `work` unless the policy refuses.
   *
   * @returns what the work returns; rejects with what it throws, with `signal.reason` when the
   *   caller aborts, with a `RejectedError` when the policy refuses
   */
  run<T>(work: Work<T>, call?: Call): Promise<T>;
}

/**
 * Fallback: another answer where the first failed. A function, not a policy: it changes the result,
 * and so its type.
 */

export interface FallbackOptions {
  /** Which errors are made up for. @default all */
  readonly when?: (error: unknown) => boolean;
  /** The caller's signal: nothing is made up for a caller who has gone. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Answers with what `attempt` answers, or with what `substitute` makes of its error.
 *
 * ```ts
 * import { circuitBreaker, fallback } from 'tenfold';
 *
 * const breaker = circuitBreaker({ mode: 'forced-open' });
 * const price: number = await fallback(
 *   () => breaker.run(async () => 42),
 *   () => 40, // the last one known
 * );
 * ```
 *
 * @returns rejects with the error itself where `when` says no or the caller has aborted, and with the
 *   substitute's error, its `cause` left alone, where that fails
 */
export async function fallback<T, S>(
  attempt: () => T | PromiseLike<T>,
  substitute: (error: unknown) => S | PromiseLike<S>,
  options: FallbackOptions = {},
): Promise<T | S> {
  try {
    return await attempt();
  } catch (error) {
    if (options.signal?.aborted === true || options.when?.(error) === false) throw error;
    return await substitute(error);
  }
}

/**
 * Expectations of a policy, for continuous integration: a change of a constant that costs users or
 * money fails the build.
 */

import { TenfoldError } from '../../core/index.ts';
import type { BacktestOptions, Candidate } from './backtest.ts';
import { backtest } from './backtest.ts';
import type { Score } from './score.ts';
import type { Trace } from './trace.ts';

/** A number is the most a figure may be. */
export type Limits = Partial<
  Readonly<Record<keyof Score, number | { readonly atLeast?: number; readonly atMost?: number }>>
>;

export interface PolicyExpectation {
  /**
   * Passes when every figure is within its limits.
   *
   * @returns all figures
   * @throws TenfoldError `ERR_EXPECTATION`, whose message lists what is off
   */
  toHave(limits: Limits): Score;
}

/**
 * Back-tests one policy on one trace.
 *
 * ```ts
 * import { scalingEngine } from 'tenfold';
 * import { expectPolicy, targetTracking, traceOfCounts } from 'tenfold/scale';
 *
 * declare const requestsPerMinute: number[]; // last week's
 * const engine = scalingEngine({
 *   bounds: { min: 2, max: 200 },
 *   policies: { load: targetTracking({ metric: 'arrivals', of: 'total', target: 50 }) },
 * });
 * expectPolicy(traceOfCounts('last week', 60_000, requestsPerMinute), engine, {
 *   startupMs: 60_000,
 *   capacity: 50,
 * }).toHave({ underTime: 0.05, costRatio: 1.1 });
 * ```
 */
export function expectPolicy(
  trace: Trace,
  policy: Candidate,
  options: BacktestOptions,
): PolicyExpectation {
  return {
    toHave(limits) {
      const { rows } = backtest(trace, { policy }, options);
      const { score } = rows[0] as (typeof rows)[0];
      const off = (Object.keys(limits) as (keyof Score)[]).flatMap((figure) => {
        const limit = limits[figure];
        const { atLeast = -Infinity, atMost = Infinity } =
          typeof limit === 'number' ? { atMost: limit } : (limit ?? {});
        const value = score[figure];
        if (value > atMost) return [`${figure} is ${value}, at most ${atMost} was expected`];
        return value < atLeast ? [`${figure} is ${value}, at least ${atLeast} was expected`] : [];
      });
      if (off.length === 0) return score;
      throw new TenfoldError('ERR_EXPECTATION', `on ${trace.name}: ${off.join('; ')}`);
    },
  };
}

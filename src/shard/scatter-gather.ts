/**
 * Scatter-gather: asks many shards at once and makes the best of what comes back in time.
 *
 * A call to 20 shards is as slow as the slowest of 20. Hedging asks a slow one a second time (J. Dean
 * and L. Barroso, "The Tail at Scale", 2013), within a budget, so that an overload is not doubled; a
 * quorum lets the caller go with most of the answers, and says which are missing.
 */
import type { Call, Runtime } from '../core/index.ts';
import { optionChecks, systemRuntime } from '../core/index.ts';
import { type Ask, type Gathered, Gathering } from './gathering.ts';
import { hedging, type HedgeOptions } from './hedging.ts';

/** Options of {@link scatterGather}. */
export interface ScatterGatherOptions {
  /** Longest time to the answer, ms; a call's deadline may be nearer. @default Infinity */
  readonly timeoutMs?: number;
  /** Part of the shards without which there is no answer, above 0 to 1. @default 1 */
  readonly quorum?: number;
  /**
   * How long to wait for the others once the quorum is there, ms; 0 goes at once, Infinity waits until
   * the deadline. @default Infinity
   */
  readonly graceMs?: number;
  /** Asks slow shards a second time. @default not */
  readonly hedge?: HedgeOptions;
  /** @default systemRuntime() */
  readonly runtime?: Runtime;
}

/** A way of asking many shards. It learns how long answers take. */
export interface ScatterGather {
  /**
   * Asks all targets and waits as the options say. What is still under way when the answer is given is
   * cancelled through `call.signal`.
   *
   * @returns results, and what is missing; rejects with a QuorumError when too many failed, with a
   *   TimeoutError when time ran out before the quorum, with `signal.reason` at an abort
   */
  run<Target, T>(
    targets: Iterable<Target>,
    ask: Ask<Target, T>,
    call?: Call,
  ): Promise<Gathered<Target, T>>;
}

/**
 * Makes a way of asking many shards.
 *
 * ```ts
 * import { mergeTop, scatterGather } from 'tenfold/shard';
 *
 * const search = scatterGather({ timeoutMs: 200, quorum: 0.9, graceMs: 20, hedge: {} });
 * const { results, partial } = await search.run(['a', 'b'], async (node) => [node.length, 1]);
 * const best = mergeTop([...results.values()], 10, (a, b) => b - a);
 * console.log(best, partial);
 * ```
 *
 * @throws OptionError for an option out of range
 */
export function scatterGather(options: ScatterGatherOptions = {}): ScatterGather {
  const check = optionChecks('scatterGather');
  check.known(options, ['timeoutMs', 'quorum', 'graceMs', 'hedge', 'runtime']);
  const timeoutMs = check.durationMs('timeoutMs', options.timeoutMs ?? Infinity);
  const quorum = check.number('quorum', options.quorum ?? 1, { above: 0, max: 1 });
  const graceMs = check.number('graceMs', options.graceMs ?? Infinity, { min: 0, infinite: true });
  const hedge = options.hedge === undefined ? undefined : hedging(options.hedge);
  const runtime = options.runtime ?? systemRuntime();
  const rules = { timeoutMs, quorum, graceMs, hedge, runtime };
  let running = 0;
  runtime.enrol({
    waiting: () => (running === 0 ? undefined : `scatterGather: ${running} calls wait for shards`),
  });
  return {
    run: async (targets, ask, call) => {
      running++;
      try {
        return await new Gathering(rules, [...targets], ask, call).start();
      } finally {
        running--;
      }
    },
  };
}

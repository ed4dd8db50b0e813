/**
 * AIMD: one more after a good window, a tenth less after a drop.
 *
 * The simplest adaptive limit. It learns only from drops and time-outs, so it needs a backend that
 * refuses or a time limit further in; latency alone moves it only past `timeoutMs`.
 *
 * Source: Chiu and Jain, "Analysis of the Increase and Decrease Algorithms" (1989), with the numbers
 * of Netflix concurrency-limits.
 */

import { optionChecks } from '../../core/index.ts';
import type { ConcurrencyLimit, ConcurrencyRule, LimitBounds, LimitSample } from './rule.ts';
import { checkedBounds, NETFLIX_WINDOW } from './rule.ts';

/** Options of {@link aimd}; bounds are 20 and 200. */
export interface AimdOptions extends LimitBounds {
  /** What is left of the limit after a drop, 0.5–1. @default 0.9 */
  readonly backoffRatio?: number;
  /** A mean duration above this, in ms, counts as a drop. @default 5_000 */
  readonly timeoutMs?: number;
}

/** A limit that grows by one and shrinks by a share. */
export function aimd(options: AimdOptions = {}): ConcurrencyLimit {
  const check = optionChecks('aimd');
  check.known(options, ['initial', 'min', 'max', 'backoffRatio', 'timeoutMs']);
  const { min, max, initial } = checkedBounds('aimd', options, { min: 20, max: 200, initial: 20 });
  const range = { min: 0.5, max: 1 };
  const backoffRatio = check.number('backoffRatio', options.backoffRatio ?? 0.9, range);
  const timeoutMs = check.durationMs('timeoutMs', options.timeoutMs ?? 5000);
  return {
    kind: 'aimd',
    window: NETFLIX_WINDOW,
    rule: () => aimdRule({ min, max, initial }, backoffRatio, timeoutMs),
  };
}

function aimdRule(
  { min, max, initial }: Required<LimitBounds>,
  backoffRatio: number,
  timeoutMs: number,
): ConcurrencyRule {
  let limit = initial;
  return {
    get limit() {
      return limit;
    },
    update({ rttMs, inFlight, dropped }: LimitSample): void {
      if (dropped > 0 || rttMs > timeoutMs) limit = Math.floor(limit * backoffRatio);
      else if (inFlight * 2 >= limit) limit += 1;
      limit = Math.min(max, Math.max(min, limit));
    },
  };
}

/**
 * When a second request is due, and whether it may be sent.
 */
import { optionChecks } from '../core/index.ts';
import { recorder } from '../model/index.ts';

/** How slow shards are asked a second time. */
export interface HedgeOptions {
  /** A request slower than this quantile of recent ones is hedged; 0.5 to 0.999. @default 0.95 */
  readonly quantile?: number;
  /** A fixed delay in its place, ms. @default learnt */
  readonly afterMs?: number;
  /** Requests to one shard in all, 2 to 10. @default 3 */
  readonly attempts?: number;
  /** Further requests sent for each first one at most, 0–1: the extra load. @default 0.06 */
  readonly budget?: number;
}

/** Learns delays and keeps the budget. */
export interface Hedging {
  /** How long to wait before a second request, ms; Infinity while too little is known. */
  readonly delayMs: number;
  /** Requests to one shard in all. */
  readonly attempts: number;
  /** Notes first requests, each of which earns a part of a second. */
  sent(requests: number): void;
  /** Notes how long a first request took, or how long it had taken when its answer was not needed any more. */
  took(ms: number): void;
  /** Spends a second request if the budget has one. */
  trySpend(): boolean;
}

/** Samples from which the delay is learnt anew, and before it is trusted at all. */
const WINDOW = 1_024;
const ENOUGH = 64;

/** What may be saved up: a burst of this many second requests. */
const MOST_SAVED = 10;

/** Makes the hedging of one caller. */
export function hedging(options: HedgeOptions): Hedging {
  const check = optionChecks('scatterGather.hedge');
  check.known(options, ['quantile', 'afterMs', 'attempts', 'budget']);
  const quantile = check.number('quantile', options.quantile ?? 0.95, { min: 0.5, max: 0.999 });
  const budget = check.ratio('budget', options.budget ?? 0.06);
  const attempts = check.number('attempts', options.attempts ?? 3, {
    min: 2,
    max: 10,
    integer: true,
  });
  const fixed = options.afterMs;
  const times = recorder();
  let delayMs = fixed === undefined ? Infinity : check.nonNegative('afterMs', fixed);
  let saved = 0;
  return {
    attempts,
    get delayMs() {
      return delayMs;
    },
    sent: (requests) => {
      saved = Math.min(MOST_SAVED, saved + requests * budget);
    },
    took: (ms) => {
      if (fixed !== undefined) return;
      times.record(ms);
      const { count } = times;
      if (count === WINDOW || (count % ENOUGH === 0 && delayMs === Infinity)) {
        delayMs = times.quantile(quantile);
      }
      if (count === WINDOW) times.reset();
    },
    trySpend: () => {
      if (saved < 1) return false;
      saved--;
      return true;
    },
  };
}

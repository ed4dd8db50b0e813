/** An average that forgets: each value weighs half as much after every half-life. */
import { optionChecks } from '../core/options.ts';

/** Weighted sum so far; plain JSON. */
export interface EwmaState {
  readonly sum: number;
  readonly weight: number;
  /** When the sums were last brought up to date, ms; null at first. */
  readonly at: number | null;
}

/** An exponentially weighted moving average over irregular times. All functions are pure. */
export interface Ewma {
  start(): EwmaState;
  /**
   * With a value that came at `at` (ms, of any one clock; an earlier time than the last counts as
   * that one) and counts `weight` times (≥ 0, default 1). Anything not finite is ignored.
   */
  update(state: EwmaState, value: number, at: number, weight?: number): EwmaState;
  /** The average; NaN before the first value. Unbiased from the first value on. */
  read(state: EwmaState): number;
}

/**
 * Makes an average with a half-life. Sum and weight fade alike, so that the first values are not
 * drawn towards zero and a long silence changes nothing but how soon new values win.
 *
 * @param options.halfLifeMs above 0
 * @throws OptionError when the half-life is out of range
 */
export function ewma(options: { readonly halfLifeMs: number }): Ewma {
  const check = optionChecks('ewma');
  check.known(options, ['halfLifeMs']);
  const halfLifeMs = check.positive('halfLifeMs', options.halfLifeMs);
  return {
    start: () => ({ sum: 0, weight: 0, at: null }),
    update: (state, value, at, weight = 1) => {
      if (!Number.isFinite(value) || !Number.isFinite(at) || !(weight >= 0)) return state;
      const now = Math.max(at, state.at ?? at);
      const fade = 0.5 ** ((now - (state.at ?? now)) / halfLifeMs);
      return {
        sum: fade * state.sum + weight * value,
        weight: fade * state.weight + weight,
        at: now,
      };
    },
    read: ({ sum, weight }) => sum / weight,
  };
}

/**
 * Level, trend and season, each smoothed: Holt–Winters with additive season and damped trend.
 *
 * P. R. Winters (1960); damping by E. S. Gardner and E. McKenzie (1985); equations as in R. J.
 * Hyndman and G. Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., section 8.3.
 * A gap moves level and season on without learning.
 */
import { optionChecks } from '../core/options.ts';
import type { Predictor } from './predictor.ts';
import { checkedPeriod } from './seasonal-naive.ts';
import { emptySlots, type SlotArray, slotAt, withSlot } from './slots.ts';

/** Options of {@link holtWinters}. */
export interface HoltWintersOptions {
  /** Intervals in a season; 1 (no season) to 1,000,000. */
  readonly period: number;
  /** How fast the level follows; above 0 to 1. @default 0.3 */
  readonly alpha?: number;
  /** How fast the trend follows; 0 (never) to 1. @default 0.01 */
  readonly beta?: number;
  /** How fast the season follows; 0 to 1. @default 0.2 */
  readonly gamma?: number;
  /** Share of the trend that is left after each interval; 0 (no trend) to 1 (undamped). @default 0.9 */
  readonly damping?: number;
}

/** Level, trend and season; plain JSON. */
export interface HoltWintersState {
  /** Intervals seen, gaps included. */
  readonly seen: number;
  /** null until one season has been seen. */
  readonly level: number | null;
  readonly trend: number;
  /** During the first season its values, then each slot's distance from the level. */
  readonly season: SlotArray;
}

/**
 * Predicts by additive Holt–Winters. The first season only sets the start. State: `period` numbers.
 *
 * @throws OptionError naming the option out of range
 */
export function holtWinters(options: HoltWintersOptions): Predictor<HoltWintersState> {
  const check = optionChecks('holtWinters');
  check.known(options, ['period', 'alpha', 'beta', 'gamma', 'damping']);
  const { alpha = 0.3, beta = 0.01, gamma = 0.2, damping = 0.9 } = options;
  const period = checkedPeriod('holtWinters', options.period);
  check.number('alpha', alpha, { above: 0, max: 1 });
  for (const [name, value] of Object.entries({ beta, gamma, damping })) check.ratio(name, value);

  const learn = (state: HoltWintersState, level: number, value: number): HoltWintersState => {
    const slot = state.seen % period;
    const usual = slotAt(state.season, slot);
    const drift = damping * state.trend;
    // A slot that was a gap so far starts where the level says it is.
    const next = usual === null ? level + drift : mix(alpha, value - usual, level + drift);
    return {
      seen: state.seen + 1,
      level: next,
      trend: mix(beta, next - level, drift),
      season: withSlot(state.season, slot, mix(gamma, value - next, usual ?? value - next)),
    };
  };

  return {
    period,
    start: () => ({ seen: 0, level: null, trend: 0, season: emptySlots(period) }),
    update: (state, value) => {
      const { level, season, seen } = state;
      if (level === null) {
        const filled = withSlot(season, seen % period, value ?? slotAt(season, seen % period));
        return begin({ ...state, seen: seen + 1, season: filled }, period);
      }
      if (value !== null) return learn(state, level, value);
      return {
        ...state,
        seen: seen + 1,
        level: level + damping * state.trend,
        trend: damping * state.trend,
      };
    },
    predict: ({ seen, level, trend, season }, ahead) => {
      if (level === null) return null;
      let drift = 0;
      let left = trend;
      for (let i = 0; i < ahead; i++) drift += left *= damping;
      return level + drift + (slotAt(season, (seen + ahead - 1) % period) ?? 0);
    },
  };
}

/** Ends the warm-up once a season is over and at least half of its slots are known. */
function begin(state: HoltWintersState, period: number): HoltWintersState {
  if (state.seen < period) return state;
  const known = state.season.flat().filter((value) => value !== null);
  if (known.length < period / 2) return state;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  return {
    ...state,
    level: mean,
    season: state.season.map((chunk) =>
      chunk.map((value) => (value === null ? null : value - mean)),
    ),
  };
}

function mix(share: number, fresh: number, old: number): number {
  return share * fresh + (1 - share) * old;
}

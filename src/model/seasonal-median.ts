/**
 * The default forecast: the median of the same slot over the last seasons, plus the share of the
 * present deviation from it that usually is still there at the horizon.
 *
 * The median forgets a single odd day; the carried deviation follows a day that is busier than
 * usual. How much to carry is learned: the regression of deviations on those one horizon before,
 * 0 (pure season) to 1 (the season's shape moved to the present level). With nothing seasonal to
 * find it so becomes the last value, and is rarely worse than either.
 */
import { optionChecks } from '../core/options.ts';
import type { Predictor } from './predictor.ts';
import { checkedPeriod } from './seasonal-naive.ts';
import { emptySlots, type SlotArray, slotAt, withSlot } from './slots.ts';

/** Options of {@link seasonalMedian}; lengths in intervals. */
export interface SeasonalMedianOptions {
  /** Intervals in a season; 1 to 1,000,000. */
  readonly period: number;
  /** How far ahead it is mostly asked; 1 to `period`. @default 1 */
  readonly horizon?: number;
  /** Seasons the median is taken over; 1 to 52. @default 4 */
  readonly seasons?: number;
}

/** The last seasons and what is known of deviations; plain JSON. */
export interface SeasonalMedianState {
  /** Intervals seen, gaps included. */
  readonly seen: number;
  readonly past: SlotArray;
  /** Deviations of the last `horizon` intervals, oldest first. */
  readonly deviations: readonly (number | null)[];
  /** The last one known. */
  readonly deviation: number;
  /** Decayed sums of d(t − horizon)² and d(t − horizon)·d(t). */
  readonly squares: number;
  readonly products: number;
}

/**
 * Predicts the median of the same slot over the last seasons plus the carried deviation. It needs
 * one season before its first prediction. State: `period` × `seasons` + `horizon` numbers.
 *
 * @throws OptionError naming the option out of range
 */
export function seasonalMedian(options: SeasonalMedianOptions): Predictor<SeasonalMedianState> {
  const check = optionChecks('seasonalMedian');
  const period = checkedPeriod('seasonalMedian', options?.period);
  const horizon = check.number('horizon', options.horizon ?? 1, {
    min: 1,
    max: period,
    integer: true,
  });
  const seasons = check.number('seasons', options.seasons ?? 4, { min: 1, max: 52, integer: true });
  const slots = period * seasons;
  const fade = 0.5 ** (1 / period);

  /** The season's own value `ahead` intervals after the last one, 0 for the last one itself. */
  const typical = ({ seen, past }: SeasonalMedianState, ahead: number): number | null => {
    const same: number[] = [];
    for (let back = 1; back <= seasons; back++) {
      const at = seen - 1 + ahead - back * period;
      const value = at < 0 || at >= seen ? null : slotAt(past, at % slots);
      if (value !== null) same.push(value);
    }
    return middleOf(same);
  };

  return {
    period,
    start: () => ({
      seen: 0,
      past: emptySlots(slots),
      deviations: [],
      deviation: 0,
      squares: 0,
      products: 0,
    }),
    update: (state, value) => {
      const usual = typical(state, 1);
      const deviation = value === null || usual === null ? null : value - usual;
      const before = state.deviations.length < horizon ? null : (state.deviations[0] ?? null);
      const learns = deviation !== null && before !== null;
      return {
        seen: state.seen + 1,
        past: withSlot(state.past, state.seen % slots, value),
        deviations: [...state.deviations, deviation].slice(-horizon),
        deviation: deviation ?? state.deviation,
        squares: learns ? fade * state.squares + before * before : state.squares,
        products: learns ? fade * state.products + before * deviation : state.products,
      };
    },
    predict: (state, ahead) => {
      const usual = typical(state, ahead);
      if (usual === null) return null;
      const carried = state.squares === 0 ? 0 : state.products / state.squares;
      const share = Math.min(1, Math.max(0, carried)) ** (ahead / horizon);
      return usual + share * state.deviation;
    },
  };
}

function middleOf(values: number[]): number | null {
  if (values.length === 0) return null;
  values.sort((a, b) => a - b);
  const half = values.length >> 1;
  const upper = values[half] as number;
  return values.length % 2 === 1 ? upper : (upper + (values[half - 1] as number)) / 2;
}

/** The forecast to beat: the same as one season ago. */
import { optionChecks } from '../core/options.ts';
import type { Predictor } from './predictor.ts';
import { emptySlots, type SlotArray, slotAt, withSlot } from './slots.ts';

/** The last season; plain JSON. */
export interface SeasonState {
  /** Intervals seen, gaps included. */
  readonly seen: number;
  readonly season: SlotArray;
}

/**
 * Predicts what was seen one period before. A gap keeps the value of the season before it.
 * With a period of 1 it predicts the last value.
 *
 * @param options.period intervals in a season; 1 to 1,000,000
 * @throws OptionError when the period is out of range
 */
export function seasonalNaive(options: { readonly period: number }): Predictor<SeasonState> {
  optionChecks('seasonalNaive').known(options, ['period']);
  const period = checkedPeriod('seasonalNaive', options.period);
  return {
    period,
    start: () => ({ seen: 0, season: emptySlots(period) }),
    update: ({ seen, season }, value) => ({
      seen: seen + 1,
      season: value === null ? season : withSlot(season, seen % period, value),
    }),
    predict: ({ seen, season }, ahead) => slotAt(season, (seen + ahead - 1) % period),
  };
}

/** Refuses a period that is no whole number from 1 to a million. */
export function checkedPeriod(factory: string, period: number): number {
  return optionChecks(factory).number('period', period, { min: 1, max: 1_000_000, integer: true });
}

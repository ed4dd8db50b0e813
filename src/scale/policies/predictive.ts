/**
 * Prediction: units for the load that will be there when units asked for now are ready.
 *
 * It looks as far ahead as new units take to start, plus a tick and the age of the reading. A season is
 * learned interval by interval, and gaps and anomalies are masked. The forecast is compared with what
 * came: while it does not beat the present value, the policy stays silent. What it asks for is a
 * quantile, not a mean, and no more than `cap` times what the present load calls for, so that a wrong
 * forecast costs a known share. It never argues for shrinking: put it beside a policy that looks at the
 * present, under `largest()`.
 */

import type { OptionChecks } from '../../core/index.ts';
import { optionChecks } from '../../core/index.ts';
import type { Forecaster, ForecasterState, Predictor } from '../../model/index.ts';
import { forecaster, seasonalMedian } from '../../model/index.ts';
import { show } from '../decision.ts';
import type { Proposal, ScalingPolicy, Situation } from '../ports.ts';
import { ceilUnits } from './target-tracking.ts';

export interface PredictiveOptions {
  /** Metric: the load of the whole fleet, such as arrivals per second. */
  readonly metric: string;
  /** Load one unit is to carry; above 0. */
  readonly target: number;
  /** Length of the season, in ms; a multiple of `intervalMs`. @default 86_400_000, a day */
  readonly periodMs?: number;
  /** Length of the intervals that are learned, in ms; above 0. @default 60_000 */
  readonly intervalMs?: number;
  /** Predictor, given the period and the horizon in intervals. @default seasonalMedian */
  readonly predictor?: (period: number, horizon: number) => Predictor<unknown>;
  /** Share of times that what comes is not to exceed the forecast; above 0 to below 1. @default 0.5 */
  readonly quantile?: number;
  /** Most it asks for, as a multiple of what the present load calls for; 1 or more. @default 1.5 */
  readonly cap?: number;
  /** A figure further off than this many robust standard deviations is not learned. @default 8 */
  readonly anomalyBeyond?: number;
  /**
   * Recorded load to begin with: means by interval, oldest first, up to the first decision; a season
   * or more. What is null or no finite number is a gap. @default none: it learns a season first
   */
  readonly history?: ArrayLike<number | null>;
}

/** Plain JSON. */
export interface PredictiveState {
  /** Number of the interval under way, and what was measured in it. */
  readonly interval: number;
  readonly sum: number;
  readonly count: number;
  /** How far ahead the forecaster looks, in intervals. */
  readonly horizon: number;
  readonly forecast: ForecasterState<unknown>;
}

/**
 * Makes the policy.
 *
 * @throws OptionError (`ERR_OPTION`) for an option out of range
 */
export function predictive(options: PredictiveOptions): ScalingPolicy<PredictiveState> {
  const settings = checked(options);
  const { metric, target, intervalMs, cap, quantile } = settings;
  const forecasters = new Map<number, Forecaster<unknown>>();
  const lookingAhead = (horizon: number): Forecaster<unknown> => {
    let made = forecasters.get(horizon);
    if (made === undefined) forecasters.set(horizon, (made = makeForecaster(settings, horizon)));
    return made;
  };

  return {
    propose(situation, state): Proposal<PredictiveState> {
      const sample = situation.sample(metric);
      const horizon = horizonOf(situation, sample.at, settings);
      const seen = learned(state, situation, settings, lookingAhead, horizon);
      const fits = sample.quality === 'fresh';
      const next = fits ? { ...seen, sum: seen.sum + sample.value, count: seen.count + 1 } : seen;
      const silent = (why: string): Proposal<PredictiveState> => ({
        desired: undefined,
        holdsIn: false,
        why,
        state: next,
      });
      const soon = lookingAhead(next.horizon).forecast(next.forecast);
      if (soon === undefined) return silent('has not seen a season yet');
      if (!soon.trusted) return silent(`does not beat the present (skill ${show(soon.skill)})`);
      if (!fits) return silent(`${metric} is ${sample.quality}`);
      const expected = Math.max(0, soon.quantile(quantile));
      const load = Math.min(expected, sample.value * cap);
      return {
        desired: ceilUnits(load / target),
        holdsIn: false,
        why: `${show(expected)} expected in ${show((next.horizon * intervalMs) / 1000)} s, now ${show(sample.value)}`,
        state: next,
      };
    },
  };
}

type Settings = Required<Omit<PredictiveOptions, 'history'>> & {
  readonly period: number;
  readonly history: readonly (number | null)[];
};

function checked(options: PredictiveOptions): Settings {
  const check: OptionChecks = optionChecks('predictive');
  check.known(options, [
    'metric',
    'target',
    'periodMs',
    'intervalMs',
    'predictor',
    'quantile',
    'cap',
    'anomalyBeyond',
    'history',
  ]);
  const intervalMs = check.positive('intervalMs', options.intervalMs ?? 60_000);
  const periodMs = check.positive('periodMs', options.periodMs ?? 86_400_000);
  const period = periodMs / intervalMs;
  if (!Number.isInteger(period)) {
    check.refuse('periodMs', `a multiple of intervalMs (${intervalMs})`, periodMs);
  }
  const history = Array.from(options.history ?? []);
  if (options.history !== undefined && history.length < period) {
    check.refuse('history', `a season or more (${period} intervals)`, history.length);
  }
  return {
    history,
    metric: check.text('metric', options.metric),
    target: check.positive('target', options.target),
    periodMs,
    intervalMs,
    period,
    predictor: check.callable('predictor', options.predictor ?? defaultPredictor),
    quantile: check.number('quantile', options.quantile ?? 0.5, {
      above: 0,
      max: 1 - Number.EPSILON,
    }),
    cap: check.number('cap', options.cap ?? 1.5, { min: 1 }),
    anomalyBeyond: check.number('anomalyBeyond', options.anomalyBeyond ?? 8, {
      above: 0,
      infinite: true,
    }),
  };
}

function defaultPredictor(period: number, horizon: number): Predictor<unknown> {
  return seasonalMedian({ period, horizon: Math.min(period, horizon) });
}

function makeForecaster(settings: Settings, horizon: number): Forecaster<unknown> {
  const { predictor, period, quantile, anomalyBeyond } = settings;
  return forecaster({ predictor: predictor(period, horizon), horizon, quantile, anomalyBeyond });
}

function horizonOf(
  { now, tickMs, startUpMs }: Situation,
  measuredAt: number,
  { intervalMs }: Settings,
): number {
  const aheadMs = startUpMs + tickMs + Math.max(0, now - measuredAt);
  return Math.max(1, Math.ceil(aheadMs / intervalMs));
}

/** Closes the intervals that have passed since the last tick: their mean, or a gap. */
function learned(
  state: PredictiveState | undefined,
  { now }: Situation,
  { intervalMs, period, history }: Settings,
  lookingAhead: (horizon: number) => Forecaster<unknown>,
  horizon: number,
): PredictiveState {
  const interval = Math.floor(now / intervalMs);
  if (state === undefined) {
    return { interval, sum: 0, count: 0, horizon, forecast: lookingAhead(horizon).fit(history) };
  }
  const missed = interval - state.interval;
  if (missed <= 0) return state;
  // After a whole season without a tick, what was learned is of another time.
  if (missed > period) {
    return { interval, sum: 0, count: 0, horizon, forecast: lookingAhead(horizon).fit([]) };
  }
  const before = lookingAhead(state.horizon);
  let forecast = before.update(state.forecast, state.count === 0 ? null : state.sum / state.count);
  for (let i = 1; i < missed; i++) forecast = before.update(forecast, null);
  if (horizon !== state.horizon) {
    const isFarther = horizon > 2 * state.horizon;
    forecast = isFarther
      ? anew(lookingAhead(horizon), forecast)
      : { ...forecast, records: forecast.records.map((one) => ({ ...one, pending: [] })) };
  }
  return { interval, sum: 0, count: 0, horizon, forecast };
}

/**
 * The season stays known when the horizon changes. How well it is forecast must be seen anew only
 * where the new horizon is much farther, or every tick that comes late would silence the policy.
 */
function anew(
  forecaster: Forecaster<unknown>,
  { predictor, rivals }: ForecasterState<unknown>,
): ForecasterState<unknown> {
  return { ...forecaster.fit([]), predictor, rivals };
}

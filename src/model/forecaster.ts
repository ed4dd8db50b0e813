/**
 * Makes a forecast one can act on out of any predictor: quantiles with honest coverage, and a
 * verdict whether it currently beats doing without.
 *
 * - Quantiles are split-conformal (V. Vovk et al.; J. Lei et al., 2018): the prediction plus the
 *   quantile of its recent errors at this horizon. Nothing is assumed about their distribution.
 * - Every forecast is compared with what came, on a rolling hold-out, by pinball loss; so is the
 *   seasonal naive one (the same as a season ago), which takes over while it does better, and the
 *   last value. While the better of the two does not beat the last value there is nothing to
 *   forecast here, and the verdict is "not trusted": act on the present.
 * - Anomalies are not learned: a value far outside the recent errors is masked, until so many in a
 *   row say that the world has changed.
 */
import { optionChecks } from '../core/options.ts';
import { movingQuantile, type RecentValues } from './moving-quantile.ts';
import type { Predictor } from './predictor.ts';
import { seasonalNaive, type SeasonState } from './seasonal-naive.ts';

/** Options of {@link forecaster}; lengths in intervals. */
export interface ForecasterOptions<State> {
  readonly predictor: Predictor<State>;
  /** How far ahead quantiles and trust are measured: start-up time + tick + lag; 1 to 10,000. */
  readonly horizon: number;
  /** The quantile that is acted on, by which trust is judged; above 0 to below 1. @default 0.9 */
  readonly quantile?: number;
  /** How many recent errors make the quantiles; 20 to 10,000. @default 128 */
  readonly window?: number;
  /** Half-life of the comparison. @default a quarter of the predictor's period, at least 64 */
  readonly halfLife?: number;
  /** A value further off than this many robust standard deviations is masked. @default Infinity */
  readonly anomalyBeyond?: number;
  /** After this many anomalies in a row they are learned. @default 5 */
  readonly anomalyPatience?: number;
}

/** Everything a forecaster knows; plain JSON. */
export interface ForecasterState<State> {
  readonly predictor: State;
  /** The seasonal naive predictor and the last value. */
  readonly rivals: readonly SeasonState[];
  /** Of the predictor, of the seasonal naive one and of the last value. */
  readonly records: readonly ForecastRecord[];
  readonly anomaliesInRow: number;
  /** Whose forecast is given: 0 the predictor's, 1 the seasonal naive one. */
  readonly leader: 0 | 1;
  readonly trusted: boolean;
}

/** How one predictor did lately; plain JSON. */
export interface ForecastRecord {
  /** Predictions whose time has not come yet, and the quantile forecast then made; oldest first. */
  readonly pending: readonly (readonly [point: number, upper: number] | null)[];
  readonly errors: RecentValues;
  /** Decayed sum of pinball losses, and of how many there were. */
  readonly loss: number;
  readonly weight: number;
}

/** What is expected at one moment ahead. */
export interface Forecast {
  /** The prediction itself. */
  readonly point: number;
  /** Who made it. */
  readonly source: 'predictor' | 'seasonal naive';
  /** Whether such forecasts beat the last value lately; if not, act on the present instead. */
  readonly trusted: boolean;
  /** 1 − its loss ÷ that of the last value: above 0 is better than doing without, 1 perfect. */
  readonly skill: number;
  /**
   * The value that what comes will not exceed with probability `q` (above 0 to below 1). A quantile
   * beyond the errors kept (above n ÷ (n + 1) of n) is that of the greatest error.
   */
  quantile(q: number): number;
}

/** Pure functions over a state that is plain JSON. */
export interface Forecaster<State> {
  /** The state after a history of equally spaced values, oldest first; `null` is a gap. */
  fit(history: readonly (number | null)[]): ForecasterState<State>;
  /** The state after one more interval. Anything not finite is a gap, as is null. */
  update(state: ForecasterState<State>, value: number | null): ForecasterState<State>;
  /**
   * What to expect `ahead` intervals (1 to `horizon`, default `horizon`) after the last one;
   * undefined while too little is known. Nearer than `horizon` the quantiles err on the wide side.
   */
  forecast(state: ForecasterState<State>, ahead?: number): Forecast | undefined;
}

const asked = /* @__PURE__ */ optionChecks('forecast');
const SHARE = { above: 0, max: 1 - Number.EPSILON } as const;
/** Errors needed before quantiles are given. */
const ENOUGH = 20;
/** Leading or trust begins with a loss below this share of the other's, and ends above it. */
const LEAD = 0.98;

/**
 * Makes a forecaster.
 *
 * @throws OptionError naming the option out of range
 *
 * @example
 * ```ts
 * import { forecaster, seasonalMedian } from 'tenfold/model';
 *
 * declare const requestsPerMinute: number[]; // a few days of them
 * const horizon = 5;
 * const demand = forecaster({ predictor: seasonalMedian({ period: 1440, horizon }), horizon });
 * let state = demand.fit(requestsPerMinute);
 * state = demand.update(state, 420); // every minute
 * const soon = demand.forecast(state);
 * const planFor = soon?.trusted ? soon.quantile(0.9) : 420;
 * ```
 */
export function forecaster<State>(options: ForecasterOptions<State>): Forecaster<State> {
  const settings = checked(options);
  const { predictor, horizon } = settings;
  const seasonal = seasonalNaive({ period: predictor.period });
  const rivals = [seasonal, seasonalNaive({ period: 1 })];

  const start: ForecasterState<State> = {
    predictor: predictor.start(),
    rivals: rivals.map((rival) => rival.start()),
    records: [0, ...rivals].map(() => EMPTY),
    anomaliesInRow: 0,
    leader: 0,
    trusted: false,
  };

  const update: Forecaster<State>['update'] = (given, value) => {
    const state = known(given);
    const came = value !== null && Number.isFinite(value) ? value : null;
    const odd = came !== null && isOdd(state, came, settings);
    const learned = odd && state.anomaliesInRow < settings.anomalyPatience ? null : came;
    const next = {
      predictor: predictor.update(state.predictor, learned),
      rivals: rivals.map((rival, i) => rival.update(state.rivals[i] as SeasonState, learned)),
    };
    const points = [
      predictor.predict(next.predictor, horizon),
      ...rivals.map((rival, i) => rival.predict(next.rivals[i] as SeasonState, horizon)),
    ];
    const scored = score(state.records, learned, settings);
    const records = scored.map((record, i) => noted(record, points[i] ?? null, settings));
    const inRow = came === null ? state.anomaliesInRow : 0;
    const anomaliesInRow = odd ? state.anomaliesInRow + 1 : inRow;
    return { ...next, records, anomaliesInRow, ...verdict(records, state) };
  };

  return {
    fit: (history) => {
      if (!Array.isArray(history)) asked.refuse('history', 'a list of values', history);
      return history.reduce(update, start);
    },
    update,
    forecast: (state, ahead = horizon) => {
      asked.number('ahead', ahead, { min: 1, max: horizon, integer: true });
      const { leader, trusted, records } = known(state);
      const { sorted } = (records[leader] as ForecastRecord).errors;
      const point =
        leader === 0
          ? predictor.predict(state.predictor, ahead)
          : seasonal.predict(state.rivals[0] as SeasonState, ahead);
      if (point === null || sorted.length < ENOUGH) return undefined;
      return {
        point,
        source: leader === 0 ? 'predictor' : 'seasonal naive',
        trusted,
        skill: skillOf(records, leader),
        quantile: (q) => point + errorQuantile(sorted, asked.number('q', q, SHARE)),
      };
    },
  };
}

const EMPTY: ForecastRecord = {
  pending: [],
  errors: { recent: [], sorted: [] },
  loss: 0,
  weight: 0,
};

/** A state that `fit` or `update` has returned, as far as a look can tell. */
function known<State>(state: ForecasterState<State>): ForecasterState<State> {
  const { records, rivals }: Partial<ForecasterState<State>> = state ?? {};
  const isWhole = Array.isArray(records) && records.length === 3 && Array.isArray(rivals);
  return isWhole ? state : asked.refuse('state', 'what fit or update has returned', state);
}

interface Settings<State> extends Required<ForecasterOptions<State>> {
  readonly fade: number;
  readonly errors: ReturnType<typeof movingQuantile>;
}

function checked<State>(options: ForecasterOptions<State>): Settings<State> {
  const check = optionChecks('forecaster');
  check.known(options, [
    'predictor',
    'horizon',
    'quantile',
    'window',
    'halfLife',
    'anomalyBeyond',
    'anomalyPatience',
  ]);
  check.methods('predictor', options.predictor, ['start', 'update', 'predict']);
  const { quantile = 0.9, window = 128, anomalyBeyond = Infinity, anomalyPatience = 5 } = options;
  const { predictor, horizon, halfLife = Math.max(64, predictor.period / 4) } = options;
  check.number('horizon', horizon, { min: 1, max: 10_000, integer: true });
  check.number('quantile', quantile, SHARE);
  check.number('window', window, { min: ENOUGH, max: 10_000, integer: true });
  check.positive('halfLife', halfLife);
  check.number('anomalyBeyond', anomalyBeyond, { above: 0, infinite: true });
  check.count('anomalyPatience', anomalyPatience);
  const settings = {
    predictor,
    horizon,
    quantile,
    window,
    halfLife,
    anomalyBeyond,
    anomalyPatience,
  };
  return { ...settings, fade: 0.5 ** (1 / halfLife), errors: movingQuantile({ size: window }) };
}

/** Compares what came with what each had forecast for it; only where all had made a forecast. */
function score<State>(
  records: readonly ForecastRecord[],
  came: number | null,
  { horizon, quantile, fade, errors }: Settings<State>,
): readonly ForecastRecord[] {
  if (came === null) return records;
  const due = records.map(({ pending }) => (pending.length < horizon ? null : pending[0]));
  if (due.some((forecast) => forecast == null)) return records;
  const judged = records.every((record) => record.errors.sorted.length >= ENOUGH);
  return records.map((record, i) => {
    const [point, upper] = due[i] as readonly [number, number];
    return {
      ...record,
      errors: errors.update(record.errors, came - point),
      loss: judged ? fade * record.loss + pinball(quantile, came, upper) : record.loss,
      weight: judged ? fade * record.weight + 1 : record.weight,
    };
  });
}

/** The record with one more prediction pending. */
function noted<State>(
  record: ForecastRecord,
  point: number | null,
  { horizon, quantile }: Settings<State>,
): ForecastRecord {
  const { sorted } = record.errors;
  const error = sorted.length === 0 ? 0 : errorQuantile(sorted, quantile);
  const forecast = point === null ? null : ([point, point + error] as const);
  return { ...record, pending: [...record.pending, forecast].slice(-horizon) };
}

function verdict<State>(
  records: readonly ForecastRecord[],
  before: ForecasterState<State>,
): Pick<ForecasterState<State>, 'leader' | 'trusted'> {
  const [ours, naive, last] = records as [ForecastRecord, ForecastRecord, ForecastRecord];
  if (ours.weight < ENOUGH) return { leader: 0, trusted: false };
  const other = before.leader === 0 ? naive : ours;
  const current = before.leader === 0 ? ours : naive;
  const overtaken = other.loss < LEAD * current.loss;
  const leader = overtaken ? (before.leader === 0 ? 1 : 0) : before.leader;
  const loss = overtaken ? other.loss : current.loss;
  return { leader, trusted: before.trusted ? loss <= last.loss : loss < LEAD * last.loss };
}

function skillOf(records: readonly ForecastRecord[], leader: 0 | 1): number {
  const [last, leading] = [records[2]?.loss ?? 0, records[leader]?.loss ?? 0];
  return last === 0 ? 0 : 1 - leading / last;
}

function isOdd<State>(
  state: ForecasterState<State>,
  came: number,
  { horizon, anomalyBeyond }: Settings<State>,
): boolean {
  const [{ pending, errors }] = state.records as [ForecastRecord];
  const due = pending.length < horizon ? null : pending[0];
  if (anomalyBeyond === Infinity || due == null || errors.sorted.length < ENOUGH) return false;
  const at = (q: number): number => errorQuantile(errors.sorted, q);
  const spread = (at(0.75) - at(0.25)) / 1.349; // of a normal distribution, its standard deviation
  return spread > 0 && Math.abs(came - due[0] - at(0.5)) > anomalyBeyond * spread;
}

/** Outwards to the next rank, so that the coverage holds for as few errors as there are. */
function errorQuantile(sorted: readonly number[], q: number): number {
  const rank = q < 0.5 ? Math.floor((sorted.length + 1) * q) : Math.ceil((sorted.length + 1) * q);
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1] as number;
}

function pinball(q: number, came: number, forecast: number): number {
  return came >= forecast ? q * (came - forecast) : (1 - q) * (forecast - came);
}

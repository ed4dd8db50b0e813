// Prints the table of docs/model.md: the pinball loss of each predictor on the real load traces,
// relative to that of planning with the last value. Deterministic.
//   npx tsx bench/model/forecast-loss.ts [intervals ahead]
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import {
  detectPeriod,
  forecaster,
  type Forecaster,
  holtWinters,
  type Predictor,
  seasonalMedian,
  seasonalNaive,
} from '../../src/model/index.ts';

const TRACES = 'test/vectors/load-traces/';
const HORIZON = Number(process.argv[2] ?? 3);
const Q = 0.9;

interface Made {
  readonly upper: number;
  readonly trusted: boolean;
}

function readTrace(file: string): number[] {
  const rows = gunzipSync(readFileSync(TRACES + file))
    .toString()
    .trim()
    .split('\n')
    .slice(1);
  return rows.map((row) => Number(row.split(',')[1]));
}

/** The quantile forecast after each value, where there is one. */
function forecastsOf<State>(
  demand: Forecaster<State>,
  values: readonly number[],
): (Made | undefined)[] {
  let state = demand.fit([]);
  return values.map((value) => {
    state = demand.update(state, value);
    const forecast = demand.forecast(state);
    return forecast && { upper: forecast.quantile(Q), trusted: forecast.trusted };
  });
}

function lossOf(uppers: readonly number[], values: readonly number[], from: number): number {
  let loss = 0;
  for (let t = from; t < values.length; t++) {
    const [came, upper] = [values[t] as number, uppers[t - HORIZON] as number];
    loss += came >= upper ? Q * (came - upper) : (1 - Q) * (upper - came);
  }
  return loss;
}

const plain = <State>(predictor: Predictor<State>): Forecaster<State> =>
  forecaster({ predictor, horizon: HORIZON });

console.log('| trace | season found | seasonal naive | Holt–Winters | seasonal median | trusted |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const file of readdirSync(TRACES).filter((name) => name.endsWith('.gz'))) {
  const values = readTrace(file);
  const [, minutes] = /\.(\d+)min/.exec(file) ?? [];
  const day = 1440 / Number(minutes);
  const found = detectPeriod(values);
  // A weekly season would leave these two-week traces without a history to learn from.
  const period = found === undefined || found.period * 4 > values.length ? day : found.period;
  const from = Math.max(3 * period, 2 * day);
  const last = forecastsOf(plain(seasonalNaive({ period: 1 })), values).map(
    (made) => made?.upper ?? 0,
  );
  const base = lossOf(last, values, from);
  const cells = [
    seasonalNaive({ period }),
    holtWinters({ period }),
    seasonalMedian({ period, horizon: HORIZON }),
  ].map((predictor) => {
    const made = forecastsOf(plain(predictor as Predictor<unknown>), values);
    const acted = made.map((one, t) => (one?.trusted ? one.upper : (last[t] as number)));
    const trusted = made.slice(from).filter((one) => one?.trusted).length / (values.length - from);
    return {
      loss: (lossOf(acted, values, from) / base).toFixed(2),
      trusted: `${Math.round(100 * trusted)} %`,
    };
  });
  const season = found === undefined ? `none (${day})` : `${found.period} × ${minutes} min`;
  const losses = cells.map(({ loss }) => loss).join(' | ');
  console.log(
    `| ${file.replace('.csv.gz', '')} | ${season} | ${losses} | ${cells.at(-1)?.trusted} |`,
  );
}

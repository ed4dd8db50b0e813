/**
 * The back-test: policies on recorded load, before they are trusted with a fleet.
 *
 * The same `decide` as in production runs in simulated time against a fleet with a start-up time and a
 * queue, and is scored beside an oracle that knows the future.
 */

import { optionChecks } from '../../core/index.ts';
import type { ScalingEngine } from '../engine.ts';
import { oracleBill } from './oracle.ts';
import { requireObject } from '../plug-ins.ts';
import type { Conditions, SupplyStep } from './replay.ts';
import { replay, unitsFor } from './replay.ts';
import type { Score } from './score.ts';
import { scoreOf } from './score.ts';
import type { Trace } from './trace.ts';
import { loadOf } from './trace.ts';

export interface BacktestOptions {
  /** Time a unit takes until it works, in ms; 0 or more. */
  readonly startupMs: number;
  /** Load one unit carries within its target, in arrivals per second; above 0. */
  readonly capacity: number;
  /** Share of a unit's full power that this load takes, above 0 to 1: beyond it a queue builds up. @default 0.8 */
  readonly utilisation?: number;
  /** Price of a unit for an hour; 0 or more. @default 1 */
  readonly price?: number;
  /** Units are paid in whole spans of this, in ms; 0 for exact time. @default 0 */
  readonly billingMs?: number;
  /** Time between decisions, in ms; above 0. @default 15_000 */
  readonly everyMs?: number;
  /** Span the arrivals are averaged over, in ms; above 0. @default 30_000 */
  readonly metricWindowMs?: number;
  /** How late readings are, in ms; 0 or more. @default 0 */
  readonly metricLagMs?: number;
  /** A call that waits longer counts as overloaded, in ms; above 0. @default 1_000 */
  readonly waitLimitMs?: number;
  /** A call that would wait longer leaves, in ms; above `waitLimitMs`. @default 30_000 */
  readonly giveUpMs?: number;
  /** Scores only what comes after this much of the trace, in ms. @default 0 */
  readonly scoreFromMs?: number;
  /** Told after each policy. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** A policy to try: an engine, and its own pace if it has one. */
export type Candidate =
  ScalingEngine | { readonly engine: ScalingEngine; readonly everyMs: number };

/** One policy on one trace. */
export interface BacktestRow {
  readonly trace: string;
  readonly policy: string;
  readonly score: Score;
  /** Units ready over time. */
  readonly supply: readonly SupplyStep[];
}

export interface BacktestResult {
  readonly options: Omit<Required<BacktestOptions>, 'onProgress'>;
  readonly rows: readonly BacktestRow[];
  /** Per trace: units needed in each interval, and what the oracle pays over what is needed. */
  readonly traces: readonly {
    readonly name: string;
    readonly everyMs: number;
    readonly demand: readonly number[];
    readonly oracleCostRatio: number;
  }[];
}

/**
 * Replays every trace against every policy. Engines read `arrivals` (per second, over the metric
 * window; `arrivals6s` and `arrivals60s` over those spans), `utilisation` (0–1), `backlog` (calls) and
 * `waitMs`. A day of a trace takes some 15 to 150 ms per policy, by its pace.
 *
 * @throws OptionError (`ERR_OPTION`) for an option or a trace out of range
 */
export function backtest(
  traces: Trace | readonly Trace[],
  policies: Readonly<Record<string, Candidate>>,
  options: BacktestOptions,
): BacktestResult {
  const { onProgress, ...conditions } = checkedOptions(options);
  const check = optionChecks('backtest');
  requireObject(check, 'traces', traces);
  requireObject(check, 'policies', policies);
  const loads = ('perSecond' in traces ? [traces] : traces).map(loadOf);
  for (const { durationMs, trace } of loads) {
    if (conditions.scoreFromMs < durationMs) continue;
    const within = `less than the ${durationMs} ms of ${trace.name}`;
    check.refuse('scoreFromMs', within, conditions.scoreFromMs);
  }
  const candidates = Object.entries(policies);
  if (candidates.length === 0) check.refuse('policies', 'at least one policy', policies);
  const rows: BacktestRow[] = [];
  for (const load of loads) {
    for (const [policy, candidate] of candidates) {
      const { engine, everyMs } =
        'engine' in candidate ? candidate : { engine: candidate, everyMs: conditions.everyMs };
      const run = replay(load, engine, { ...conditions, everyMs });
      const score = scoreOf(load, run, conditions);
      rows.push({ trace: load.trace.name, policy, score, supply: run.supply });
      onProgress?.(rows.length, loads.length * candidates.length);
    }
  }
  return {
    options: conditions,
    rows,
    traces: loads.map((load) => {
      const { name, everyMs } = load.trace;
      const demand = Array.from({ length: load.intervals }, (_, i) =>
        unitsFor(load.at(i), conditions.capacity),
      );
      const { paidMs, demandMs } = oracleBill(demand, everyMs, conditions.startupMs);
      return { name, everyMs, demand, oracleCostRatio: paidMs / demandMs };
    }),
  };
}

function checkedOptions(
  options: BacktestOptions,
): Conditions & Pick<BacktestOptions, 'onProgress'> {
  const check = optionChecks('backtest');
  check.known(options, [
    'startupMs',
    'capacity',
    'utilisation',
    'price',
    'billingMs',
    'everyMs',
    'metricWindowMs',
    'metricLagMs',
    'waitLimitMs',
    'giveUpMs',
    'scoreFromMs',
    'onProgress',
  ]);
  const waitLimitMs = check.positive('waitLimitMs', options.waitLimitMs ?? 1_000);
  return {
    startupMs: check.nonNegative('startupMs', options.startupMs),
    capacity: check.positive('capacity', options.capacity),
    utilisation: check.number('utilisation', options.utilisation ?? 0.8, { above: 0, max: 1 }),
    price: check.nonNegative('price', options.price ?? 1),
    billingMs: check.nonNegative('billingMs', options.billingMs ?? 0),
    everyMs: check.positive('everyMs', options.everyMs ?? 15_000),
    metricWindowMs: check.positive('metricWindowMs', options.metricWindowMs ?? 30_000),
    metricLagMs: check.nonNegative('metricLagMs', options.metricLagMs ?? 0),
    waitLimitMs,
    giveUpMs: check.number('giveUpMs', options.giveUpMs ?? 30_000, { above: waitLimitMs }),
    scoreFromMs: check.nonNegative('scoreFromMs', options.scoreFromMs ?? 0),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  };
}

/**
 * What a replay was worth: elasticity as N. Herbst et al. measure it (SPEC RG, TOMPECS 2018), and what
 * users and the bill see.
 */

import type { Replay, SupplyStep } from './replay.ts';
import { unitsFor } from './replay.ts';
import type { Conditions } from './replay.ts';
import { oracleBill } from './oracle.ts';
import type { Load } from './trace.ts';

/** Ratios are from 0 to 1 unless said otherwise. */
export interface Score {
  /** τU: share of the time in which units were lacking. */
  readonly underTime: number;
  /** τO: share of the time in which there were more than needed. */
  readonly overTime: number;
  /** θU: units lacking, as a share of those needed, mean over time. */
  readonly underShare: number;
  /** θO: units too many, likewise; may exceed 1. */
  readonly overShare: number;
  /** υ: share of intervals in which supply and demand moved in different directions. */
  readonly instability: number;
  /** Changes of supply less changes of demand, per hour. */
  readonly jitterPerHour: number;
  /** Changes of the fleet per hour. */
  readonly changesPerHour: number;
  /** Share of calls that waited too long, queueing included. */
  readonly overloadedRatio: number;
  readonly waitP99Ms: number;
  readonly unitHours: number;
  readonly cost: number;
  /** Paid over needed: 1 pays exactly for the demand. */
  readonly costRatio: number;
  /** Paid over what the oracle pays, less 1; the oracle lacks nothing at the same start-up time. */
  readonly regret: number;
  /** ε: geometric mean of the four elasticity figures of a fixed fleet over this one's; above 1 is better. */
  readonly elasticSpeedUp: number;
}

const HOUR = 3_600_000;

/** Scores a replay against its trace. */
export function scoreOf(load: Load, run: Replay, conditions: Conditions): Score {
  const { everyMs } = load.trace;
  const { capacity, price, scoreFromMs } = conditions;
  const first = Math.ceil(scoreFromMs / everyMs);
  const demand = Array.from({ length: load.intervals - first }, (_, i) =>
    unitsFor(load.at(first + i), capacity),
  );
  const spanMs = demand.length * everyMs;
  const elasticity = elasticityOf(demand, supplyIn(run.supply, first * everyMs), everyMs);
  const oracle = oracleBill(demand, everyMs, conditions.startupMs);
  const hours = spanMs / HOUR;
  const fixed = Math.ceil(oracle.demandMs / spanMs);
  return {
    ...elasticity.shares,
    jitterPerHour: (elasticity.supplyMoves - elasticity.demandMoves) / hours,
    changesPerHour: run.changes / hours,
    overloadedRatio: run.queue.arrived === 0 ? 0 : run.queue.overloaded / run.queue.arrived,
    waitP99Ms: run.queue.waits.count === 0 ? 0 : run.queue.waits.quantile(0.99),
    unitHours: run.paidMs / HOUR,
    cost: (run.paidMs / HOUR) * price,
    costRatio: run.paidMs / oracle.demandMs,
    regret: run.paidMs / oracle.paidMs - 1,
    elasticSpeedUp: speedUp(
      elasticityOf(demand, [{ at: 0, ready: fixed }], everyMs).shares,
      elasticity.shares,
    ),
  };
}

type Shares = Pick<Score, 'underTime' | 'overTime' | 'underShare' | 'overShare' | 'instability'>;

interface Elasticity {
  readonly shares: Shares;
  readonly supplyMoves: number;
  readonly demandMoves: number;
}

/** The steps from then on, in time since then. */
function supplyIn(supply: readonly SupplyStep[], fromMs: number): readonly SupplyStep[] {
  const inside = supply.filter(({ at }) => at > fromMs);
  const before = supply.findLast(({ at }) => at <= fromMs);
  const begin = { at: 0, ready: before?.ready ?? 0 };
  return [begin, ...inside.map(({ at, ready }) => ({ at: at - fromMs, ready }))];
}

function elasticityOf(
  demand: readonly number[],
  supply: readonly SupplyStep[],
  everyMs: number,
): Elasticity {
  const tally = new Tally(supply);
  let [opposed, demandMoves] = [0, 0];
  demand.forEach((needed, i) => {
    const before = tally.ready;
    tally.passTo((i + 1) * everyMs, needed);
    if (i === 0) return;
    const moved = Math.sign(needed - (demand[i - 1] as number));
    if (moved !== 0) demandMoves++;
    if (moved !== Math.sign(tally.ready - before)) opposed++;
  });
  const totalMs = demand.length * everyMs;
  return {
    shares: {
      underTime: tally.underMs / totalMs,
      overTime: tally.overMs / totalMs,
      underShare: tally.under / totalMs,
      overShare: tally.over / totalMs,
      instability: opposed / Math.max(1, demand.length - 1),
    },
    supplyMoves: tally.moves,
    demandMoves,
  };
}

/** Adds up how supply and demand differ as time passes. */
class Tally {
  underMs = 0;
  overMs = 0;
  under = 0;
  over = 0;
  moves = 0;
  ready: number;
  private now = 0;
  private step = 0;
  private readonly supply: readonly SupplyStep[];

  constructor(supply: readonly SupplyStep[]) {
    this.supply = supply;
    this.ready = supply[0]?.ready ?? 0;
  }

  passTo(end: number, needed: number): void {
    while (this.now < end) {
      const next = this.supply[this.step + 1];
      const until = Math.min(end, next?.at ?? Infinity);
      this.count(until - this.now, needed);
      this.now = until;
      if (next?.at === until) this.take(next);
    }
  }

  private count(ms: number, needed: number): void {
    const lack = needed - this.ready;
    if (lack > 0) {
      this.underMs += ms;
      this.under += (ms * lack) / needed;
    } else if (lack < 0) {
      this.overMs += ms;
      this.over += (ms * -lack) / Math.max(1, needed);
    }
  }

  private take({ ready }: SupplyStep): void {
    this.step++;
    if (ready !== this.ready) this.moves++;
    this.ready = ready;
  }
}

/** Figures below this count as this, or a policy without any lack would be infinitely good. */
const LEAST = 0.001;

function speedUp(base: Shares, ours: Shares): number {
  const figures = ['underTime', 'overTime', 'underShare', 'overShare'] as const;
  const product = figures.reduce(
    (sum, name) => sum * (Math.max(LEAST, base[name]) / Math.max(LEAST, ours[name])),
    1,
  );
  return product ** (1 / figures.length);
}

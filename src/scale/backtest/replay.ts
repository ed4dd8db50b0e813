/**
 * Replays a trace against an engine: the same `decide` as in production, in simulated time.
 */

import type { EngineState } from '../engine-state.ts';
import type { ScalingEngine } from '../engine.ts';
import type { Reading } from '../sample.ts';
import type { FluidQueue } from './fluid-queue.ts';
import { fluidQueue } from './fluid-queue.ts';
import type { SimulatedFleet } from './fleet.ts';
import { simulatedFleet } from './fleet.ts';
import type { Load } from './trace.ts';

/** What is simulated, all checked. */
export interface Conditions {
  /** Time a unit takes until it works, in ms. */
  readonly startupMs: number;
  /** Load one unit carries within its target, in arrivals per second. */
  readonly capacity: number;
  /** Share of a unit's full power at which it carries that load within its target. */
  readonly utilisation: number;
  /** Price of a unit for an hour. */
  readonly price: number;
  /** Each unit is paid in whole spans of this, in ms; 0 for the exact time. */
  readonly billingMs: number;
  /** Time between decisions, in ms. */
  readonly everyMs: number;
  /** Span the arrivals are averaged over, and how late the figure is, in ms. */
  readonly metricWindowMs: number;
  readonly metricLagMs: number;
  readonly waitLimitMs: number;
  readonly giveUpMs: number;
  /** What is scored begins here, in ms: time to learn before it. */
  readonly scoreFromMs: number;
}

/** The names a replay gives its readings. */
export const READINGS = [
  'arrivals',
  'arrivals6s',
  'arrivals60s',
  'utilisation',
  'backlog',
  'waitMs',
] as const;

/** Units ready from a time on. */
export interface SupplyStep {
  readonly at: number;
  readonly ready: number;
}

/** What happened. */
export interface Replay {
  readonly supply: readonly SupplyStep[];
  readonly queue: FluidQueue;
  readonly paidMs: number;
  readonly changes: number;
}

/** Replays one trace. */
export function replay(load: Load, engine: ScalingEngine, conditions: Conditions): Replay {
  const run = new Run(load, engine, conditions);
  for (let at = 0; at < load.durationMs; at += conditions.everyMs) {
    run.decide(at);
    run.passTo(Math.min(at + conditions.everyMs, load.durationMs));
  }
  return run.result();
}

/** Units that carry a load. */
export function unitsFor(perSecond: number, capacity: number): number {
  return Math.ceil(perSecond / capacity - 1e-9);
}

class Run {
  private readonly load: Load;
  private readonly engine: ScalingEngine;
  private readonly conditions: Conditions;
  private readonly fleet: SimulatedFleet;
  private readonly queue: FluidQueue;
  /** What one unit works off at most, in calls per second. */
  private readonly power: number;
  private state: EngineState | undefined;
  private now = 0;
  private readonly supply: SupplyStep[] = [];
  private changes = 0;
  private paidBefore = 0;
  private scoring = false;
  /** Calls that could have been worked off since the last decision. */
  private offered = 0;

  constructor(load: Load, engine: ScalingEngine, conditions: Conditions) {
    this.load = load;
    this.engine = engine;
    this.conditions = conditions;
    this.power = conditions.capacity / conditions.utilisation;
    const { min, max } = engine.bounds;
    const first = unitsFor(load.at(0), conditions.capacity);
    this.fleet = simulatedFleet(Math.min(max, Math.max(min, first)), conditions.startupMs);
    const { waitLimitMs, giveUpMs, capacity } = conditions;
    this.queue = fluidQueue({ waitLimitMs, giveUpMs, weight: 1_000 / capacity });
    this.note();
  }

  decide(at: number): void {
    if (!this.scoring && at >= this.conditions.scoreFromMs) this.beginScoring(at);
    const observations = {
      fleet: this.fleet.reading(),
      metrics: this.readings(at),
      wallTimeMs: at,
    };
    const { decision, state } = this.engine.decide(this.state, observations, at);
    this.state = state;
    this.offered = 0;
    if (decision.desired === decision.previous) return;
    this.fleet.apply(decision.desired, at);
    if (this.scoring) this.changes++;
    this.note();
  }

  passTo(end: number): void {
    const { everyMs } = this.load.trace;
    while (this.now < end) {
      const interval = Math.min(this.load.intervals - 1, Math.floor(this.now / everyMs));
      const next = Math.min(end, (interval + 1) * everyMs, this.fleet.nextReadyAt);
      const capacity = this.fleet.ready * this.power;
      this.queue.pass(next - this.now, this.load.at(interval), capacity);
      this.offered += ((next - this.now) / 1000) * capacity;
      this.now = next;
      const before = this.fleet.ready;
      this.fleet.settle(next);
      if (this.fleet.ready !== before) this.note();
    }
  }

  result(): Replay {
    const { queue, supply, changes, conditions } = this;
    const paidMs = this.fleet.paidMs(this.now, conditions.billingMs) - this.paidBefore;
    return { queue, supply, changes, paidMs };
  }

  private readings(at: number): Record<string, Reading> {
    const { metricLagMs, metricWindowMs } = this.conditions;
    const end = at - metricLagMs;
    const interval = Math.max(0, Math.floor((end - 1) / this.load.trace.everyMs));
    const quality = this.load.isKnown(interval) ? ('fresh' as const) : ('empty' as const);
    const mean = (windowMs: number): Reading => ({
      value: this.load.mean(end - windowMs, end),
      at: end,
      windowMs,
      quality,
    });
    const served = this.queue.takeServed();
    const power = this.fleet.ready * this.power;
    const { backlog } = this.queue;
    return {
      arrivals: mean(metricWindowMs),
      arrivals6s: mean(6_000),
      arrivals60s: mean(60_000),
      utilisation:
        this.offered === 0 ? Math.min(1, this.load.at(0) / power) : served / this.offered,
      backlog,
      waitMs: power === 0 ? 0 : (backlog / power) * 1000,
    };
  }

  private beginScoring(at: number): void {
    this.scoring = true;
    this.paidBefore = this.fleet.paidMs(at, this.conditions.billingMs);
    this.queue.forget();
  }

  private note(): void {
    this.supply.push({ at: this.now, ready: this.fleet.ready });
  }
}

/**
 * Live figures on how well scaling works: how often, how fast, to what effect, at what price.
 *
 * A decision is judged once new units could have been ready: by what the policies then call for. All
 * sums are kept as they go, so that the memory does not depend on how long it runs.
 */

import type { Decision } from './decision.ts';
import type { Fleet } from './ports.ts';

/** Figures of a span of time. Ratios are NaN while there is nothing to tell. */
export interface ScalingSeries {
  readonly decisions: number;
  readonly scaleOuts: number;
  readonly scaleIns: number;
  /** Frequency: changes of the fleet per hour. */
  readonly changesPerHour: number;
  /** Duration: mean time from asking for units until they were ready, in ms. */
  readonly meanScaleOutMs: number;
  /** Effectiveness: share of changes after which the fleet met what was called for, 0–1. */
  readonly effectiveness: number;
  /** Accuracy: share of decisions, also to do nothing, within 10 % or one unit of what was called for later, 0–1. */
  readonly accuracy: number;
  /** Unit-hours of the span, and their cost. */
  readonly unitHours: number;
  readonly cost: number;
  /** Cost per hour at present. */
  readonly costPerHour: number;
  /** Availability during scaling: share of the time with a change under way in which enough units were ready, 0–1. */
  readonly availability: number;
}

/** The figures of one span, for a curve. */
export interface ScalingPoint extends ScalingSeries {
  /** Where the span ends, in ms on the engine's axis. */
  readonly at: number;
  /** The fleet at its end. */
  readonly fleet: Fleet;
}

/** Keeps the figures. */
export interface SeriesKeeper {
  /** Notes a decision, the fleet it was made on, and whether the actuator took it. */
  note(decision: Decision, fleet: Fleet, startUpMs: number, taken: boolean): void;
  /** Since the beginning. */
  snapshot(): ScalingSeries;
  /** Span by span, oldest first. */
  points(): readonly ScalingPoint[];
}

/** What adds up; the figures of a span are made of the difference between its ends. */
interface Sums {
  at: number;
  decisions: number;
  outs: number;
  ins: number;
  readyMs: number;
  readied: number;
  judged: number;
  right: number;
  judgedChanges: number;
  effective: number;
  paidMs: number;
  scalingMs: number;
  enoughMs: number;
}

/** A decision that waits for its judgement. */
interface Pending {
  readonly dueAt: number;
  readonly desired: number;
  readonly changed: boolean;
}

const HOUR = 3_600_000;
const MOST_PENDING = 1_024;
/** Within this share, or one unit, a decision was right. */
const RIGHT_WITHIN = 0.1;

/** Makes a keeper of at most `keep` points of `pointMs` each; `unitPerHour` is what a unit costs for an hour. */
export function seriesKeeper(unitPerHour: number, pointMs: number, keep: number): SeriesKeeper {
  return new Keeper(unitPerHour, pointMs, keep);
}

function noSums(at: number): Sums {
  return {
    at,
    decisions: 0,
    outs: 0,
    ins: 0,
    readyMs: 0,
    readied: 0,
    judged: 0,
    right: 0,
    judgedChanges: 0,
    effective: 0,
    paidMs: 0,
    scalingMs: 0,
    enoughMs: 0,
  };
}

class Keeper implements SeriesKeeper {
  private readonly unitPerHour: number;
  private readonly pointMs: number;
  private readonly keep: number;
  private readonly pending: Pending[] = [];
  private readonly growing: { readonly at: number; readonly units: number }[] = [];
  private readonly kept: ScalingPoint[] = [];
  private readonly sums: Sums = noSums(NaN);
  private first: Sums = noSums(NaN);
  /** Where the span under way began. */
  private begun: Sums = noSums(NaN);
  private last: { readonly at: number; readonly fleet: Fleet; readonly wanted: number } | undefined;

  constructor(unitPerHour: number, pointMs: number, keep: number) {
    this.unitPerHour = unitPerHour;
    this.pointMs = pointMs;
    this.keep = keep;
  }

  note(decision: Decision, fleet: Fleet, startUpMs: number, taken: boolean): void {
    const { at, previous, proposed, blind } = decision;
    const { sums } = this;
    const units = taken ? decision.desired : previous;
    if (this.last === undefined) this.first = this.begun = noSums(at);
    this.passTo(at);
    this.judge(at, blind ? undefined : proposed);
    this.noteReady(at, fleet);
    this.endSpan(at, fleet);
    sums.decisions++;
    if (units > previous) {
      sums.outs++;
      this.growing.push({ at, units });
      if (this.growing.length > MOST_PENDING) this.growing.shift();
    } else if (units < previous) sums.ins++;
    const { desired } = decision;
    this.pending.push({ dueAt: at + startUpMs, desired, changed: units !== previous });
    if (this.pending.length > MOST_PENDING) this.pending.shift();
    this.last = { at, fleet: { ...fleet, current: units }, wanted: proposed };
  }

  snapshot(): ScalingSeries {
    return this.figures(this.first, this.last?.fleet);
  }

  points(): readonly ScalingPoint[] {
    return [...this.kept];
  }

  /** From `since` until now. */
  private figures(since: Sums, fleet: Fleet | undefined): ScalingSeries {
    const of = (name: keyof Sums): number => this.sums[name] - since[name];
    const unitHours = of('paidMs') / HOUR;
    return {
      decisions: of('decisions'),
      scaleOuts: of('outs'),
      scaleIns: of('ins'),
      changesPerHour: (of('outs') + of('ins')) / (of('at') / HOUR),
      meanScaleOutMs: of('readyMs') / of('readied'),
      effectiveness: of('effective') / of('judgedChanges'),
      accuracy: of('right') / of('judged'),
      unitHours,
      cost: unitHours * this.unitPerHour,
      costPerHour: fleet === undefined ? NaN : (fleet.current + fleet.draining) * this.unitPerHour,
      availability: of('enoughMs') / of('scalingMs'),
    };
  }

  private endSpan(at: number, fleet: Fleet): void {
    if (at - this.begun.at < this.pointMs) return;
    this.kept.push({ at, fleet, ...this.figures(this.begun, fleet) });
    if (this.kept.length > this.keep) this.kept.shift();
    this.begun = { ...this.sums };
  }

  private passTo(at: number): void {
    const { sums } = this;
    sums.at = at;
    if (this.last === undefined) return;
    const { fleet, wanted } = this.last;
    const ms = at - this.last.at;
    sums.paidMs += ms * (fleet.current + fleet.draining);
    if (fleet.ready === fleet.current && fleet.draining === 0) return;
    sums.scalingMs += ms;
    if (fleet.ready >= wanted) sums.enoughMs += ms;
  }

  private judge(at: number, needed: number | undefined): void {
    const { sums } = this;
    while ((this.pending[0]?.dueAt ?? Infinity) <= at) {
      const { desired, changed } = this.pending.shift() as Pending;
      if (needed === undefined) continue;
      sums.judged++;
      if (Math.abs(desired - needed) <= Math.max(1, needed * RIGHT_WITHIN)) sums.right++;
      if (!changed) continue;
      sums.judgedChanges++;
      if (needed <= desired) sums.effective++;
    }
  }

  private noteReady(at: number, fleet: Fleet): void {
    while (this.growing[0] !== undefined) {
      const { units, at: asked } = this.growing[0];
      if (units > fleet.current) this.growing.shift();
      else if (fleet.ready < units) return;
      else {
        this.growing.shift();
        this.sums.readied++;
        this.sums.readyMs += at - asked;
      }
    }
  }
}

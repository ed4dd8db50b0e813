/**
 * Live figures on how well scaling works: how often, how fast, to what effect, at what price.
 *
 * A decision is judged once new units could have been ready: by what the policies then call for. All
 * sums are kept as they go, so that the memory does not depend on how long it runs.
 */

import type { Decision } from './decision.ts';
import type { Fleet } from './ports.ts';

/** Figures since the beginning. Ratios are NaN until there is something to tell. */
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
  /** Unit-hours so far, and their cost. */
  readonly unitHours: number;
  readonly cost: number;
  /** Cost per hour at present. */
  readonly costPerHour: number;
  /** Availability during scaling: share of the time with a change under way in which enough units were ready, 0–1. */
  readonly availability: number;
}

/** Keeps the figures. */
export interface SeriesKeeper {
  /** Notes a decision and the fleet it was made on. */
  note(decision: Decision, fleet: Fleet, startUpMs: number): void;
  snapshot(): ScalingSeries;
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

/** Makes a keeper; `unitPerHour` is what a unit costs for an hour. */
export function seriesKeeper(unitPerHour: number): SeriesKeeper {
  return new Keeper(unitPerHour);
}

class Keeper implements SeriesKeeper {
  private readonly unitPerHour: number;
  private readonly pending: Pending[] = [];
  private readonly growing: { readonly at: number; readonly units: number }[] = [];
  private firstAt = NaN;
  private last: { readonly at: number; readonly fleet: Fleet; readonly wanted: number } | undefined;
  private decisions = 0;
  private outs = 0;
  private ins = 0;
  private readyMs = 0;
  private readied = 0;
  private judged = 0;
  private right = 0;
  private judgedChanges = 0;
  private effective = 0;
  private paidMs = 0;
  private scalingMs = 0;
  private enoughMs = 0;

  constructor(unitPerHour: number) {
    this.unitPerHour = unitPerHour;
  }

  note(decision: Decision, fleet: Fleet, startUpMs: number): void {
    const { at, desired, previous, proposed, blind } = decision;
    if (this.decisions++ === 0) this.firstAt = at;
    this.passTo(at);
    this.judge(at, blind ? undefined : proposed);
    this.noteReady(at, fleet);
    if (desired > previous) {
      this.outs++;
      this.growing.push({ at, units: desired });
      if (this.growing.length > MOST_PENDING) this.growing.shift();
    } else if (desired < previous) this.ins++;
    this.pending.push({ dueAt: at + startUpMs, desired, changed: desired !== previous });
    if (this.pending.length > MOST_PENDING) this.pending.shift();
    this.last = { at, fleet: { ...fleet, current: desired }, wanted: proposed };
  }

  snapshot(): ScalingSeries {
    const { fleet } = this.last ?? {};
    const hours = ((this.last?.at ?? NaN) - this.firstAt) / HOUR;
    const unitHours = this.paidMs / HOUR;
    return {
      decisions: this.decisions,
      scaleOuts: this.outs,
      scaleIns: this.ins,
      changesPerHour: (this.outs + this.ins) / hours,
      meanScaleOutMs: this.readyMs / this.readied,
      effectiveness: this.effective / this.judgedChanges,
      accuracy: this.right / this.judged,
      unitHours,
      cost: unitHours * this.unitPerHour,
      costPerHour: fleet === undefined ? NaN : (fleet.current + fleet.draining) * this.unitPerHour,
      availability: this.enoughMs / this.scalingMs,
    };
  }

  private passTo(at: number): void {
    if (this.last === undefined) return;
    const { fleet, wanted } = this.last;
    const ms = at - this.last.at;
    this.paidMs += ms * (fleet.current + fleet.draining);
    if (fleet.ready === fleet.current && fleet.draining === 0) return;
    this.scalingMs += ms;
    if (fleet.ready >= wanted) this.enoughMs += ms;
  }

  private judge(at: number, needed: number | undefined): void {
    while ((this.pending[0]?.dueAt ?? Infinity) <= at) {
      const { desired, changed } = this.pending.shift() as Pending;
      if (needed === undefined) continue;
      this.judged++;
      if (Math.abs(desired - needed) <= Math.max(1, needed * RIGHT_WITHIN)) this.right++;
      if (!changed) continue;
      this.judgedChanges++;
      if (needed <= desired) this.effective++;
    }
  }

  private noteReady(at: number, fleet: Fleet): void {
    while (this.growing[0] !== undefined) {
      const { units, at: asked } = this.growing[0];
      if (units > fleet.current) this.growing.shift();
      else if (fleet.ready < units) return;
      else {
        this.growing.shift();
        this.readied++;
        this.readyMs += at - asked;
      }
    }
  }
}

/**
 * The plug-ins of the engine: one method each. A policy or a stage is a function of the situation and
 * of its own state, and hands its next state back, so that a whole engine is one pure function.
 */

import { OptionError } from '../core/index.ts';
import type { Decision } from './decision.ts';
import type { Reading, Sample } from './sample.ts';

/** The fleet as its actuator knows it, in units (instances, agents, workers, slots). */
export interface Fleet {
  /** Units last asked for. Policies start from it. */
  readonly current: number;
  /** Units that take work now. */
  readonly ready: number;
  /** Units on their way up. */
  readonly starting: number;
  /** Units that finish their work and then go; no part of `current`. */
  readonly draining: number;
  /** Each unit, where the actuator knows them; draining ones too. */
  readonly units?: readonly Unit[];
}

/** One unit of the fleet. */
export interface Unit {
  readonly id: string;
  /** @default 'running' */
  readonly phase?: 'starting' | 'running' | 'failed';
  /** True once it is told to go. @default false */
  readonly draining?: boolean;
  /** Whether it takes work; undefined when nobody has said yet. */
  readonly ready?: boolean;
  /** When it was started, in ms. */
  readonly startedAt?: number;
  /** When `ready` last changed, in ms. */
  readonly readyChangedAt?: number;
  /** What it was given of each resource, such as `{ cpu: 2 }` cores: what utilisation is measured by. */
  readonly requests?: Readonly<Record<string, number>>;
}

/** A change of `current` the engine asked for. */
export interface Change {
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

/** Fewest and most units; 0 ≤ min ≤ max. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** What plug-ins decide from. */
export interface Situation {
  /** The engine's time axis, in ms. */
  readonly now: number;
  /** The date, in epoch ms; for calendars only. */
  readonly wallTimeMs: number;
  readonly fleet: Fleet;
  readonly bounds: Bounds;
  /** Changes the engine made, oldest first, as far back as its plug-ins look, and the one before. */
  readonly changes: readonly Change[];
  /** Time since the last decision, in ms; 0 at the first. */
  readonly tickMs: number;
  /** How long new units take until they are ready, in ms: learned from the fleet. */
  readonly startUpMs: number;
  /** True when no policy had a metric to go by, so that there is nothing to learn from this tick. */
  readonly blind: boolean;
  /** The metric of that name; an empty sample when nobody measures it. */
  readonly sample: (metric: string) => Sample;
}

/** Where a metric comes from. What it throws, or an answer that never comes, is an `error` sample. */
export interface Source {
  read(now: number): Reading | undefined | PromiseLike<Reading | undefined>;
}

/** Says how many units its metric calls for. */
export interface ScalingPolicy<S = unknown> {
  /** How far back it looks at `Situation.changes`, in ms. @default 0 */
  readonly lookBackMs?: number;
  propose(situation: Situation, state: S | undefined): Proposal<S>;
}

/** What a policy answers. */
export interface Proposal<S = unknown> {
  /** Units wanted, not rounded down; undefined when the policy's metric cannot be believed. */
  readonly desired: number | undefined;
  /** The reason, with the figures it rests on. */
  readonly why: string;
  /** True when others may not shrink the fleet while this policy sees so badly. @default desired === undefined */
  readonly holdsIn?: boolean;
  /** Handed back to the policy next time. Plain JSON. @default the state it was given */
  readonly state?: S;
}

/** Makes one wish of several. */
export interface Combiner {
  combine(proposals: readonly NamedProposal[], situation: Situation): Wish;
}

export interface NamedProposal {
  readonly policy: string;
  /** Units wanted. Policies without an opinion are left out. */
  readonly desired: number;
}

export interface Wish {
  readonly desired: number;
  readonly why: string;
}

/** Adjusts the wish on its way to a decision: holds it, slows it, bounds it. */
export interface Stage<S = unknown> {
  /** Unique within an engine: its state is kept under it. */
  readonly name: string;
  /** How far back it looks at `Situation.changes`, in ms. @default 0 */
  readonly lookBackMs?: number;
  adjust(desired: number, situation: Situation, state: S | undefined): Adjustment<S>;
}

export interface Adjustment<S = unknown> {
  readonly desired: number;
  /** Why it changed the wish; left out when it did not. */
  readonly why?: string;
  /** When the wish may move on, in ms. @default unknown */
  readonly until?: number;
  /** @default the state it was given */
  readonly state?: S;
}

/** Carries decisions out. */
export interface Actuator {
  /** Units last asked for, or all that is known of the fleet. */
  current(): FleetReading | PromiseLike<FleetReading>;
  /** Asks for `units` in all. */
  apply(units: number, decision: Decision): void | PromiseLike<void>;
}

/** Units last asked for; with parts, what is left out counts as ready. */
export type FleetReading = number | (Partial<Fleet> & { readonly current: number });

/**
 * Completes a reading of the fleet that somebody decides from.
 *
 * @throws OptionError (`ERR_OPTION`) when `current` is no whole number of 0 or more: a fleet that
 *   cannot be counted would look like one that is to be shrunk to its minimum
 */
export function countedFleet(reading: FleetReading): Fleet {
  const current: unknown = typeof reading === 'number' ? reading : reading?.current;
  if (!Number.isSafeInteger(current) || (current as number) < 0) {
    throw new OptionError('fleet', 'a count, or an object with `current`', reading);
  }
  return fleetOf(reading);
}

/** Completes a reading of the fleet. */
export function fleetOf(reading: FleetReading): Fleet {
  if (typeof reading === 'number') {
    return { current: reading, ready: reading, starting: 0, draining: 0 };
  }
  const { current, starting = 0, draining = 0, units } = reading;
  const ready = reading.ready ?? Math.max(0, current - starting);
  const fleet = { current, ready, starting, draining };
  return units === undefined ? fleet : { ...fleet, units };
}

/**
 * What a balancing policy is: it picks one of the candidates for a call, learns how calls end, and can
 * say what speaks for and against each endpoint.
 *
 * Endpoints are numbers here, their slots; whatever is known of them lies in arrays by slot, so that a
 * pick among a thousand reads two of them and allocates nothing.
 */

import type { Call, Random } from '../core/index.ts';

/** A rule for choosing among endpoints. One rule may serve many balancers; its state is in choosers. */
export interface BalancePolicy {
  readonly name: string;
  /** Makes the chooser of one balancer. */
  start(fleet: FleetFigures, random: Random): Chooser;
}

/** Chooses for one balancer. */
export interface Chooser {
  /** A whole number below 2 ** 32 by which the group is drawn, so that a key stays in one; undefined: at random. */
  readonly hashOf?: (call: Call) => number | undefined;
  /** The slot of the endpoint for `call`: one of the candidates, of which there is at least one. */
  pick(among: Candidates, call: Call, now: number): number;
  /** A call was sent to `slot`; its `active` counts the call already. */
  sent?(slot: number, call: Call, now: number): void;
  /** A call ended; cancelled and refused ones are not told of. `active` does not count it any more. */
  ended?(slot: number, end: CallEnd): void;
  /** A call ended, however; `active` does not count it any more. Told last. */
  freed?(slot: number): void;
  /** Another endpoint lives at `slot` from now on. */
  joined?(slot: number): void;
  /** The endpoint at `slot` was given another weight. */
  reweighed?(slot: number): void;
  /** The endpoint at `slot` has gone for good. */
  left?(slot: number): void;
  /** What speaks for and against an endpoint, for `explain`: the least cost is the best. */
  explain(slot: number, among: Candidates, call: Call, now: number): PolicyReason;
}

/** How a call ended. */
export interface CallEnd {
  readonly failed: boolean;
  readonly latencyMs: number;
  readonly call: Call;
  readonly now: number;
}

/** Why a policy thinks what it thinks of an endpoint. */
export interface PolicyReason {
  /** What it costs to choose this endpoint, in the policy's own unit; the least is the best. */
  readonly cost: number;
  /** The figures the cost is made of. */
  readonly parts: Readonly<Record<string, number>>;
}

/** What is known of the endpoints, by slot. The arrays are replaced when they grow: read them anew. */
export interface FleetFigures {
  /** Undefined where no endpoint lives. */
  readonly ids: readonly (string | undefined)[];
  /** Weight in force: as given, times what the endpoint reports, times its slow start; above 0. */
  readonly weight: Float64Array;
  /** Weight as given. */
  readonly givenWeight: Float64Array;
  /** Sum over all endpoints. */
  readonly activeTotal: number;
  /** Calls in flight. */
  readonly active: Float64Array;
  /** Sum of the times at which the calls in flight began, ms. */
  readonly begunSum: Float64Array;
  /** Moving average of the latency of calls that succeeded, ms; 0 while nothing is known. */
  readonly latencyMs: Float64Array;
  /** Moving share of failed calls, 0–1. */
  readonly errorRatio: Float64Array;
  /** When these two were last learned, ms. */
  readonly learnedAt: Float64Array;
  /** How long they are remembered, ms: after so long they count 37 %. */
  readonly memoryMs: number;
  /** Share of its capacity that an endpoint reports as taken, 0–1; 0 where it reports nothing. */
  readonly utilisation: Float64Array;
  /** Quality of its results, 0–1: as learned, else as declared, else 1. */
  readonly quality: Float64Array;
  /** Moving average over all endpoints, of calls that succeeded, ms; 0 while nothing is known. */
  readonly meanLatencyMs: number;
  /** What was learned of an endpoint in one class of work; undefined while nothing is known. */
  learned(slot: number, kind: string): LearnedOfKind | undefined;
}

/** What was learned of an endpoint in one class of work. */
export interface LearnedOfKind {
  /** Moving averages, as those of the endpoint as a whole. */
  readonly latencyMs: number;
  readonly errorRatio: number;
  /** 0–1; NaN where quality was never told. */
  readonly quality: number;
  readonly calls: number;
  /** When it was last learned, ms. */
  readonly at: number;
}

/** The endpoints that a call may go to. */
export interface Candidates {
  /** Their slots, `size` of them. */
  readonly slots: Int32Array;
  readonly size: number;
  /** Whether their weights in force differ. */
  readonly isWeighted: boolean;
  /** The set this one was narrowed from for one call; itself otherwise. */
  readonly base: Candidates;
  has(slot: number): boolean;
  /** What the policy has prepared for the set: a table, an order. Lost when endpoints or weights change. */
  prepared: unknown;
}

/**
 * The decision of Knative's pod autoscaler (KPA), as a pure step.
 *
 * Source: knative/serving@98e5ef90, pkg/autoscaler/scaling/autoscaler.go. A long and a short window of
 * the same metric each call for a count; when the short one calls for `panicThreshold` times the ready
 * pods, the fleet panics: for a whole stable window it only grows.
 */

import type { WindowEntry } from '../stages/stabilisation.ts';
import { slide } from '../stages/stabilisation.ts';

/** What Knative calls the decider's spec. */
export interface KpaSpec {
  /** Load one pod should carry; above 0. */
  readonly targetValue: number;
  /** Load one pod can carry; 0 when unknown. */
  readonly totalValue: number;
  /** Load a burst may bring on top; -1 for unlimited, 0 for none. */
  readonly targetBurstCapacity: number;
  /** Times the ready pods at which the short window counts as panic. */
  readonly panicThreshold: number;
  readonly maxScaleUpRate: number;
  readonly maxScaleDownRate: number;
  readonly stableWindowMs: number;
  readonly scaleDownDelayMs: number;
  /** Fewest pods once there is any load; 1 or less is off. */
  readonly activationScale: number;
  /** False for a revision no route leads to, which may go down at once. */
  readonly reachable: boolean;
  /** Time between decisions, the grain of the scale-down delay. */
  readonly tickMs: number;
}

export interface KpaState {
  /** When the present panic was last renewed; undefined when calm. */
  readonly panicSince?: number;
  readonly maxPanicPods: number;
  /** Counts wanted within the scale-down delay that still matter, by tick. */
  readonly delayed: readonly WindowEntry[];
}

export interface KpaInput {
  readonly readyPods: number;
  readonly stableValue: number;
  readonly panicValue: number;
}

export interface KpaResult {
  readonly desiredPods: number;
  /** Room left for a burst; below 0, Knative keeps its buffering activator in the path. */
  readonly excessBurstCapacity: number;
  readonly state: KpaState;
}

/** The state of a new autoscaler: with more than one pod it starts in panic, so as not to shrink blindly. */
export function kpaStart(readyPods: number, now: number): KpaState {
  if (readyPods <= 1) return { maxPanicPods: 0, delayed: [] };
  return { panicSince: now, maxPanicPods: readyPods, delayed: [] };
}

/** One decision. */
export function kpaStep(spec: KpaSpec, state: KpaState, input: KpaInput, now: number): KpaResult {
  const ready = Math.max(1, input.readyPods);
  const stable = Math.ceil(input.stableValue / spec.targetValue);
  const panic = Math.ceil(input.panicValue / spec.targetValue);
  const panicking = panicAfter(spec, state, panic / ready >= spec.panicThreshold, now);
  let desired = within(stable, ready, spec);
  let { maxPanicPods } = panicking;
  if (panicking.panicSince !== undefined) {
    maxPanicPods = Math.max(maxPanicPods, desired, within(panic, ready, spec));
    desired = maxPanicPods;
  }
  const delayed = delay(spec, state.delayed, desired, now);
  return {
    desiredPods: delayed[0]?.[1] ?? desired,
    excessBurstCapacity: excess(spec, input),
    state: { ...panicking, maxPanicPods, delayed },
  };
}

function panicAfter(spec: KpaSpec, state: KpaState, isOver: boolean, now: number): KpaState {
  const { panicSince } = state;
  if (isOver) return { ...state, panicSince: now };
  if (panicSince === undefined || panicSince + spec.stableWindowMs >= now) return state;
  return { maxPanicPods: 0, delayed: state.delayed };
}

/** A count within what one step may change, raised to the activation scale where there is load. */
function within(count: number, ready: number, spec: KpaSpec): number {
  const most = Math.ceil(spec.maxScaleUpRate * ready);
  const least = spec.reachable ? Math.floor(ready / spec.maxScaleDownRate) : 0;
  const bounded = Math.min(Math.max(count, least), most);
  return count > 0 && spec.activationScale > 1 ? Math.max(bounded, spec.activationScale) : bounded;
}

/** The counts of the delay window, largest first; empty without a delay. */
function delay(
  { scaleDownDelayMs, tickMs }: KpaSpec,
  entries: readonly WindowEntry[],
  desired: number,
  now: number,
): readonly WindowEntry[] {
  if (scaleDownDelayMs === 0) return [];
  const ticks = Math.ceil(scaleDownDelayMs / tickMs);
  return slidingMax(entries, Math.floor(now / tickMs), desired, ticks);
}

/** The wishes of the last `buckets` buckets that still matter; the first is the largest. */
export function slidingMax(
  entries: readonly WindowEntry[],
  bucket: number,
  value: number,
  buckets: number,
): readonly WindowEntry[] {
  return slide(entries, [bucket, value], buckets, (older, newer) => older <= newer);
}

function excess(spec: KpaSpec, { readyPods, panicValue }: KpaInput): number {
  if (spec.targetBurstCapacity === 0) return 0;
  if (spec.targetBurstCapacity < 0) return -1;
  return Math.floor(readyPods * spec.totalValue - spec.targetBurstCapacity - panicValue);
}

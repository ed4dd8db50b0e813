/** The states of a breaker. Each carries only what it needs. */

/** The breaker follows its counts only in mode `auto`; every other mode is a state of its own. */
export type BreakerMode = 'auto' | 'forced-open' | 'forced-closed' | 'disabled' | 'observe-only';

/**
 * - `closed`: calls pass and are counted.
 * - `open`: calls are refused until the open time is over.
 * - `half-open`: a few probes pass; their results decide.
 * - `ramping`: the probes were good; a growing share of the calls passes and is counted.
 * - `forced-open`: refuses every call.
 * - `forced-closed`: admits every call, counts, never opens.
 * - `observe-only`: as forced-closed, and says when it would have opened.
 * - `disabled`: admits every call and counts nothing.
 */
export type BreakerState = State['kind'];

export type State =
  | Closed
  | Open
  | HalfOpen
  | Ramping
  | Observing
  | { readonly kind: 'forced-open' | 'forced-closed' | 'disabled' };

export interface Closed {
  readonly kind: 'closed';
}

export interface Open {
  readonly kind: 'open';
  /** When the first probe may pass. */
  readonly until: number;
}

export interface HalfOpen {
  readonly kind: 'half-open';
  /** Probes admitted and not given back, answered or not; never more than wanted. */
  admitted: number;
  /** When the verdict falls at the latest. */
  readonly until: number;
}

export interface Ramping {
  readonly kind: 'ramping';
  readonly since: number;
  /** The admitted share of the calls so far, less the calls admitted; one call passes per whole unit. */
  credit: number;
}

export interface Observing {
  readonly kind: 'observe-only';
  /** True from the moment the thresholds were crossed until they no longer are. */
  exceeded: boolean;
}

/** Why a breaker changed its state. */
export type TransitionReason =
  | 'failures'
  | 'slow-calls'
  | 'response'
  | 'open-time-over'
  | 'probes-passed'
  | 'probes-failed'
  | 'probes-overdue'
  | 'ramp-done'
  | 'hint'
  | 'restored'
  | 'manual';

/** One change of state. */
export interface StateChange {
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly reason: TransitionReason;
  /** When, on `runtime.now()`'s axis. */
  readonly at: number;
  /** How long the breaker stays open, in ms; 0 unless `to` is `open`. */
  readonly openMs: number;
}

/** True while the counts rule, and not somebody's hand. */
export function followsCounts({ kind }: State): boolean {
  return kind === 'closed' || kind === 'open' || kind === 'half-open' || kind === 'ramping';
}

/** True while at most a few probes pass. */
export function holdsBack({ kind }: { readonly kind: BreakerState }): boolean {
  return kind === 'open' || kind === 'half-open';
}

/** The state a mode begins in. */
export function stateIn(mode: BreakerMode): State {
  if (mode === 'auto') return { kind: 'closed' };
  return mode === 'observe-only' ? { kind: mode, exceeded: false } : { kind: mode };
}

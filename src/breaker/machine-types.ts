/** What goes into the state machine and comes out of it. */

import type { BreakerState, StateChange } from './breaker-state.ts';
import type { CallCounts } from './call-window.ts';

/** What the machine goes by; all checked, all in milliseconds and ratios. */
export interface MachineRules {
  readonly failureRatio: number;
  readonly minimumCalls: number;
  readonly slowCallMs: number;
  readonly slowCallRatio: number;
  readonly halfOpenProbes: number;
  readonly halfOpenMaxWaitMs: number;
  /** The failure ratio among probes; differs from `failureRatio` where the window counts runs. */
  readonly probeFailureRatio: number;
  readonly openMs: number;
  readonly openGrowth: number;
  readonly openMaxMs: number;
  readonly openJitterRatio: number;
  readonly rampMs: number;
}

/** What crosses a threshold. */
export type Excess = 'failures' | 'slow-calls';

/** Who the machine asks for chance and leave, and tells of what it did. */
export interface MachineHost {
  random(): number;
  /** Whether the breaker may open by its counts; no keeps it as it is. */
  mayOpen(now: number): boolean;
  changed(change: StateChange): void;
  /** In `observe-only`: the thresholds were crossed. */
  exceeded(reason: Excess, now: number): void;
}

/** The state that outlives a process; times are relative. */
export interface MachineMemory extends CallCounts {
  readonly state: BreakerState;
  /** Milliseconds since the state began. */
  readonly stateMs: number;
  /** Milliseconds until probes may pass; 0 unless open. */
  readonly openLeftMs: number;
  /** Times in a row that the breaker opened without having closed. */
  readonly openings: number;
}

/** Circuit breakers: fail at once while a backend is bad, and find out when it is well again. */
export type { BreakerDump, KeyedBreakersDump } from './breaker-dump.ts';
export type { BreakerEvents, BreakerSnapshot, Transition } from './breaker-events.ts';
export type { BreakerVerbs } from './breaker-front.ts';
export type { BreakerHint, BreakerHints, HintTrust } from './breaker-hints.ts';
export type { BreakerChanges } from './breaker-home.ts';
export type { BreakerRules, CircuitBreakerOptions, Verdict } from './breaker-options.ts';
export type { BreakerMode, BreakerState, StateChange, TransitionReason } from './breaker-state.ts';
export type { CircuitBreaker } from './circuit-breaker.ts';
export { circuitBreaker } from './circuit-breaker.ts';
export type {
  KeyedBreakers,
  KeyedBreakersOptions,
  KeyedBreakersSnapshot,
} from './keyed-breakers.ts';
export { keyedBreakers } from './keyed-breakers.ts';
export type { CallCounts } from './call-window.ts';
export type { Excess, MachineMemory } from './machine-types.ts';

/** Circuit breakers: fail at once while a backend is bad, and find out when it is well again. */
export type { BreakerRules, CircuitBreakerOptions, Verdict } from './breaker-options.ts';
export type { BreakerMode, BreakerState, Transition, TransitionReason } from './breaker-state.ts';
export type { BreakerEvents, BreakerSnapshot, CircuitBreaker } from './circuit-breaker.ts';
export { circuitBreaker } from './circuit-breaker.ts';

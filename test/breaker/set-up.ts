// What the tests of single and keyed breakers begin with.
import type { BreakerEvents, CircuitBreakerOptions, Transition } from '../../src/breaker/index.ts';
import type { EventSource } from '../../src/core/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

/** Opens for a second sharp, and one probe decides. */
const SHARP: CircuitBreakerOptions = { openMs: 1_000, openJitterRatio: 0, halfOpenProbes: 1 };

/** A breaker in virtual time, and the changes of state it has told of. */
export function inVirtualTime<
  O extends CircuitBreakerOptions,
  B extends EventSource<BreakerEvents>,
>(
  make: (options: O) => B,
  options: O,
): { runtime: VirtualRuntime; breaker: B; transitions: Transition[] } {
  const runtime = virtualRuntime();
  const breaker = make({ ...SHARP, runtime, ...options });
  const transitions: Transition[] = [];
  breaker.on('transition', (transition) => transitions.push(transition));
  return { runtime, breaker, transitions };
}

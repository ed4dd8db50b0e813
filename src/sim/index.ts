/** Virtual time: the wiring of production, deterministic and many times faster than real time. */
export type { AmplifiedTrace, AmplifyOptions, RateShape, RateStage } from './arrivals.ts';
export { amplify, rateArrivals, replay } from './arrivals.ts';
export { EndlessLoopError, StalledError } from './errors.ts';
export type { Fault, VirtualRuntime, VirtualRuntimeOptions } from './types.ts';
export { virtualRuntime } from './virtual-runtime.ts';

export { EndlessLoopError, StalledError } from './errors.ts';
export type { Fault, VirtualRuntime, VirtualRuntimeOptions } from './virtual-runtime.ts';
export { virtualRuntime } from './virtual-runtime.ts';

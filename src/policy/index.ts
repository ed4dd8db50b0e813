export type { ComposedPolicy } from './compose.ts';
export { compose } from './compose.ts';
export type { Timeout, TimeoutOptions } from './timeout.ts';
export { timeout } from './timeout.ts';

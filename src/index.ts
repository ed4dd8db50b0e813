/** The everyday primitives; each also comes from its own subpath, with everything around it. */
export type { Call, Cost, Policy, Runtime, Work, WorkCall } from './core/index.ts';
export {
  ClosedError,
  isRejectedError,
  isTenfoldError,
  OptionError,
  RejectedError,
  StoreError,
  systemRuntime,
  TenfoldError,
  TimeoutError,
} from './core/index.ts';
export {
  bucket,
  clientThrottle,
  concurrencyLimiter,
  jointLimiter,
  keyedLimiter,
  loadShedder,
  providerFeedback,
  rateLimiter,
  tokenBucket,
} from './admission/index.ts';
export { balancer } from './balance/index.ts';
export { shardMap } from './shard/index.ts';
export { circuitBreaker, keyedBreakers } from './breaker/index.ts';
export { bulkhead, compose, fallback, hedge, retry, retryBudget, timeout } from './policy/index.ts';
export { scalingEngine } from './scale/index.ts';
export { pool } from './pool/index.ts';
export { workQueue } from './queue/index.ts';
export { cache } from './cache/index.ts';

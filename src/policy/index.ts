/** Policies in a row: `compose`, time limits, retries, hedges, bulkheads, fallbacks. */
export type { BackoffOptions, Jitter } from './backoff.ts';
export type { Bulkhead, BulkheadOptions, BulkheadSnapshot } from './bulkhead.ts';
export { bulkhead } from './bulkhead.ts';
export type { ComposedPolicy } from './compose.ts';
export { compose } from './compose.ts';
export type { FallbackOptions } from './fallback.ts';
export { fallback } from './fallback.ts';
export type { Hedge, HedgeOptions, HedgeSnapshot } from './hedge.ts';
export { hedge } from './hedge.ts';
export type {
  AttemptEnd,
  GiveUpReason,
  Retry,
  RetryEvents,
  RetryOptions,
  RetrySnapshot,
} from './retry.ts';
export { retry } from './retry.ts';
export type { RetryBudget, RetryBudgetOptions, RetryBudgetSnapshot } from './retry-budget.ts';
export { retryBudget } from './retry-budget.ts';
export type { Timeout, TimeoutOptions } from './timeout.ts';
export { timeout } from './timeout.ts';

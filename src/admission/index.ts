/** Who may come in: rates, concurrency, token budgets and shedding, for one subject or millions of keys. */
export type { KeyedLimiter, KeyedLimiterOptions, KeyedSnapshot } from './keyed-limiter.ts';
export { keyedLimiter } from './keyed-limiter.ts';
export type { Allowance } from './limit.ts';
export type {
  Booking,
  CostOptions,
  Counts,
  Decisions,
  GateOptions,
  LimiterDump,
  LimiterEvents,
  LimiterOptions,
  RateLimiter,
} from './limiter.ts';
export type { BucketRate } from './rate/bucket.ts';
export { bucket } from './rate/bucket.ts';
export type { SpacingRate } from './rate/even-spacing.ts';
export { evenSpacing } from './rate/even-spacing.ts';
export type { WindowRate } from './rate/fixed-window.ts';
export { fixedWindow } from './rate/fixed-window.ts';
export type { Rate, RateRule } from './rate/rule.ts';
export { slidingCounter } from './rate/sliding-counter.ts';
export type { LogRate } from './rate/sliding-log.ts';
export { slidingLog } from './rate/sliding-log.ts';
export type {
  RateLimiterOptions,
  SingleLimiter,
  SingleSnapshot,
  TokenBucket,
  TokenBucketOptions,
} from './rate-limiter.ts';
export { rateLimiter, tokenBucket } from './rate-limiter.ts';
export type { AimdOptions } from './concurrency/aimd.ts';
export { aimd } from './concurrency/aimd.ts';
export type { Gradient2Options } from './concurrency/gradient2.ts';
export { gradient2 } from './concurrency/gradient2.ts';
export type { PartitionState } from './concurrency/partitions.ts';
export type {
  ConcurrencyLimit,
  ConcurrencyRule,
  LimitBounds,
  LimitSample,
  SampleWindow,
} from './concurrency/rule.ts';
export type { VegasOptions } from './concurrency/vegas.ts';
export { vegas } from './concurrency/vegas.ts';
export type {
  ConcurrencyEvents,
  ConcurrencyLimiter,
  ConcurrencyLimiterOptions,
  ConcurrencySnapshot,
} from './concurrency-limiter.ts';
export { concurrencyLimiter } from './concurrency-limiter.ts';
export type { Order } from './line-order.ts';
export { adaptive } from './concurrency/adaptive.ts';
export type { JointLimiter, JointLimiterOptions, JointSnapshot } from './joint-limiter.ts';
export { jointLimiter } from './joint-limiter.ts';
export type { CutOff, SettleOptions } from './settlement.ts';
export type {
  FeedbackSnapshot,
  ProviderFeedback,
  ProviderFeedbackOptions,
} from './provider-feedback.ts';
export { providerFeedback } from './provider-feedback.ts';
export type { FeedbackEvents } from './provider-watch.ts';
export type { Quota } from './quota-headers.ts';
export { readQuotas } from './quota-headers.ts';
export { rateLimitHeaders } from './rate-limit-headers.ts';
export type { LoadSignal, Pressure, ProcessTargets } from './load-signals.ts';
export type { LoadShedder, LoadShedderOptions, ShedEvents, ShedSnapshot } from './load-shedder.ts';
export { loadShedder } from './load-shedder.ts';
export type { ClientThrottle, ClientThrottleOptions, ThrottleSnapshot } from './client-throttle.ts';
export { clientThrottle } from './client-throttle.ts';
export type {
  LimitStore,
  StoreAnswer,
  StoreAsk,
  StoreChange,
  StoreKey,
  StoreState,
} from './shared/limit-store.ts';
export type { HeldLease, LeaseAsk, LeaseStatement, LeaseStore } from './shared/lease-store.ts';
export type { MemoryLeaseStoreOptions } from './shared/memory-lease-store.ts';
export { memoryLeaseStore } from './shared/memory-lease-store.ts';
export type { MemoryLimitStoreOptions } from './shared/memory-limit-store.ts';
export { memoryLimitStore } from './shared/memory-limit-store.ts';
export type {
  SharedEvents,
  SharedLimit,
  SharedLimiterOptions,
  SharedSnapshot,
  StoreCounts,
  StoreOptions,
  WhenDown,
} from './shared/shared-options.ts';
export type {
  SharedConcurrencyLimiter,
  SharedConcurrencyOptions,
  SharedConcurrencySnapshot,
} from './shared/shared-concurrency-limiter.ts';
export { sharedConcurrencyLimiter } from './shared/shared-concurrency-limiter.ts';
export type { SharedLimiter } from './shared/shared-limiter.ts';
export { sharedLimiter } from './shared/shared-limiter.ts';

/** Rate limits: token bucket, windows, even spacing, for one subject or for millions of keys. */
export type { KeyedLimiter, KeyedLimiterOptions, KeyedSnapshot } from './keyed-limiter.ts';
export { keyedLimiter } from './keyed-limiter.ts';
export type {
  Allowance,
  Booking,
  Decisions,
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

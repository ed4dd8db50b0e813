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
export type { Rate, RateRule } from './rate/rule.ts';
export type {
  RateLimiterOptions,
  SingleLimiter,
  SingleSnapshot,
  TokenBucket,
  TokenBucketOptions,
} from './rate-limiter.ts';
export { rateLimiter, tokenBucket } from './rate-limiter.ts';

/**
 * A rate limiter that follows what a provider says of its limits, and goes slower where it says only
 * that it is too much.
 */

import type { Call, Stage } from '../core/index.ts';
import type { Entrance } from './entrance.ts';
import type { Quota } from './quota-headers.ts';
import type { Rate } from './rate/rule.ts';
import type { RateLimit } from './rate-limit.ts';

/** What is left of the rate after a refusal without numbers, and the least that is left ever. */
const SLOWER_RATIO = 0.8;
const LEAST_RATIO = 1 / 32;
/** How much of the rate comes back, at most so often, while nothing is refused. */
const FASTER_STEP = 0.05;
const FASTER_EVERY_MS = 10_000;

export class TunedLimiter {
  /** Share of the configured rate in force. */
  ratio = 1;
  private readonly entrance: Entrance;
  private readonly limit: RateLimit;
  private readonly configured: Rate;
  /** What is allowed by what the provider says its limit is, and by what it refused. */
  private told = 1;
  private endured = 1;
  private changedAt = -Infinity;

  private constructor(entrance: Entrance, limit: RateLimit) {
    this.entrance = entrance;
    this.limit = limit;
    this.configured = limit.rule.rate;
  }

  /** Undefined when the stage is no rate limiter. */
  static of(stage: Stage): TunedLimiter | undefined {
    const entrance = stage as Entrance;
    const limit = entrance.limit as RateLimit | undefined;
    // A concurrency limit has a rule, too, but none that can be told a rate.
    return typeof limit?.rule?.retune === 'function'
      ? new TunedLimiter(entrance, limit)
      : undefined;
  }

  /** Takes a limit below ours for ours, and the difference where less is left than we thought. */
  follow({ limit, windowMs, remaining }: Quota, call: Call, now: number): void {
    if (limit !== undefined && limit > 0) {
      const ours = this.configured;
      const windows = windowMs === undefined ? 1 : ours.windowMs / windowMs;
      this.told = Math.max(LEAST_RATIO, Math.min(1, (limit / ours.limit) * windows));
      this.apply(now);
    }
    if (remaining === undefined) return;
    const ours = this.limit.peek(call, this.limit.nobody(), now).remaining;
    const cost = ours - remaining;
    if (cost > 0) this.limit.adjust({ ...call, cost }, 1, now);
  }

  slower(now: number): void {
    this.endured = Math.max(LEAST_RATIO, this.endured * SLOWER_RATIO);
    this.changedAt = now;
    this.apply(now);
  }

  faster(now: number): void {
    if (this.endured === 1 || now - this.changedAt < FASTER_EVERY_MS) return;
    this.endured = Math.min(1, this.endured + FASTER_STEP);
    this.changedAt = now;
    this.apply(now);
  }

  private apply(now: number): void {
    const ratio = Math.min(this.told, this.endured);
    if (ratio === this.ratio) return;
    this.ratio = ratio;
    this.limit.rule.retune(this.configured.scaled(ratio), now);
    this.entrance.pump(now);
  }
}

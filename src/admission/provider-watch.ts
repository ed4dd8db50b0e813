/**
 * What answers say of a provider's limits, and what follows from it: pauses for all, other numbers for
 * the limiters that follow.
 */

import type { Emitter, Runtime } from '../core/index.ts';
import { grownMs, jitteredMs, retryAfterMs } from '../core/index.ts';
import type { LimiterEvents } from './limiter.ts';
import type { Heard, PauseLimit } from './pause-limit.ts';
import type { Quota } from './quota-headers.ts';
import { readQuotas } from './quota-headers.ts';
import type { TunedLimiter } from './tuned-limiter.ts';

/** What provider feedback tells its listeners. */
export interface FeedbackEvents extends LimiterEvents {
  /** The provider said "too many"; all wait now. */
  paused: { readonly ms: number; readonly said: boolean };
  /** The provider told of a limit of its own. */
  quota: Quota;
}

/** What watching a provider takes. */
export interface WatchSetup {
  readonly name: string;
  readonly limit: PauseLimit;
  /** The limiters that follow, by the unit the provider speaks of. */
  readonly tuned: ReadonlyMap<string, TunedLimiter>;
  readonly isLimited: (detail: unknown) => boolean;
  readonly pauseMs: number;
  readonly maxPauseMs: number;
  readonly events: Emitter<FeedbackEvents>;
  readonly runtime: Runtime;
}

/** How far pauses of our own vary, so that many processes do not come back at once. */
const JITTER_RATIO = 0.2;

export class ProviderWatch {
  /** Pauses so far. */
  pauses = 0;
  private readonly setup: WatchSetup;
  /** Units whose headers are looked for. */
  private readonly units: readonly string[];
  private readonly random: () => number;
  /** Refusals in a row that were news. */
  private repeats = 0;
  /** When the call began whose answer told of quotas last. */
  private toldAt = -Infinity;

  constructor(setup: WatchSetup) {
    const { tuned, runtime } = setup;
    this.setup = setup;
    this.units = tuned.size === 0 ? ['requests', 'tokens'] : [...tuned.keys()];
    this.random = runtime.random('provider feedback');
  }

  /** Takes in an answer or an error. */
  hear(heard: Heard, detail: unknown, now: number): void {
    const quotas = readQuotas(detail, this.units, this.setup.runtime);
    // Whoever was under way when the pause began has nothing new to say.
    const isNews = heard.pauses === this.setup.limit.pauses;
    if (this.isLimited(detail)) {
      if (isNews && quotas.length === 0) this.retune((limiter) => limiter.slower(now));
      this.pause(detail, isNews, now);
    } else if (isNews) {
      this.repeats = 0;
      this.retune((limiter) => limiter.faster(now));
    }
    this.follow(quotas, heard, now);
  }

  private isLimited(detail: unknown): boolean {
    const { isLimited, runtime, name } = this.setup;
    try {
      return isLimited(detail);
    } catch (error) {
      runtime.report(error, `${name}: isLimited`);
      return false;
    }
  }

  private pause(detail: unknown, isNews: boolean, now: number): void {
    const { limit, maxPauseMs, events, runtime } = this.setup;
    // No time at all, or a date that has passed, is no pause: the refusals would go on.
    const said = retryAfterMs(detail, runtime) || undefined;
    if (said === undefined && !isNews) return;
    const ms = Math.min(maxPauseMs, said ?? this.ownPauseMs());
    if (isNews) this.repeats++;
    if (!limit.pause(now, ms)) return;
    this.pauses++;
    if (events.has('paused')) events.emit('paused', { ms, said: said !== undefined });
  }

  /** How long to pause where nobody says it: longer with every refusal. */
  private ownPauseMs(): number {
    const { pauseMs, maxPauseMs } = this.setup;
    const grown = grownMs(pauseMs, { growth: 2, maxMs: maxPauseMs, step: this.repeats });
    return jitteredMs(grown, JITTER_RATIO, this.random);
  }

  private follow(quotas: readonly Quota[], { call, since }: Heard, now: number): void {
    // Answers overtake each other: one to an older call knows less.
    if (quotas.length === 0 || since < this.toldAt) return;
    this.toldAt = since;
    const { tuned, events } = this.setup;
    for (const quota of quotas) {
      tuned.get(quota.unit)?.follow(quota, call, now);
      if (events.has('quota')) events.emit('quota', quota);
    }
  }

  private retune(change: (limiter: TunedLimiter) => void): void {
    for (const limiter of this.setup.tuned.values()) change(limiter);
  }
}

/**
 * A pause as a limit: everybody waits until it is over, and every pass comes back with what its call
 * has heard.
 */

import type { Call, Outcome, Pass } from '../core/index.ts';
import type { Ahead, Allowance, Limit, Reason, Shell } from './limit.ts';
import { nobody } from './limit.ts';

/** A call under way. */
export interface Heard {
  readonly call: Call;
  /** When it began. */
  readonly since: number;
  /** How many pauses had been asked for when it began. */
  readonly pauses: number;
}

/** Takes in how a call has ended. */
export type Hearer = (
  heard: Heard,
  outcome: Outcome,
  detail: unknown,
  now: number | undefined,
) => void;

export class PauseLimit implements Limit {
  /** How many times it was asked to pause. */
  pauses = 0;
  /** Set once, by whoever makes both. */
  declare shell: Shell;
  private until = -Infinity;
  private readonly hearer: Hearer;

  constructor(hearer: Hearer) {
    this.hearer = hearer;
  }

  /** Pauses for `ms` from `now` on; false when that changes nothing. */
  pause(now: number, ms: number): boolean {
    this.pauses++;
    if (now + ms <= this.until) return false;
    this.until = now + ms;
    return true;
  }

  nobody(): Ahead {
    return nobody();
  }

  count(): void {
    // A pause is over for all at once.
  }

  waitMs(_call: Call, _ahead: Ahead, now: number): number {
    return Math.max(0, this.until - now);
  }

  admit(call: Call, now: number): Pass {
    return new HeardPass(this.hearer, { call, since: now, pauses: this.pauses });
  }

  enter(call: Call, ahead: Ahead, now: number): Pass | number {
    const waitMs = this.waitMs(call, ahead, now);
    return waitMs === 0 ? this.admit(call, now) : waitMs;
  }

  explain(_call: Call, waitMs: number): Reason {
    const message = `the provider asked for a pause, ${Math.ceil(waitMs)} ms of it are left`;
    return { code: 'ERR_RATE_LIMITED', message };
  }

  peek(call: Call, ahead: Ahead, now: number): Allowance {
    const retryAfterMs = this.waitMs(call, ahead, now);
    const [unit, limit, windowMs] = ['requests', Infinity, 0] as const;
    const remaining = retryAfterMs > 0 ? 0 : Infinity;
    return { name: 'pause', unit, limit, windowMs, remaining, resetMs: retryAfterMs, retryAfterMs };
  }

  adjust(): void {
    // There is nothing to spend.
  }
}

/** Leave to go on, and to tell what was heard. */
class HeardPass implements Pass {
  readonly ok = true;
  private hearer: Hearer | undefined;
  private readonly heard: Heard;

  constructor(hearer: Hearer, heard: Heard) {
    this.hearer = hearer;
    this.heard = heard;
  }

  done(outcome: Outcome, detail?: unknown, now?: number): void {
    const { hearer } = this;
    this.hearer = undefined;
    hearer?.(this.heard, outcome, detail, now);
  }
}

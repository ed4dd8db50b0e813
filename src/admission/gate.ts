/**
 * What every door of this folder does besides deciding: lets the exempt pass, turns refusals into
 * values and events, runs dry, counts.
 */

import type { Call, Emitter, Entry, Pass, Refusal, Runtime } from '../core/index.ts';
import {
  ADMITTED,
  emitter,
  OptionError,
  optionChecks,
  ownSignal,
  systemRuntime,
  TOKEN,
} from '../core/index.ts';
import type { Reason } from './limit.ts';
import type { Counts, GateOptions, LimiterEvents } from './limiter.ts';

/** Names of the options of {@link GateOptions}, for `known` checks. */
export const GATE_OPTIONS = ['name', 'exempt', 'dryRun', 'runtime'] as const;

/** A call nothing is said of. */
export const NO_CALL: Call = Object.freeze({});

/** Throws the reason of a call that was given up before it came. */
export function throwIfCancelled(call: Call): void {
  const token = call[TOKEN];
  if (token?.isCancelled === true) throw token.reason;
  ownSignal(call)?.throwIfAborted();
}

/** The part all doors share. */
export class Gate<Events extends LimiterEvents = LimiterEvents> {
  readonly name: string;
  /** What `compose` judges the order of policies by. */
  readonly kind: 'limiter' | 'concurrency-limiter';
  readonly runtime: Runtime;
  readonly events: Emitter<Events>;
  /** Refusals, dry ones too, by the limit that bound, where several decide. */
  readonly refusedBy: Map<string, number> = new Map<string, number>();
  protected readonly exempt: ((call: Call) => boolean) | undefined;
  protected readonly dryRun: boolean;
  protected admitted = 0;
  /** How far `now` is ahead of a clock that has gone back. */
  skew = 0;
  private latest = -Infinity;
  private refused = 0;
  private wouldRefuse = 0;
  private exempted = 0;

  constructor(factory: string, options: GateOptions, events?: Emitter<Events>) {
    const check = optionChecks(factory);
    const { name = factory, exempt, dryRun = false } = options;
    this.name = check.text('name', name);
    // Calls hold what the one admits until they have settled, and nothing of the other.
    this.kind = factory === 'concurrencyLimiter' ? 'concurrency-limiter' : 'limiter';
    this.runtime = options.runtime ?? systemRuntime();
    this.exempt = exempt === undefined ? undefined : check.callable('exempt', exempt);
    this.dryRun = check.flag('dryRun', dryRun);
    this.events = events ?? emitter<Events>(this.runtime, this.name);
  }

  counts(): Counts {
    const { admitted, refused, wouldRefuse, exempted } = this;
    return { admitted, refused, wouldRefuse, exempted };
  }

  /**
   * The time, which never goes back: where the clock does, this goes on from where it was.
   *
   * @param at what the clock says, where somebody has just read it
   */
  now(at: number = this.runtime.now()): number {
    const time = at + this.skew;
    if (time >= this.latest) return (this.latest = time);
    this.skew = this.latest - at;
    return this.latest;
  }

  /** What needs no limit to be asked: the exempt pass, and work past its deadline never runs. */
  protected foregone(call: Call, now: number): Entry | undefined {
    if (this.exempt !== undefined && this.exempt(call)) return this.letPass();
    if (call.deadline === undefined || !this.isLate(call.deadline, now)) return undefined;
    return this.turnAway(call, { code: 'ERR_EXPIRED', message: 'its deadline has passed' }, 0);
  }

  /** Lets pass a call that is not counted. */
  protected letPass(): Pass {
    this.exempted++;
    return ADMITTED;
  }

  /** Refuses, or only says so in a dry run. */
  protected turnAway(call: Call, reason: Reason, retryAfterMs: number): Entry {
    const refusal = this.refusal(reason, retryAfterMs);
    if (this.dryRun) this.wouldRefuse++;
    else this.refused++;
    if (reason.policy !== undefined) {
      this.refusedBy.set(reason.policy, (this.refusedBy.get(reason.policy) ?? 0) + 1);
    }
    if (this.events.has('refused')) {
      this.events.emit('refused', { call, refusal, dryRun: this.dryRun });
    }
    return this.dryRun ? ADMITTED : refusal;
  }

  private isLate(deadline: number, now: number): boolean {
    if (typeof deadline !== 'number' || Number.isNaN(deadline)) {
      throw new OptionError(`${this.name}: call.deadline`, 'a number', deadline);
    }
    return deadline + this.skew <= now;
  }

  protected refusal({ code, message, policy = this.name }: Reason, retryAfterMs: number): Refusal {
    return { ok: false, code, policy, retryAfterMs, message };
  }
}

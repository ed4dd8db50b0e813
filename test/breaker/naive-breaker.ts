// The breaker again, as simply as it can be said: a list of all calls, and no cleverness.
import type { MachineRules } from '../../src/breaker/machine-types.ts';

interface Ended {
  readonly failed: boolean;
  readonly slow: boolean;
  readonly at: number;
}

/** A call on its way, with the period of the breaker's life that it began in. */
export interface NaiveCall {
  readonly period: number;
}

/** Which calls count: those of the last buckets, the last so many, or the bad ones since a good one. */
export type NaiveWindow =
  | { readonly kind: 'time'; readonly buckets: number; readonly bucketMs: number }
  | { readonly kind: 'count'; readonly size: number }
  | { readonly kind: 'run' };

export class NaiveBreaker {
  state: 'closed' | 'open' | 'half-open' = 'closed';
  private readonly rules: MachineRules;
  private readonly window: NaiveWindow;
  private ended: Ended[] = [];
  private period = 0;
  private until = 0;
  private probes: NaiveCall[] = [];
  private openings = 0;

  constructor(rules: MachineRules, window: NaiveWindow) {
    this.rules = rules;
    this.window = window;
  }

  enter(now: number): NaiveCall | undefined {
    this.passTime(now);
    if (this.state === 'open' && now >= this.until) {
      this.begin('half-open', now + this.rules.halfOpenMaxWaitMs);
    }
    if (this.state === 'open') return undefined;
    if (this.state === 'half-open' && this.probes.length === this.rules.halfOpenProbes) {
      return undefined;
    }
    const call = { period: this.period };
    if (this.state === 'half-open') this.probes.push(call);
    return call;
  }

  end(
    call: NaiveCall,
    end: 'success' | 'failure' | 'cancelled',
    tookMs: number,
    now: number,
  ): void {
    this.passTime(now);
    if (call.period !== this.period) return;
    if (end === 'cancelled') {
      this.probes = this.probes.filter((probe) => probe !== call);
      return;
    }
    this.ended.push({ failed: end === 'failure', slow: tookMs > this.rules.slowCallMs, at: now });
    if (this.state === 'half-open') {
      if (this.ended.length === this.rules.halfOpenProbes) this.judgeProbes(now, this.ended);
    } else if (
      this.counted(now).length >= this.rules.minimumCalls &&
      this.isBad(this.counted(now), this.rules.failureRatio)
    ) {
      this.open(now);
    }
  }

  passTime(now: number): void {
    if (this.state !== 'half-open' || now < this.until) return;
    if (this.probes.length === 0) {
      this.open(this.until);
      return;
    }
    const silent = this.probes.length - this.ended.length;
    const failures = Array.from({ length: silent }, () => ({
      failed: true,
      slow: false,
      at: 0,
    }));
    this.judgeProbes(this.until, [...this.ended, ...failures]);
  }

  trip(now: number): void {
    this.passTime(now);
    if (this.state !== 'open') this.open(now);
  }

  reset(): void {
    this.openings = 0;
    this.begin('closed', 0);
  }

  /** Calls, failures and slow calls that count now. */
  counts(now: number): [number, number, number] {
    const counted = this.counted(now);
    return [
      counted.length,
      counted.filter(({ failed }) => failed).length,
      counted.filter(({ slow }) => slow).length,
    ];
  }

  private counted(now: number): Ended[] {
    const { ended, window } = this;
    if (this.state === 'half-open') return ended;
    if (window.kind === 'count') return ended.slice(-window.size);
    if (window.kind === 'run') {
      const good = ended.findLastIndex(({ failed, slow }) => !failed && !slow);
      return ended.slice(good + 1).map((call) => ({ ...call, failed: true }));
    }
    const bucketOf = (at: number): number => Math.floor(at / window.bucketMs);
    return ended.filter(({ at }) => bucketOf(now) - bucketOf(at) < window.buckets);
  }

  private isBad(calls: readonly Ended[], failureRatio: number): boolean {
    const share = (bad: number): number => bad / calls.length;
    return (
      share(calls.filter(({ failed }) => failed).length) >= failureRatio ||
      share(calls.filter(({ slow }) => slow).length) >= this.rules.slowCallRatio
    );
  }

  private judgeProbes(now: number, calls: readonly Ended[]): void {
    if (this.isBad(calls, this.rules.probeFailureRatio)) this.open(now);
    else this.reset();
  }

  private open(now: number): void {
    const { openMs, openGrowth, openMaxMs } = this.rules;
    const openForMs = Math.min(openMaxMs, openMs * openGrowth ** this.openings);
    this.openings++;
    this.begin('open', now + openForMs);
  }

  private begin(state: NaiveBreaker['state'], until: number): void {
    this.state = state;
    this.until = until;
    this.ended = [];
    this.probes = [];
    this.period++;
  }
}

/**
 * The breaker as a state machine: a synchronous function of its state, its input and `now`. It reads
 * no clock, arms no alarm and emits no event; time that has passed unseen is caught up with on the
 * next input.
 *
 * States and thresholds are those of resilience4j (a call is slow when it took longer than the
 * limit, a ratio trips when it reaches the threshold). Deviations: an open breaker asks for probes
 * at the end of the open time, not after it; the verdict on probes falls when all have answered, or
 * at `halfOpenMaxWaitMs` with those that have.
 */

import { grownMs, jitteredMs } from '../core/index.ts';
import type { BreakerMode, HalfOpen, Ramping, State, TransitionReason } from './breaker-state.ts';
import { followsCounts, holdsBack, stateIn } from './breaker-state.ts';
import type { CallWindow } from './call-window.ts';
import { callsByCount } from './call-window.ts';
import type { Excess, MachineHost, MachineMemory, MachineRules } from './machine-types.ts';

/** The generation handed out to calls that need not be counted. */
export const UNCOUNTED = 0;
/** The answer "no". */
export const REFUSED = -1;

export class BreakerMachine {
  state: State = { kind: 'closed' };
  since: number;
  /** Calls turned away in this state. */
  refused = 0;
  openings = 0;
  rules: MachineRules;
  /** What is counted now: calls, or probes. */
  window: CallWindow;
  /** Results stamped with another generation change nothing. At least 1. */
  private generation = 1;
  private readonly calls: CallWindow;
  /** How many probes the latest half-open state asked for. */
  private probesWanted = 0;
  /** Until then others have found the backend wanting: the first bad call is believed. */
  private suspectUntil = -Infinity;
  private readonly host: MachineHost;

  constructor(rules: MachineRules, calls: CallWindow, host: MachineHost, now: number) {
    this.rules = rules;
    this.calls = calls;
    this.window = calls;
    this.host = host;
    this.since = now;
  }

  /**
   * Asks to let a call through.
   *
   * @returns the generation to stamp the call's result with, UNCOUNTED, or REFUSED
   */
  admit(now: number): number {
    if (this.state.kind === 'closed') return this.generation;
    return this.admitSlowly(now);
  }

  /** Takes in the result of a call and acts on it; false when it came too late to count. */
  record(generation: number, failed: boolean, durationMs: number, now: number): boolean {
    if (!this.count(generation, failed, durationMs, now)) return false;
    this.judge(now);
    return true;
  }

  /** Takes in the result of a call, and leaves the verdict to the caller. */
  count(generation: number, failed: boolean, durationMs: number, now: number): boolean {
    if (generation === UNCOUNTED) return true;
    if (this.state.kind !== 'closed') this.catchUp(now);
    if (generation !== this.generation) return false;
    this.window.record(failed, this.isSlow(durationMs), durationMs, now);
    return true;
  }

  isSlow(durationMs: number): boolean {
    return durationMs > this.rules.slowCallMs;
  }

  /** A call ended without telling anything: gives its probe back. */
  release(generation: number, now: number): void {
    this.catchUp(now);
    if (generation === this.generation && this.state.kind === 'half-open') this.state.admitted--;
  }

  /** Acts on the counts. */
  judge(now: number): void {
    const { state, window } = this;
    if (state.kind === 'half-open') {
      if (window.calls(now) === this.probesWanted) this.judgeProbes(now, 'probes-failed');
      return;
    }
    // Most calls are good, and find nothing bad before them either.
    if (state.kind === 'closed' && !window.mayHoldBad(now)) return;
    const reason = this.excess(now, this.callsNeeded(now), this.rules.failureRatio);
    if (state.kind === 'observe-only') {
      if (reason !== undefined && !state.exceeded) this.host.exceeded(reason, now);
      state.exceeded = reason !== undefined;
    } else if (reason !== undefined && (state.kind === 'closed' || state.kind === 'ramping')) {
      if (this.host.mayOpen(now)) this.open(now, reason);
    }
  }

  /** Milliseconds until a refused call may try again; 0 when nobody can say. */
  retryAfterMs(now: number): number {
    return this.state.kind === 'open' ? Math.max(0, this.state.until - now) : 0;
  }

  /** Calls a verdict needs: that of the whole window, or of all probes. */
  callsNeeded(now: number): number {
    if (this.window !== this.calls) return this.probesWanted;
    return now < this.suspectUntil ? 1 : this.rules.minimumCalls;
  }

  /** Lets happen what time has made due. */
  catchUp(now: number): void {
    if (this.state.kind === 'half-open' && now >= this.state.until) this.judgeOverdue(this.state);
    if (this.state.kind === 'ramping' && now >= this.state.since + this.rules.rampMs) {
      this.openings = 0;
      this.enter({ kind: 'closed' }, 'ramp-done', this.state.since + this.rules.rampMs);
    }
  }

  /** Opens from any state that counts; the time grows with each opening unless it is given. */
  open(now: number, reason: TransitionReason, openMs: number = this.nextOpenMs()): void {
    this.openings++;
    this.enter({ kind: 'open', until: now + openMs }, reason, now, openMs);
  }

  /** Opens by hand; an open breaker is only moved by a time that is given. */
  trip(now: number, openMs?: number): void {
    this.catchUp(now);
    if (this.state.kind !== 'open' || openMs !== undefined) this.open(now, 'manual', openMs);
  }

  /** Opens because a response or another process asks for it; false where that is not to be. */
  openAsAsked(now: number, reason: 'response' | 'hint', askedMs: number): boolean {
    this.catchUp(now);
    if (!followsCounts(this.state)) return false;
    const holding = holdsBack(this.state);
    // What is found out here counts for more; and a breaker may hear its own hint.
    if (holding ? reason === 'hint' : !this.host.mayOpen(now)) return false;
    this.open(now, reason, Math.min(askedMs, this.rules.openMaxMs));
    return true;
  }

  /** Another process has found the backend wanting. */
  suspect(now: number, forMs: number): void {
    this.suspectUntil = Math.max(this.suspectUntil, now + forMs);
  }

  /** Another process has found the backend well: the next call is a probe. */
  stopWaiting(now: number): void {
    this.suspectUntil = -Infinity;
    if (this.state.kind === 'open' && this.state.until > now) {
      this.state = { kind: 'open', until: now };
    }
  }

  halfOpen(now: number, reason: TransitionReason): void {
    const { halfOpenProbes, halfOpenMaxWaitMs } = this.rules;
    this.probesWanted = halfOpenProbes;
    this.window = callsByCount(halfOpenProbes);
    const until = now + halfOpenMaxWaitMs;
    this.enter({ kind: 'half-open', admitted: 0, until }, reason, now);
  }

  /** Begins afresh, closed. */
  close(now: number, reason: TransitionReason): void {
    this.startCounting();
    this.openings = 0;
    this.enter({ kind: 'closed' }, reason, now);
  }

  setMode(mode: BreakerMode, now: number, reason: TransitionReason = 'manual'): void {
    this.catchUp(now);
    if (mode === this.state.kind) return;
    if (mode === 'auto') {
      if (!followsCounts(this.state)) this.close(now, reason);
      return;
    }
    this.startCounting();
    this.openings = 0;
    this.enter(stateIn(mode), reason, now);
  }

  /**
   * Takes over the state of another machine. Probes under way there are lost: it begins with new ones.
   *
   * @param elapsedMs how long ago that was
   */
  restore(memory: MachineMemory, elapsedMs: number, now: number): void {
    const { state, stateMs, openLeftMs, openings } = memory;
    const since = now - stateMs - elapsedMs;
    this.startCounting();
    if (state === 'open' || state === 'half-open') {
      const leftMs = Math.max(0, openLeftMs - elapsedMs);
      this.enter({ kind: 'open', until: now + leftMs }, 'restored', now, leftMs);
    } else if (state === 'ramping') {
      this.enter({ kind: 'ramping', since, credit: 0 }, 'restored', now);
    } else if (state === 'closed') {
      this.enter({ kind: 'closed' }, 'restored', now);
    } else {
      this.setMode(state, now, 'restored');
    }
    this.openings = openings;
    if (state === this.state.kind) this.since = since;
    if (!holdsBack(this.state) && elapsedMs < this.calls.spanMs) this.calls.refill(memory, now);
    this.catchUp(now);
  }

  private admitSlowly(now: number): number {
    this.catchUp(now);
    const { state } = this;
    if (state.kind === 'open' && now >= state.until) this.halfOpen(now, 'open-time-over');
    if (!this.passes(this.state, now)) {
      this.refused++;
      return REFUSED;
    }
    return this.state.kind === 'disabled' ? UNCOUNTED : this.generation;
  }

  private passes(state: State, now: number): boolean {
    switch (state.kind) {
      case 'open':
      case 'forced-open':
        return false;
      case 'half-open':
        if (state.admitted >= this.probesWanted) return false;
        state.admitted++;
        return true;
      case 'ramping':
        return this.passesRamp(state, now);
      default:
        return true;
    }
  }

  /** Error diffusion: exactly the share due passes, evenly spread, without chance. */
  private passesRamp(state: Ramping, now: number): boolean {
    state.credit += (now - state.since) / this.rules.rampMs;
    if (state.credit < 1) return false;
    state.credit -= 1;
    return true;
  }

  /** Which threshold the counts have reached. Quotients, so that 7 of 100 reaches 0.07 exactly. */
  private excess(now: number, minimum: number, failureRatio: number): Excess | undefined {
    const calls = this.window.calls(now);
    if (calls < minimum) return undefined;
    if (this.window.failures(now) / calls >= failureRatio) return 'failures';
    return this.window.slow(now) / calls >= this.rules.slowCallRatio ? 'slow-calls' : undefined;
  }

  private judgeProbes(now: number, reason: TransitionReason): void {
    if (this.excess(now, 1, this.rules.probeFailureRatio) !== undefined) this.open(now, reason);
    else this.recover(now);
  }

  /** The wait is over: silent probes count as failed, and no probe at all is no recovery. */
  private judgeOverdue(state: HalfOpen): void {
    const silent = state.admitted - this.window.calls(state.until);
    for (let i = 0; i < silent; i++) {
      this.window.record(true, false, this.rules.halfOpenMaxWaitMs, state.until);
    }
    if (state.admitted === 0) this.open(state.until, 'probes-overdue');
    else this.judgeProbes(state.until, 'probes-overdue');
  }

  private recover(now: number): void {
    if (this.rules.rampMs === 0) {
      this.close(now, 'probes-passed');
      return;
    }
    this.startCounting();
    this.enter({ kind: 'ramping', since: now, credit: 0 }, 'probes-passed', now);
  }

  private startCounting(): void {
    this.calls.clear();
    this.window = this.calls;
    this.suspectUntil = -Infinity;
  }

  private nextOpenMs(): number {
    const { openMs, openGrowth, openMaxMs, openJitterRatio } = this.rules;
    const ms = grownMs(openMs, { growth: openGrowth, maxMs: openMaxMs, step: this.openings });
    return jitteredMs(ms, openJitterRatio, () => this.host.random());
  }

  private enter(state: State, reason: TransitionReason, at: number, openMs = 0): void {
    const from = this.state.kind;
    this.state = state;
    this.since = at;
    this.refused = 0;
    // A ramp and the closed state after it share one window, and so the results that fill it.
    if (reason !== 'ramp-done') this.generation++;
    if (from !== state.kind) this.host.changed({ from, to: state.kind, reason, at, openMs });
  }
}

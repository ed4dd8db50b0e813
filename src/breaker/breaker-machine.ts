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

import type { BreakerMode, HalfOpen, Ramping, State } from './breaker-state.ts';
import type { Transition, TransitionReason } from './breaker-state.ts';
import type { CallWindow } from './call-window.ts';
import { callsByCount } from './call-window.ts';

/** What the machine goes by; all checked, all in milliseconds and ratios. */
export interface MachineRules {
  readonly failureRatio: number;
  readonly minimumCalls: number;
  readonly slowCallMs: number;
  readonly slowCallRatio: number;
  readonly halfOpenProbes: number;
  readonly halfOpenMaxWaitMs: number;
  /** The failure ratio among probes; differs from `failureRatio` where the window counts runs. */
  readonly probeFailureRatio: number;
  readonly openMs: number;
  readonly openGrowth: number;
  readonly openMaxMs: number;
  readonly openJitterRatio: number;
  readonly rampMs: number;
}

/** Who the machine tells of what it did, and asks for chance. */
export interface MachineHost {
  random(): number;
  changed(transition: Transition): void;
  /** In `observe-only`: the thresholds were crossed. */
  exceeded(reason: 'failures' | 'slow-calls', now: number): void;
}

/** The generation handed out to calls that need not be counted. */
export const UNCOUNTED = 0;
/** The answer "no". */
export const REFUSED = -1;

export class BreakerMachine {
  state: State = { kind: 'closed' };
  since: number;
  /** Calls turned away in this state. */
  refused = 0;
  /** Times in a row that the breaker opened without having closed. */
  openings = 0;
  rules: MachineRules;
  /** What is counted now: calls, or probes. */
  window: CallWindow;
  /** Results stamped with another generation change nothing. At least 1. */
  private generation = 1;
  private readonly calls: CallWindow;
  private probes: CallWindow;
  /** Probes wanted in this half-open state. */
  private probesWanted: number;
  private readonly host: MachineHost;

  constructor(rules: MachineRules, calls: CallWindow, host: MachineHost, now: number) {
    this.rules = rules;
    this.calls = calls;
    this.window = calls;
    this.probesWanted = rules.halfOpenProbes;
    this.probes = callsByCount(rules.halfOpenProbes);
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

  /** Takes in the result of a call; false when it came too late to count. */
  record(generation: number, failed: boolean, durationMs: number, now: number): boolean {
    if (generation === UNCOUNTED) return true;
    if (this.state.kind !== 'closed') this.catchUp(now);
    if (generation !== this.generation) return false;
    const { window } = this;
    window.record(failed, durationMs > this.rules.slowCallMs, durationMs, now);
    if (window.failures(now) > 0 || window.slow(now) > 0 || this.state.kind !== 'closed') {
      this.judge(now);
    }
    return true;
  }

  /** A call ended without telling anything: gives its probe back. */
  release(generation: number, now: number): void {
    this.catchUp(now);
    if (generation === this.generation && this.state.kind === 'half-open') this.state.admitted--;
  }

  /** Milliseconds until a refused call may try again; 0 when nobody can say. */
  retryAfterMs(now: number): number {
    return this.state.kind === 'open' ? Math.max(0, this.state.until - now) : 0;
  }

  /** Calls a verdict needs: that of the whole window, or of all probes. */
  callsNeeded(): number {
    return this.window === this.probes ? this.probesWanted : this.rules.minimumCalls;
  }

  /** Lets happen what time has made due. */
  catchUp(now: number): void {
    if (this.state.kind === 'half-open' && now >= this.state.until) this.judgeOverdue(this.state);
    if (this.state.kind === 'ramping' && now >= this.state.since + this.rules.rampMs) {
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

  /** Opens because a response asked for it; modes set by hand stay. */
  openAsAsked(now: number, askedMs: number): void {
    if (!followsCounts(this.state)) return;
    this.open(now, 'response', Math.min(askedMs, this.rules.openMaxMs));
  }

  halfOpen(now: number, reason: TransitionReason): void {
    this.probes.clear();
    if (this.probesWanted !== this.rules.halfOpenProbes) {
      this.probesWanted = this.rules.halfOpenProbes;
      this.probes = callsByCount(this.probesWanted);
    }
    this.window = this.probes;
    const until = now + this.rules.halfOpenMaxWaitMs;
    this.enter({ kind: 'half-open', admitted: 0, until }, reason, now);
  }

  /** Begins afresh, closed. */
  close(now: number, reason: TransitionReason): void {
    this.startCounting();
    this.openings = 0;
    this.enter({ kind: 'closed' }, reason, now);
  }

  setMode(mode: BreakerMode, now: number): void {
    this.catchUp(now);
    if (mode === this.state.kind) return;
    if (mode === 'auto') {
      if (!followsCounts(this.state)) this.close(now, 'manual');
      return;
    }
    this.startCounting();
    this.openings = 0;
    const state = mode === 'observe-only' ? { kind: mode, exceeded: false } : { kind: mode };
    this.enter(state, 'manual', now);
  }

  private admitSlowly(now: number): number {
    this.catchUp(now);
    const { state } = this;
    if (state.kind === 'open' && now >= state.until) this.halfOpen(now, 'open-time-over');
    return this.passes(this.state, now) ? this.stamp() : this.refuse();
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

  private stamp(): number {
    return this.state.kind === 'disabled' ? UNCOUNTED : this.generation;
  }

  private refuse(): number {
    this.refused++;
    return REFUSED;
  }

  private judge(now: number): void {
    const { state } = this;
    if (state.kind === 'half-open') {
      if (this.window.calls(now) === this.probesWanted) this.judgeProbes(now, 'probes-failed');
      return;
    }
    const reason = this.excess(now, this.rules.minimumCalls, this.rules.failureRatio);
    if (state.kind === 'observe-only') {
      if (reason !== undefined && !state.exceeded) this.host.exceeded(reason, now);
      state.exceeded = reason !== undefined;
    } else if (reason !== undefined && (state.kind === 'closed' || state.kind === 'ramping')) {
      this.open(now, reason);
    }
  }

  /** Which threshold the counts have reached. Quotients, so that 7 of 100 reaches 0.07 exactly. */
  private excess(
    now: number,
    minimum: number,
    failureRatio: number,
  ): 'failures' | 'slow-calls' | undefined {
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
  }

  private nextOpenMs(): number {
    const { openMs, openGrowth, openMaxMs, openJitterRatio } = this.rules;
    const grown = Math.min(openMaxMs, openMs * openGrowth ** this.openings);
    if (openJitterRatio === 0) return grown;
    return grown * (1 + openJitterRatio * (2 * this.host.random() - 1));
  }

  private enter(state: State, reason: TransitionReason, at: number, openMs = 0): void {
    const from = this.state.kind;
    this.state = state;
    this.since = at;
    this.refused = 0;
    // A ramp and the closed state after it share one window, and so the results that fill it.
    if (reason !== 'ramp-done') this.generation++;
    else this.openings = 0;
    if (from !== state.kind) {
      this.host.changed({ from, to: state.kind, reason, at, openMs });
    }
  }
}

function followsCounts({ kind }: State): boolean {
  return kind === 'closed' || kind === 'open' || kind === 'half-open' || kind === 'ramping';
}

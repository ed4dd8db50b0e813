/**
 * The circuit breaker: stops asking a backend that fails, and finds out gently when it is well again.
 */

import type { Call, Door, Entry, EventSource, Outcome, Pass, Policy } from '../core/index.ts';
import type { Emitter, Refusal, Runtime, Staged } from '../core/index.ts';
import {
  ADMITTED,
  emitter,
  flightRunner,
  optionChecks,
  STAGE,
  systemRuntime,
} from '../core/index.ts';
import { BreakerMachine, REFUSED, UNCOUNTED } from './breaker-machine.ts';
import type { MachineHost } from './breaker-machine.ts';
import type { BreakerRules, CircuitBreakerOptions, Verdict } from './breaker-options.ts';
import { callWindow, machineRules, MODES, RULES, WINDOWS } from './breaker-options.ts';
import type { BreakerMode, BreakerState, Transition } from './breaker-state.ts';

/** What a breaker tells its listeners. */
export interface BreakerEvents {
  /** The state changed. */
  transition: Transition;
  /** A call was turned away. */
  refused: Refusal;
  /** A result of an earlier state came in and changed nothing. */
  late: { readonly verdict: Verdict };
  /** In mode `observe-only`: the thresholds were crossed just now. */
  exceeded: { readonly reason: 'failures' | 'slow-calls'; readonly at: number };
}

/** A breaker at one moment. The counts are those of the window in use: calls, or probes. */
export interface BreakerSnapshot {
  readonly state: BreakerState;
  /** Milliseconds since the state began. */
  readonly stateMs: number;
  /** Milliseconds until probes are let through; 0 unless open. */
  readonly retryAfterMs: number;
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
  /** 0–1; undefined while there are fewer calls than are needed for a verdict. */
  readonly failureRatio: number | undefined;
  readonly slowCallRatio: number | undefined;
  /** Mean duration of the calls in the window, ms; 0 without calls. */
  readonly meanMs: number;
  /** Calls turned away in this state. */
  readonly refused: number;
}

export interface CircuitBreaker extends Policy, Staged, EventSource<BreakerEvents> {
  readonly name: string;
  /** The state now; time that has passed counts. */
  readonly state: BreakerState;
  /**
   * Asks to pass, without waiting; never throws for a refusal.
   *
   * @returns a pass, on which `done` is called when the call has ended, or a refusal
   *   (`ERR_CIRCUIT_OPEN`)
   */
  tryEnter(call?: Call): Entry;
  /** Opens the breaker now, for `openMs` or the time it would choose itself. */
  trip(openMs?: number): void;
  /** Closes the breaker and forgets all counts. */
  reset(): void;
  /**
   * Changes rules or the mode from now on; what is not named stays. A mode other than `auto` takes the
   * breaker out of the hands of its counts; back in `auto` it begins closed.
   *
   * @throws OptionError, and then nothing has changed
   */
  update(changes: BreakerRules & { readonly mode?: BreakerMode }): void;
  snapshot(): BreakerSnapshot;
}

/**
 * Makes a circuit breaker. It opens when, among the calls of its window, the share that failed
 * reaches `failureRatio` or the share that was slow reaches `slowCallRatio`; refuses all calls for
 * the open time; then lets `halfOpenProbes` calls through and closes or opens again by their results.
 * A caller's abort and a refusal further in count neither way, and so does the result of a call that
 * began in an earlier state. State is local to the process. No timer: time is looked at when a call
 * comes.
 *
 * ```ts
 * import { circuitBreaker } from 'tenfold';
 *
 * const breaker = circuitBreaker({ failureRatio: 0.5, minimumCalls: 20, openMs: 5_000 });
 * const answer: string = await breaker.run(async () => 'hello');
 * ```
 *
 * @throws OptionError for an option out of range
 */
export function circuitBreaker(options: CircuitBreakerOptions = {}): CircuitBreaker {
  return new Breaker(options);
}

const SUBJECT = 'circuitBreaker';

class Breaker implements CircuitBreaker, Door, MachineHost {
  readonly name: string;
  readonly kind = 'breaker';
  readonly runtime: Runtime;
  readonly run: Policy['run'];
  readonly random: () => number;
  readonly machine: BreakerMachine;
  private options: CircuitBreakerOptions;
  private readonly events: Emitter<BreakerEvents>;

  constructor(options: CircuitBreakerOptions) {
    const check = optionChecks(SUBJECT);
    const known = [
      ...RULES,
      ...WINDOWS,
      'classify',
      'openMsFor',
      'mode',
      'name',
      'runtime',
    ] as const;
    check.known(options, known);
    if (options.classify !== undefined) check.callable('classify', options.classify);
    if (options.openMsFor !== undefined) check.callable('openMsFor', options.openMsFor);
    this.options = options;
    this.name = check.text('name', options.name ?? 'breaker');
    this.runtime = options.runtime ?? systemRuntime();
    this.random = this.runtime.random(`${this.name} jitter`);
    this.events = emitter(this.runtime, this.name);
    const window = callWindow(SUBJECT, options);
    const now = this.runtime.now();
    this.machine = new BreakerMachine(machineRules(SUBJECT, options), window, this, now);
    if (options.mode !== undefined) this.setMode(options.mode);
    this.run = flightRunner([this]);
  }

  get [STAGE](): Door {
    return this;
  }

  get state(): BreakerState {
    this.machine.catchUp(this.runtime.now());
    return this.machine.state.kind;
  }

  enter(_call: Call | undefined, now: number): Entry {
    const generation = this.machine.admit(now);
    if (generation === REFUSED) return this.refuse(now);
    return generation === UNCOUNTED ? ADMITTED : new BreakerPass(this, generation, now);
  }

  tryEnter(call?: Call): Entry {
    return this.enter(call, this.runtime.now());
  }

  trip(openMs?: number): void {
    if (openMs !== undefined) optionChecks(`${SUBJECT}.trip`).durationMs('openMs', openMs);
    this.machine.trip(this.runtime.now(), openMs);
  }

  reset(): void {
    this.machine.close(this.runtime.now(), 'manual');
  }

  update(changes: BreakerRules & { readonly mode?: BreakerMode }): void {
    const check = optionChecks(SUBJECT);
    check.known(changes, [...RULES, 'mode']);
    if (changes.mode !== undefined) check.oneOf('mode', changes.mode, MODES);
    const { mode, ...rules } = changes;
    const options = { ...this.options, ...rules };
    this.machine.rules = machineRules(SUBJECT, options);
    this.options = options;
    if (mode !== undefined) this.setMode(mode);
  }

  on: CircuitBreaker['on'] = (name, listener) => this.events.on(name, listener);

  snapshot(): BreakerSnapshot {
    const { machine } = this;
    const now = this.runtime.now();
    machine.catchUp(now);
    const calls = machine.window.calls(now);
    const failures = machine.window.failures(now);
    const slow = machine.window.slow(now);
    const judged = calls > 0 && calls >= machine.callsNeeded();
    return {
      state: machine.state.kind,
      stateMs: now - machine.since,
      retryAfterMs: machine.retryAfterMs(now),
      calls,
      failures,
      slow,
      failureRatio: judged ? failures / calls : undefined,
      slowCallRatio: judged ? slow / calls : undefined,
      meanMs: calls === 0 ? 0 : machine.window.totalMs(now) / calls,
      refused: machine.refused,
    };
  }

  changed(transition: Transition): void {
    if (this.events.has('transition')) this.events.emit('transition', transition);
  }

  exceeded(reason: 'failures' | 'slow-calls', at: number): void {
    if (this.events.has('exceeded')) this.events.emit('exceeded', { reason, at });
  }

  /** Ends a pass; called once per pass. */
  end(pass: BreakerPass, outcome: Outcome, detail: unknown, now: number): void {
    if (outcome === 'cancelled' || outcome === 'refused') {
      this.machine.release(pass.generation, now);
      return;
    }
    const verdict = this.options.classify === undefined ? outcome : this.judge(detail, outcome);
    if (verdict === 'ignored') {
      this.machine.release(pass.generation, now);
      return;
    }
    const failed = verdict === 'failure';
    const counted = this.machine.record(pass.generation, failed, now - pass.startedAt, now);
    if (!counted && this.events.has('late')) this.events.emit('late', { verdict });
    if (counted && failed && this.options.openMsFor !== undefined) this.heed(detail, outcome, now);
  }

  private judge(detail: unknown, outcome: 'success' | 'failure'): Verdict {
    try {
      return this.options.classify?.(detail, outcome) ?? outcome;
    } catch (error) {
      this.runtime.report(error, `${this.name}: classify`);
      return outcome;
    }
  }

  /** Opens for as long as the response asks. */
  private heed(detail: unknown, outcome: 'success' | 'failure', now: number): void {
    let openMs: number | undefined;
    try {
      openMs = this.options.openMsFor?.(detail, outcome);
    } catch (error) {
      this.runtime.report(error, `${this.name}: openMsFor`);
    }
    if (openMs !== undefined && openMs > 0) this.machine.openAsAsked(now, openMs);
  }

  private setMode(mode: BreakerMode): void {
    optionChecks(SUBJECT).oneOf('mode', mode, MODES);
    this.machine.setMode(mode, this.runtime.now());
  }

  private refuse(now: number): Refusal {
    const refusal: Refusal = {
      ok: false,
      code: 'ERR_CIRCUIT_OPEN',
      policy: this.name,
      retryAfterMs: this.machine.retryAfterMs(now),
      message: 'the circuit is open',
    };
    if (this.events.has('refused')) this.events.emit('refused', refusal);
    return refusal;
  }
}

class BreakerPass implements Pass {
  readonly ok = true;
  readonly generation: number;
  readonly startedAt: number;
  /** Undefined once the pass has ended. */
  private breaker: Breaker | undefined;

  constructor(breaker: Breaker, generation: number, startedAt: number) {
    this.breaker = breaker;
    this.generation = generation;
    this.startedAt = startedAt;
  }

  done(outcome: Outcome, detail?: unknown, now?: number): void {
    const { breaker } = this;
    if (breaker === undefined) return;
    this.breaker = undefined;
    breaker.end(this, outcome, detail, now ?? breaker.runtime.now());
  }
}

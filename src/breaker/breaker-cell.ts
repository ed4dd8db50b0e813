/**
 * A cell: one state machine with what it takes to use it. A breaker is one cell, a keyed breaker one
 * per key; options, events and hints are shared by the cells of a breaker.
 */

import type { Emitter, Entry, Outcome, Pass, Refusal, Runtime } from '../core/index.ts';
import { ADMITTED, isTenfoldError } from '../core/index.ts';
import type { BreakerEvents } from './breaker-events.ts';
import { BreakerMachine, REFUSED, UNCOUNTED } from './breaker-machine.ts';
import type { CircuitBreakerOptions, Verdict } from './breaker-options.ts';
import { callWindow } from './breaker-options.ts';
import type { StateChange } from './breaker-state.ts';
import { stateIn } from './breaker-state.ts';
import type { Excess, MachineHost, MachineRules } from './machine-types.ts';

/** What the cells of one breaker share. */
export interface CellHome {
  readonly name: string;
  readonly runtime: Runtime;
  readonly options: CircuitBreakerOptions;
  readonly rules: MachineRules;
  readonly events: Emitter<BreakerEvents>;
  readonly random: () => number;
  /** Whether one more cell may open by its counts. */
  mayOpen(now: number): boolean;
  /** A cell has changed its state; its listeners have not been told yet. */
  changed(cell: BreakerCell, change: StateChange): void;
}

type End = 'success' | 'failure';

export class BreakerCell implements MachineHost {
  readonly home: CellHome;
  readonly key: string | undefined;
  readonly machine: BreakerMachine;

  constructor(home: CellHome, key: string | undefined, now: number) {
    this.home = home;
    this.key = key;
    this.machine = new BreakerMachine(home.rules, callWindow(home.name, home.options), this, now);
    this.machine.state = stateIn(home.options.mode ?? 'auto');
  }

  enter(now: number): Entry {
    const generation = this.machine.admit(now);
    if (generation === REFUSED) return this.refuse(now);
    return generation === UNCOUNTED ? ADMITTED : new BreakerPass(this, generation, now);
  }

  random(): number {
    return this.home.random();
  }

  mayOpen(now: number): boolean {
    if (this.home.mayOpen(now)) return true;
    const { events } = this.home;
    if (events.has('capped')) events.emit('capped', { key: this.key });
    return false;
  }

  changed(change: StateChange): void {
    const { home, key } = this;
    home.changed(this, change);
    if (home.events.has('transition')) home.events.emit('transition', { ...change, key });
  }

  exceeded(reason: Excess, at: number): void {
    const { events } = this.home;
    if (events.has('exceeded')) events.emit('exceeded', { key: this.key, reason, at });
  }

  /** Ends a pass; called once per pass. */
  end(pass: BreakerPass, outcome: Outcome, detail: unknown, now: number): void {
    const { options, events } = this.home;
    if (outcome === 'cancelled' || outcome === 'refused') {
      this.endUnanswered(pass, detail, now);
      return;
    }
    const verdict = options.classify === undefined ? outcome : this.judge(detail, outcome);
    if (verdict === 'ignored') {
      this.machine.release(pass.generation, now);
      return;
    }
    const { machine } = this;
    const failed = verdict === 'failure';
    const counted = machine.count(pass.generation, failed, now - pass.startedAt, now);
    if (!counted) {
      if (events.has('late')) events.emit('late', { key: this.key, verdict });
      return;
    }
    const askedMs = failed && options.openMsFor !== undefined ? this.asked(detail, outcome) : 0;
    if (askedMs <= 0 || !machine.openAsAsked(now, 'response', askedMs)) machine.judge(now);
  }

  /**
   * A call without an answer tells nothing, with one exception: what a deadline or a time limit further
   * out cut off after `slowCallMs` was slow, whatever it would have answered. Without that, callers whose
   * deadlines are nearer than the limit further in would leave the breaker blind to a backend that hangs.
   */
  private endUnanswered(pass: BreakerPass, detail: unknown, now: number): void {
    const { machine } = this;
    const tookMs = now - pass.startedAt;
    if (isTimeout(detail) && machine.isSlow(tookMs)) {
      machine.record(pass.generation, false, tookMs, now);
    } else machine.release(pass.generation, now);
  }

  private judge(detail: unknown, outcome: End): Verdict {
    const { home } = this;
    try {
      const verdict = home.options.classify?.(detail, outcome);
      if (verdict === 'success' || verdict === 'failure' || verdict === 'ignored') return verdict;
      throw new TypeError(`classify must answer with a verdict, not ${String(verdict)}`);
    } catch (error) {
      home.runtime.report(error, `${home.name}: classify`);
      return outcome;
    }
  }

  /** How long the response asks to be left alone, in ms; 0 where it does not. */
  private asked(detail: unknown, outcome: End): number {
    const { home } = this;
    try {
      const openMs = home.options.openMsFor?.(detail, outcome) ?? 0;
      if (Number.isNaN(openMs)) throw new TypeError('openMsFor must answer with a number, not NaN');
      return openMs;
    } catch (error) {
      home.runtime.report(error, `${home.name}: openMsFor`);
      return 0;
    }
  }

  private refuse(now: number): Refusal {
    const { home, key } = this;
    const refusal: Refusal = {
      ok: false,
      code: 'ERR_CIRCUIT_OPEN',
      policy: home.name,
      retryAfterMs: this.machine.retryAfterMs(now),
      message: 'the circuit is open',
    };
    if (home.events.has('refused')) home.events.emit('refused', { ...refusal, key });
    return refusal;
  }
}

function isTimeout(detail: unknown): boolean {
  return isTenfoldError(detail) && detail.code === 'ERR_TIMEOUT';
}

class BreakerPass implements Pass {
  readonly ok = true;
  readonly generation: number;
  readonly startedAt: number;
  /** Undefined once the pass has ended. */
  private cell: BreakerCell | undefined;

  constructor(cell: BreakerCell, generation: number, startedAt: number) {
    this.cell = cell;
    this.generation = generation;
    this.startedAt = startedAt;
  }

  done(outcome: Outcome, detail?: unknown, now?: number): void {
    const { cell } = this;
    if (cell === undefined) return;
    this.cell = undefined;
    cell.end(this, outcome, detail, now ?? cell.home.runtime.now());
  }
}

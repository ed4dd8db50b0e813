/**
 * The circuit breaker: stops asking a backend that fails, and finds out gently when it is well again.
 */

import type { Call, Door, Entry, EventSource, Policy, Runtime, Staged } from '../core/index.ts';
import { flightRunner, optionChecks, STAGE } from '../core/index.ts';
import { BreakerCell } from './breaker-cell.ts';
import type { BreakerDump } from './breaker-dump.ts';
import { checkedDump, dumpOf } from './breaker-dump.ts';
import type { BreakerEvents, BreakerSnapshot } from './breaker-events.ts';
import { snapshotOf } from './breaker-events.ts';
import type { BreakerChanges } from './breaker-home.ts';
import { BreakerHome } from './breaker-home.ts';
import type { CircuitBreakerOptions } from './breaker-options.ts';
import { BREAKER_OPTIONS } from './breaker-options.ts';
import type { BreakerState } from './breaker-state.ts';

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
  /** Closes the breaker and forgets all counts; a mode set by hand ends. */
  reset(): void;
  /**
   * Changes rules or the mode from now on; what is not named stays. A mode other than `auto` takes the
   * breaker out of the hands of its counts; back in `auto` it begins closed.
   *
   * @throws OptionError, and then nothing has changed
   */
  update(changes: BreakerChanges): void;
  snapshot(): BreakerSnapshot;
  /** The state as plain JSON, to be restored in another process. */
  dump(): BreakerDump;
  /**
   * Takes over a dump; the time that has passed since, by the wall clock, counts. Probes under way are
   * not taken over, and calls in the window count as if they had just ended.
   *
   * @throws OptionError for what is no dump, and then nothing has changed
   */
  restore(dump: BreakerDump): void;
  /** Hears no more hints; otherwise there is nothing to end. */
  close(): void;
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

class Breaker implements CircuitBreaker, Door {
  readonly name: string;
  readonly kind = 'breaker';
  readonly runtime: Runtime;
  readonly run: Policy['run'];
  readonly on: CircuitBreaker['on'];
  private readonly home: BreakerHome;
  private readonly cell: BreakerCell;

  constructor(options: CircuitBreakerOptions) {
    optionChecks(SUBJECT).known(options, BREAKER_OPTIONS);
    this.home = new BreakerHome(
      {
        subject: SUBJECT,
        find: (key) => (key === undefined ? this.cell : undefined),
        mayOpen: () => true,
        changed: () => undefined,
      },
      options,
    );
    this.name = this.home.name;
    this.runtime = this.home.runtime;
    this.cell = new BreakerCell(this.home, undefined, this.runtime.now());
    this.on = (name, listener) => this.home.events.on(name, listener);
    this.run = flightRunner([this]);
  }

  get [STAGE](): Door {
    return this;
  }

  get state(): BreakerState {
    this.cell.machine.catchUp(this.runtime.now());
    return this.cell.machine.state.kind;
  }

  enter(_call: Call | undefined, now: number): Entry {
    return this.cell.enter(now);
  }

  tryEnter(): Entry {
    return this.cell.enter(this.runtime.now());
  }

  trip(openMs?: number): void {
    this.home.checkOpenMs(openMs);
    this.cell.machine.trip(this.runtime.now(), openMs);
  }

  reset(): void {
    this.cell.machine.close(this.runtime.now(), 'manual');
  }

  update(changes: BreakerChanges): void {
    this.home.update(changes);
    const { machine } = this.cell;
    machine.rules = this.home.rules;
    if (changes.mode !== undefined) machine.setMode(changes.mode, this.runtime.now());
  }

  snapshot(): BreakerSnapshot {
    return snapshotOf(this.cell.machine, this.runtime.now());
  }

  dump(): BreakerDump {
    return dumpOf(this.cell.machine, this.runtime.now(), this.runtime.wallTime());
  }

  restore(dump: BreakerDump): void {
    const { wallTime } = checkedDump(SUBJECT, dump);
    const elapsedMs = Math.max(0, this.runtime.wallTime() - wallTime);
    this.cell.machine.restore(dump, elapsedMs, this.runtime.now());
  }

  close(): void {
    this.home.close();
  }
}

/**
 * The circuit breaker: stops asking a backend that fails, and finds out gently when it is well again.
 */

import type { Door, Entry } from '../core/index.ts';
import { optionChecks, STAGE } from '../core/index.ts';
import { BreakerCell } from './breaker-cell.ts';
import type { BreakerDump } from './breaker-dump.ts';
import { checkedDump, dumpOf } from './breaker-dump.ts';
import type { BreakerSnapshot } from './breaker-events.ts';
import { snapshotOf } from './breaker-events.ts';
import type { BreakerVerbs } from './breaker-front.ts';
import { BreakerFront } from './breaker-front.ts';
import type { CircuitBreakerOptions } from './breaker-options.ts';
import { BREAKER_OPTIONS } from './breaker-options.ts';
import type { BreakerState } from './breaker-state.ts';

export interface CircuitBreaker extends BreakerVerbs {
  /** The state now; time that has passed counts. */
  readonly state: BreakerState;
  /** Opens the breaker now, for `openMs` or the time it would choose itself. */
  trip(openMs?: number): void;
  /** Closes the breaker and forgets all counts; a mode set by hand ends. */
  reset(): void;
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

class Breaker extends BreakerFront implements CircuitBreaker {
  private readonly cell: BreakerCell;

  constructor(options: CircuitBreakerOptions) {
    optionChecks(SUBJECT).known(options, BREAKER_OPTIONS);
    super(SUBJECT, options);
    this.cell = new BreakerCell(this.home, undefined, this.runtime.now());
    this.home.listen();
  }

  get [STAGE](): Door {
    return this;
  }

  get state(): BreakerState {
    this.cell.machine.catchUp(this.runtime.now());
    return this.cell.machine.state.kind;
  }

  enter(_call: unknown, now: number): Entry {
    return this.cell.enter(now);
  }

  trip(openMs?: number): void {
    this.home.checkOpenMs(openMs);
    this.cell.machine.trip(this.runtime.now(), openMs);
  }

  reset(): void {
    this.cell.machine.close(this.runtime.now(), 'manual');
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

  protected all(): readonly BreakerCell[] {
    return [this.cell];
  }

  protected find(key: string | undefined): BreakerCell | undefined {
    return key === undefined ? this.cell : undefined;
  }

  protected mayOpen(): boolean {
    return true;
  }

  protected changed(): void {
    // Nobody else needs to know.
  }
}

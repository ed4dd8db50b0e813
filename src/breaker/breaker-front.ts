/**
 * What a single breaker and keyed ones have in common: all but which cell a call meets.
 */

import type { Call, Door, Entry, EventSource, Policy, Runtime, Staged } from '../core/index.ts';
import type { STAGE } from '../core/index.ts';
import { flightRunner } from '../core/index.ts';
import type { BreakerCell } from './breaker-cell.ts';
import type { BreakerEvents } from './breaker-events.ts';
import type { BreakerChanges } from './breaker-home.ts';
import { BreakerHome } from './breaker-home.ts';
import type { CircuitBreakerOptions } from './breaker-options.ts';
import type { StateChange } from './breaker-state.ts';

/** The verbs of every breaker. */
export interface BreakerVerbs extends Policy, Staged, EventSource<BreakerEvents> {
  readonly name: string;
  /**
   * Asks to pass, without waiting; never throws for a refusal.
   *
   * @returns a pass, on which `done` is called when the call has ended, or a refusal
   *   (`ERR_CIRCUIT_OPEN`)
   */
  tryEnter(call?: Call): Entry;
  /**
   * Changes rules or the mode from now on, of all keys; what is not named stays. A mode other than
   * `auto` takes the breaker out of the hands of its counts; back in `auto` it begins closed.
   *
   * @throws OptionError, and then nothing has changed
   */
  update(changes: BreakerChanges): void;
  /** Hears no more hints; otherwise there is nothing to end. */
  close(): void;
}

const NO_CALL: Call = Object.freeze({});

/** Shows itself as `STAGE` in each kind: a class that is exported has no computed members here. */
export abstract class BreakerFront implements Omit<BreakerVerbs, typeof STAGE>, Door {
  readonly name: string;
  readonly kind = 'breaker';
  readonly runtime: Runtime;
  readonly run: Policy['run'];
  readonly on: BreakerVerbs['on'];
  protected readonly home: BreakerHome;

  /** @param subject name of the factory, which begins option errors */
  constructor(subject: string, options: CircuitBreakerOptions) {
    this.home = new BreakerHome(
      {
        subject,
        find: (key) => this.find(key),
        mayOpen: (now) => this.mayOpen(now),
        changed: (cell, change) => this.changed(cell, change),
      },
      options,
    );
    this.name = this.home.name;
    this.runtime = this.home.runtime;
    this.on = (name, listener) => this.home.events.on(name, listener);
    this.run = flightRunner([this]);
  }

  abstract enter(call: Call, now: number): Entry;

  tryEnter(call: Call = NO_CALL): Entry {
    return this.enter(call, this.runtime.now());
  }

  update(changes: BreakerChanges): void {
    this.home.update(changes);
    const now = this.runtime.now();
    for (const { machine } of this.all()) {
      machine.rules = this.home.rules;
      if (changes.mode !== undefined) machine.setMode(changes.mode, now);
    }
  }

  close(): void {
    this.home.close();
  }

  protected abstract all(): readonly BreakerCell[];
  protected abstract find(key: string | undefined): BreakerCell | undefined;
  protected abstract mayOpen(now: number): boolean;
  protected abstract changed(cell: BreakerCell, change: StateChange): void;
}

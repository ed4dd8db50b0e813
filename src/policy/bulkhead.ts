/**
 * The bulkhead: so many calls at once, the others are refused.
 */

import type { Call, Door, Entry, Pass, Policy, Refusal, Runtime, Staged } from '../core/index.ts';
import { flightRunner, optionChecks, STAGE, systemRuntime } from '../core/index.ts';

export interface BulkheadOptions {
  /** Calls under way at once; a whole number of 1 or more. */
  readonly concurrency: number;
  /** Names the bulkhead in refusals. @default 'bulkhead' */
  readonly name?: string;
  readonly runtime?: Runtime;
}

export interface BulkheadSnapshot {
  readonly concurrency: number;
  readonly running: number;
  /** Calls turned away so far. */
  readonly refused: number;
}

/** A policy that keeps one dependency from taking all there is. */
export interface Bulkhead extends Policy, Staged {
  readonly name: string;
  /** Asks to pass; `done` on the pass gives the place back. The refusal is `ERR_CONCURRENCY_LIMITED`. */
  tryEnter(call?: Call): Entry;
  /** Changes the limit; calls under way above it finish. */
  update(changes: Pick<BulkheadOptions, 'concurrency'>): void;
  snapshot(): BulkheadSnapshot;
}

/**
 * Makes a bulkhead. It never lets a call wait: to wait for a place, in order, use a work queue. A place is
 * held until the work has settled, also when its caller is gone.
 *
 * ```ts
 * import { bulkhead } from 'tenfold';
 *
 * const few = bulkhead({ concurrency: 10 });
 * const answer: string = await few.run(async () => 'in');
 * ```
 *
 * @throws OptionError for an option out of range
 */
export function bulkhead(options: BulkheadOptions): Bulkhead {
  return new Places(options);
}

const check = /* @__PURE__ */ optionChecks('bulkhead');

class Places implements Bulkhead, Door {
  readonly name: string;
  readonly kind = 'bulkhead';
  readonly runtime: Runtime;
  readonly run: Policy['run'];
  running = 0;
  private concurrency: number;
  private refused = 0;

  constructor(options: BulkheadOptions) {
    check.known(options, ['concurrency', 'name', 'runtime']);
    this.concurrency = check.count('concurrency', options.concurrency);
    this.name = check.text('name', options.name ?? 'bulkhead');
    this.runtime = options.runtime ?? systemRuntime();
    this.run = flightRunner([this]);
  }

  get [STAGE](): Door {
    return this;
  }

  enter(): Entry {
    if (this.running >= this.concurrency) return this.refuse();
    this.running++;
    return new Place(this);
  }

  tryEnter(): Entry {
    return this.enter();
  }

  update(changes: Pick<BulkheadOptions, 'concurrency'>): void {
    check.known(changes, ['concurrency']);
    this.concurrency = check.count('concurrency', changes.concurrency);
  }

  snapshot(): BulkheadSnapshot {
    const { concurrency, running, refused } = this;
    return { concurrency, running, refused };
  }

  private refuse(): Refusal {
    this.refused++;
    return {
      ok: false,
      code: 'ERR_CONCURRENCY_LIMITED',
      policy: this.name,
      retryAfterMs: 0,
      message: 'all places are taken',
    };
  }
}

class Place implements Pass {
  readonly ok = true;
  readonly untilSettled = true;
  /** Undefined once the place was given back. */
  private places: Places | undefined;

  constructor(places: Places) {
    this.places = places;
  }

  done(): void {
    if (this.places === undefined) return;
    this.places.running--;
    this.places = undefined;
  }
}

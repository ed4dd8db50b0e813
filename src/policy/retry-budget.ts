/**
 * The retry budget: a bound on extra attempts as a share of the calls, so that retries of a backend in
 * trouble do not multiply its load.
 *
 * By calls: Finagle's RetryBudget and tower's TpsBudget (each call earns a part of a retry, which is
 * lost after a while). By concurrency: Envoy's and failsafe-go's (extra attempts among those in flight).
 */

import type { OptionChecks, Runtime, TimeWindow } from '../core/index.ts';
import { optionChecks, systemRuntime, timeWindow } from '../core/index.ts';

/** What `retry` and `hedge` ask before each attempt after the first. */
export interface RetryBudget {
  /** A call begins. */
  begin(): void;
  /** The call has ended, with all its attempts. */
  end(): void;
  /** Takes leave for one attempt more; false when there is none. */
  tryTake(): boolean;
  /** That attempt has ended. */
  giveBack(): void;
  snapshot(): RetryBudgetSnapshot;
}

export interface RetryBudgetSnapshot {
  /** Extra attempts that would be allowed now. */
  readonly available: number;
  /** Extra attempts refused so far. */
  readonly refused: number;
}

export interface RetryBudgetOptions {
  /** Extra attempts per call, 0 or more; by concurrency, the extra attempts' share, 0–1. @default 0.2 */
  readonly ratio?: number;
  /** Extra attempts per second allowed in any case; 0 or more. @default 10 */
  readonly minPerSecond?: number;
  /** How long what a call has earned can be spent, in ms; above 0. @default 10_000 */
  readonly windowMs?: number;
  /** Bounds the extra attempts in flight instead; so many are allowed in any case. 1 or more. */
  readonly minConcurrent?: number;
  readonly runtime?: Runtime;
}

/**
 * Makes a retry budget; share one among all retries to the same backend.
 *
 * ```ts
 * import { retry, retryBudget } from 'tenfold';
 *
 * const budget = retryBudget({ ratio: 0.1 });
 * const patient = retry({ attempts: 3, budget });
 * const answer: number = await patient.run(() => 42);
 * ```
 *
 * @throws OptionError for an option out of range, or for options of both kinds
 */
export function retryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  const check = optionChecks('retryBudget');
  check.known(options, ['ratio', 'minPerSecond', 'windowMs', 'minConcurrent', 'runtime']);
  const { ratio = 0.2, minPerSecond, windowMs, minConcurrent } = options;
  if (minConcurrent !== undefined) {
    if (minPerSecond !== undefined || windowMs !== undefined) {
      check.refuse('minConcurrent', 'given without minPerSecond and windowMs', minConcurrent);
    }
    return new ConcurrencyBudget(
      check.ratio('ratio', ratio),
      check.count('minConcurrent', minConcurrent),
    );
  }
  const window = check.positive('windowMs', windowMs ?? 10_000);
  return new CallBudget({
    ratio: check.nonNegative('ratio', ratio),
    reserve: (check.nonNegative('minPerSecond', minPerSecond ?? 10) * window) / 1000,
    windowMs: window,
    runtime: options.runtime ?? systemRuntime(),
  });
}

/** Counters of the window. */
const CALLS = 0;
const EXTRA = 1;
const BUCKETS = 10;

/** Whole attempts are compared with sums of parts: 10 × 0.1 must make one. */
const ROUNDING = 1e-9;

class CallBudget implements RetryBudget {
  private refused = 0;
  private readonly ratio: number;
  private readonly reserve: number;
  private readonly runtime: Runtime;
  private readonly counts: TimeWindow;

  constructor(shape: { ratio: number; reserve: number; windowMs: number; runtime: Runtime }) {
    this.ratio = shape.ratio;
    this.reserve = shape.reserve;
    this.runtime = shape.runtime;
    this.counts = timeWindow({ windowMs: shape.windowMs, buckets: BUCKETS, counters: 2 });
  }

  begin(): void {
    this.counts.add(this.runtime.now(), CALLS, 1);
  }

  end(): void {
    // What a call has earned does not depend on how long it takes.
  }

  tryTake(): boolean {
    const now = this.runtime.now();
    if (this.balance(now) < 1) {
      this.refused++;
      return false;
    }
    this.counts.add(now, EXTRA, 1);
    return true;
  }

  giveBack(): void {
    // Nor does what an attempt costs.
  }

  snapshot(): RetryBudgetSnapshot {
    const balance = this.balance(this.runtime.now());
    return { available: Math.max(0, Math.floor(balance)), refused: this.refused };
  }

  private balance(now: number): number {
    const earned = this.counts.sum(now, CALLS) * this.ratio + this.reserve;
    return earned - this.counts.sum(now, EXTRA) + ROUNDING;
  }
}

class ConcurrencyBudget implements RetryBudget {
  private inFlight = 0;
  private extra = 0;
  private refused = 0;
  private readonly ratio: number;
  private readonly minimum: number;

  constructor(ratio: number, minimum: number) {
    this.ratio = ratio;
    this.minimum = minimum;
  }

  begin(): void {
    this.inFlight++;
  }

  end(): void {
    this.inFlight--;
  }

  tryTake(): boolean {
    if (!this.allows(this.extra, this.inFlight)) {
      this.refused++;
      return false;
    }
    this.extra++;
    this.inFlight++;
    return true;
  }

  giveBack(): void {
    this.extra--;
    this.inFlight--;
  }

  snapshot(): RetryBudgetSnapshot {
    let more = 0;
    while (
      this.allows(this.extra + more, this.inFlight + more) &&
      more < this.inFlight + this.minimum
    ) {
      more++;
    }
    return { available: more, refused: this.refused };
  }

  private allows(extra: number, inFlight: number): boolean {
    return extra < this.minimum || extra / inFlight <= this.ratio;
  }
}

/** Asks for leave for one attempt more; a budget that throws is reported and gives none. */
export function hasLeave(
  budget: RetryBudget | undefined,
  { runtime, name }: { readonly runtime: Runtime; readonly name: string },
): boolean {
  try {
    return budget === undefined || budget.tryTake();
  } catch (error) {
    runtime.report(error, `${name}: budget`);
    return false;
  }
}

/** Checks what a user may have written himself. */
export function checkedBudget(
  check: OptionChecks,
  budget: RetryBudget | undefined,
): RetryBudget | undefined {
  if (budget === undefined) return undefined;
  return check.methods('budget', budget, ['begin', 'end', 'tryTake', 'giveBack']);
}

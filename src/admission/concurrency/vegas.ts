/**
 * Vegas: keeps a few calls queued behind the limiter, no more.
 *
 * With the latency of an idle backend as baseline, `limit × (1 − baseline / latency)` is the queue the
 * limit causes. Under 3 steps of queue the limit grows, above 6 it shrinks. The baseline is the least
 * latency seen; now and then the current one replaces it, overloaded or not, which is this
 * algorithm's known weakness: after a long overload it may take the queue for the baseline.
 *
 * Sources: Brakmo and Peterson, "TCP Vegas" (1995); Netflix concurrency-limits, whose numbers these
 * are.
 */

import { optionChecks } from '../../core/index.ts';
import type { ConcurrencyLimit, ConcurrencyRule, LimitBounds, LimitSample } from './rule.ts';
import { checkedBounds, log10Step, NETFLIX_WINDOW } from './rule.ts';

/** Options of {@link vegas}; bounds are 1 and 1000. */
export interface VegasOptions extends LimitBounds {
  /** Weight of the newest window, above 0, at most 1. @default 1 */
  readonly smoothing?: number;
  /** Queue under which the limit grows by a step. @default 3 × ⌊log10 limit⌋ */
  readonly alpha?: number;
  /** Queue above which it shrinks by a step. @default 6 × ⌊log10 limit⌋ */
  readonly beta?: number;
  /** The limit after a window with too long a queue, or a drop. @default limit − ⌊log10 limit⌋ */
  readonly decrease?: (limit: number) => number;
}

/** After about so many windows per unit of limit the baseline is measured anew. */
const PROBE_MULTIPLIER = 30;

/**
 * A limit that keeps the queue behind it short.
 *
 * @throws OptionError when an option is out of range
 */
export function vegas(options: VegasOptions = {}): ConcurrencyLimit {
  const check = optionChecks('vegas');
  check.known(options, ['initial', 'min', 'max', 'smoothing', 'alpha', 'beta', 'decrease']);
  const bounds = checkedBounds('vegas', options, { min: 1, max: 1000, initial: 20 });
  const { alpha, beta, decrease } = options;
  const tuning: Tuning = {
    ...bounds,
    smoothing: check.number('smoothing', options.smoothing ?? 1, { above: 0, max: 1 }),
    alpha: alpha === undefined ? undefined : check.positive('alpha', alpha),
    beta: beta === undefined ? undefined : check.positive('beta', beta),
    decrease: check.callable('decrease', decrease ?? ((limit) => limit - log10Step(limit))),
  };
  return {
    kind: 'vegas',
    window: NETFLIX_WINDOW,
    rule: (random) => new VegasRule(tuning, random),
  };
}

interface Tuning extends Required<LimitBounds> {
  readonly smoothing: number;
  readonly alpha: number | undefined;
  readonly beta: number | undefined;
  readonly decrease: (limit: number) => number;
}

class VegasRule implements ConcurrencyRule {
  limit: number;
  private readonly tuning: Tuning;
  private readonly random: () => number;
  private baselineMs = Infinity;
  private windows = 0;
  private probeJitter: number;

  constructor(tuning: Tuning, random: () => number) {
    this.tuning = tuning;
    this.limit = tuning.initial;
    this.random = random;
    this.probeJitter = this.drawJitter();
  }

  update({ rttMs, inFlight, dropped }: LimitSample): void {
    this.windows++;
    if (this.windows >= this.probeJitter * PROBE_MULTIPLIER * this.limit) {
      this.windows = 0;
      this.probeJitter = this.drawJitter();
      this.baselineMs = rttMs;
      return;
    }
    if (rttMs < this.baselineMs) {
      this.baselineMs = rttMs;
      return;
    }
    const next = this.wanted(rttMs, inFlight, dropped > 0);
    const { min, max, smoothing } = this.tuning;
    const bounded = Math.max(min, Math.min(max, next));
    this.limit = (1 - smoothing) * this.limit + smoothing * bounded;
  }

  private wanted(rttMs: number, inFlight: number, didDrop: boolean): number {
    const { limit } = this;
    if (didDrop) return this.tuning.decrease(limit);
    if (inFlight * 2 < limit) return limit;
    const step = log10Step(limit);
    const { alpha = 3 * step, beta = 6 * step } = this.tuning;
    const queue = Math.ceil(limit * (1 - this.baselineMs / rttMs));
    if (queue <= step) return limit + beta;
    if (queue < alpha) return limit + step;
    return queue > beta ? this.tuning.decrease(limit) : limit;
  }

  /** Between a half and one, so that several limiters do not probe at once. */
  private drawJitter(): number {
    return 0.5 + this.random() / 2;
  }
}

/**
 * Gradient2: shrinks as the latest latency exceeds the average of the last ten minutes of windows.
 *
 * Needs no idle baseline, so it follows a backend that becomes slower for good. The price: it ignores
 * drops, and a lasting overload becomes its own average, after which the limit creeps up again.
 *
 * Source: Netflix concurrency-limits, `Gradient2Limit`, whose numbers these are.
 */

import { optionChecks } from '../../core/index.ts';
import type { ConcurrencyLimit, ConcurrencyRule, LimitBounds, LimitSample } from './rule.ts';
import { checkedBounds, NETFLIX_WINDOW } from './rule.ts';

/** Options of {@link gradient2}; bounds are 20 and 200. */
export interface Gradient2Options extends LimitBounds {
  /** How far the latest latency may exceed the average before the limit shrinks; 1 or more. @default 1.5 */
  readonly toleranceRatio?: number;
  /** Calls that may queue behind the limiter; 0 or more. @default 4 */
  readonly queueSize?: number;
  /** Weight of the newest window, above 0, at most 1. @default 0.2 */
  readonly smoothing?: number;
}

const AVERAGE_WINDOWS = 600;
const WARM_UP_WINDOWS = 10;

/** A limit on the ratio of the long and the short average of latency. */
export function gradient2(options: Gradient2Options = {}): ConcurrencyLimit {
  const check = optionChecks('gradient2');
  check.known(options, ['initial', 'min', 'max', 'toleranceRatio', 'queueSize', 'smoothing']);
  const bounds = checkedBounds('gradient2', options, { min: 20, max: 200, initial: 20 });
  const tolerance = check.number('toleranceRatio', options.toleranceRatio ?? 1.5, { min: 1 });
  const queueSize = check.nonNegative('queueSize', options.queueSize ?? 4);
  const smoothing = check.number('smoothing', options.smoothing ?? 0.2, { above: 0, max: 1 });
  return {
    kind: 'gradient2',
    window: NETFLIX_WINDOW,
    rule: () => gradient2Rule(bounds, tolerance, queueSize, smoothing),
  };
}

function gradient2Rule(
  { min, max, initial }: Required<LimitBounds>,
  tolerance: number,
  queueSize: number,
  smoothing: number,
): ConcurrencyRule {
  const long = warmedAverage(AVERAGE_WINDOWS, WARM_UP_WINDOWS);
  let limit = initial;
  return {
    get limit() {
      return limit;
    },
    update({ rttMs, inFlight }: LimitSample): void {
      const longMs = long.add(rttMs);
      // After an overload the average is far too high and would take minutes to forget it.
      if (longMs > 2 * rttMs) long.scale(0.95);
      if (inFlight < limit / 2) return;
      const gradient = Math.max(0.5, Math.min(1, (tolerance * longMs) / rttMs));
      const wanted = limit * gradient + queueSize;
      limit = Math.max(min, Math.min(max, limit * (1 - smoothing) + wanted * smoothing));
    },
  };
}

/** An exponential average over about `windows` values that begins as a plain mean of the first few. */
export interface WarmedAverage {
  /** Takes a value in and returns the average. */
  add(value: number): number;
  scale(factor: number): void;
}

export function warmedAverage(windows: number, warmUp: number): WarmedAverage {
  const weight = 2 / (windows + 1);
  let count = 0;
  let sum = 0;
  let average = 0;
  return {
    add(value) {
      if (count < warmUp) {
        count++;
        sum += value;
        average = sum / count;
      } else {
        average += (value - average) * weight;
      }
      return average;
    },
    scale(factor) {
      average *= factor;
    },
  };
}

/**
 * What an adaptive concurrency limit is: a number, and a function that moves it after every window of
 * calls. Counting, waiting and partitions are the business of the shell, the same for all.
 */

import { optionChecks } from '../../core/index.ts';

/** What a window of calls has shown. */
export interface LimitSample {
  /** When the window ended, on `runtime.now()`'s axis. */
  readonly now: number;
  /** How long it was, in ms. */
  readonly elapsedMs: number;
  /** Calls that succeeded or were dropped in it. */
  readonly count: number;
  /**
   * Their mean duration in ms, above 0; of one that timed out, the time until it did. One turned away
   * sooner than others are answered does not count.
   */
  readonly rttMs: number;
  /** Standard error of that mean, relative to it. */
  readonly rttNoise: number;
  /** Most calls that were in flight at once. */
  readonly inFlight: number;
  /** Calls in flight on average over the window. */
  readonly meanInFlight: number;
  /** Of them, those that timed out or were turned away for overload by what is behind the limiter. */
  readonly dropped: number;
  /** True when the limit turned somebody away or made him wait. */
  readonly isBinding: boolean;
}

/** A concurrency limit in use. */
export interface ConcurrencyRule {
  /** Calls that may be in flight; the shell uses the whole part. */
  readonly limit: number;
  /** Moves the limit after a window of calls. */
  update(sample: LimitSample): void;
}

/** When a window of calls is complete. */
export interface SampleWindow {
  /** Shortest window in ms; above 0. Where calls take longer than half of it, twice their duration. */
  readonly minMs: number;
  /** Where that ends, in ms: `minMs` or more. */
  readonly maxMs: number;
  /** Calls that must have ended in it. */
  readonly minCalls: number;
  /** Standard error of their mean duration that is small enough, relative to it. */
  readonly maxNoise: number;
}

/** What Netflix' limits are windowed by. */
export const NETFLIX_WINDOW: SampleWindow = Object.freeze({
  minMs: 1000,
  maxMs: 1000,
  minCalls: 10,
  maxNoise: Infinity,
});

/** A concurrency limit as data. Made by `adaptive`, `vegas` and the like; a number is a fixed limit. */
export interface ConcurrencyLimit {
  readonly kind: string;
  readonly window: SampleWindow;
  /** Makes the algorithm at its initial limit; each limiter makes its own, with a stream of chance. */
  rule(random: () => number): ConcurrencyRule;
}

/** Bounds every adaptive limit takes. */
export interface LimitBounds {
  /** Where the limit begins. @default 20 */
  readonly initial?: number;
  /** Never below this, 1 or more; each algorithm says its default. */
  readonly min?: number;
  /** Never above this; each algorithm says its default. */
  readonly max?: number;
}

/** Checks the bounds of `factory`. */
export function checkedBounds(
  factory: string,
  options: LimitBounds,
  defaults: Required<LimitBounds>,
): Required<LimitBounds> {
  const check = optionChecks(factory);
  const min = check.number('min', options.min ?? defaults.min, { min: 0 });
  const max = check.number('max', options.max ?? defaults.max, { min: Math.max(1, min) });
  const initial = options.initial ?? Math.min(max, Math.max(min, defaults.initial));
  return { min, max, initial: check.number('initial', initial, { min: Math.max(1, min), max }) };
}

/** Checks the window of a limit that somebody else may have written. */
export function checkedWindow(window: SampleWindow): SampleWindow {
  const check = optionChecks('concurrencyLimiter.limit.window');
  check.known(window, ['minMs', 'maxMs', 'minCalls', 'maxNoise']);
  check.positive('minMs', window.minMs);
  check.number('maxMs', window.maxMs, { min: window.minMs, infinite: true });
  check.count('minCalls', window.minCalls);
  check.number('maxNoise', window.maxNoise, { above: 0, infinite: true });
  return window;
}

/** `max(1, ⌊log10 x⌋)`: the step that Vegas takes, a few for small limits and small for large ones. */
export function log10Step(limit: number): number {
  return limit < 1 ? 1 : Math.max(1, Math.floor(Math.log10(limit)));
}

/** `max(4, ⌊√x⌋)`: a queue that hides bursts without adding much latency. */
export function squareRootStep(limit: number): number {
  return Math.max(4, Math.floor(Math.sqrt(limit)));
}

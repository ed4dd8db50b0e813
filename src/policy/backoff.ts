/** The waits between attempts. */

import type { OptionChecks } from '../core/index.ts';
import { grownMs, jitteredMs } from '../core/index.ts';

/**
 * How chance spreads the waits, so that callers that failed together do not come back together.
 *
 * - `full`: anything from 0 to the wait; spreads best.
 * - `decorrelated`: from the first wait to three times the last one; grows by itself.
 * - a ratio (0–1): the wait, moved by up to that part of itself.
 * - `none`: the wait.
 */
export type Jitter = 'none' | 'full' | 'decorrelated' | number;

export interface BackoffOptions {
  /** Wait before the second attempt, in ms, before jitter; 0 or more. @default 100 */
  readonly delayMs?: number;
  /** Factor from one wait to the next, 1 or more; 1 keeps it constant. @default 2 */
  readonly growth?: number;
  /** Longest wait in ms, before jitter by a ratio. @default 10_000, or `delayMs` if that is more */
  readonly maxDelayMs?: number;
  /** @default 'full' */
  readonly jitter?: Jitter;
}

/** All options of a back-off, checked. */
export type BackoffShape = Required<BackoffOptions>;

export const BACKOFF_OPTIONS = ['delayMs', 'growth', 'maxDelayMs', 'jitter'] as const;

/** Checks the options and fills in the defaults. */
export function backoffShape(check: OptionChecks, options: BackoffOptions): BackoffShape {
  const delayMs = check.nonNegative('delayMs', options.delayMs ?? 100);
  const { jitter = 'full' } = options;
  return {
    delayMs,
    growth: check.number('growth', options.growth ?? 2, { min: 1 }),
    maxDelayMs: check.number('maxDelayMs', options.maxDelayMs ?? Math.max(10_000, delayMs), {
      min: delayMs,
      infinite: true,
    }),
    jitter:
      typeof jitter === 'number'
        ? check.ratio('jitter', jitter)
        : check.oneOf<Jitter & string>('jitter', jitter, ['none', 'full', 'decorrelated']),
  };
}

/**
 * The wait after a failed attempt, in ms. Exponential back-off with the jitters of Brooker,
 * "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015); the ratio is resilience4j's
 * randomisation factor.
 *
 * @param attempt the attempt that failed, from 1
 * @param previousMs the wait before it; any number for the first
 */
export function backoffMs(
  { delayMs, growth, maxDelayMs, jitter }: BackoffShape,
  attempt: number,
  previousMs: number,
  random: () => number,
): number {
  if (jitter === 'decorrelated') {
    const upper = 3 * (attempt === 1 ? delayMs : Math.max(delayMs, previousMs));
    return Math.min(maxDelayMs, delayMs + random() * (upper - delayMs));
  }
  const ms = grownMs(delayMs, { growth, maxMs: maxDelayMs, step: attempt - 1 });
  if (jitter === 'none') return ms;
  return jitter === 'full' ? ms * random() : jitteredMs(ms, jitter, random);
}

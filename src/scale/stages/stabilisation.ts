/**
 * The stabilisation window: before the fleet shrinks, the largest wish of the last minutes must agree.
 *
 * Kubernetes' HPA v2 (`stabilizationWindowSeconds`). A scale-in waits for the window's largest wish,
 * a scale-out for its smallest. Kept as two monotonic deques, so that a window holds at most as many
 * entries as wishes that still matter.
 */

import { optionChecks } from '../../core/index.ts';
import type { Adjustment, Situation, Stage } from '../ports.ts';

export interface StabilisationOptions {
  /** Window before a scale-out, in ms; 0 for none. @default 0 */
  readonly outMs?: number;
  /** Window before a scale-in, in ms; 0 for none. @default 300_000 */
  readonly inMs?: number;
}

/** A wish and its time. */
export type WindowEntry = readonly [at: number, desired: number];

interface WindowState {
  /** Wishes that may still be the smallest of the out-window, ascending. */
  readonly lows: readonly WindowEntry[];
  /** Wishes that may still be the largest of the in-window, descending. */
  readonly highs: readonly WindowEntry[];
}

/**
 * Makes the stage. It starts from the fleet as it is: a new engine does not shrink a fleet before one
 * window has passed.
 *
 * @throws OptionError (`ERR_OPTION`) for a window below 0
 */
export function stabilisation(options: StabilisationOptions = {}): Stage<WindowState> {
  const check = optionChecks('stabilisation');
  check.known(options, ['outMs', 'inMs']);
  const outMs = check.nonNegative('outMs', options.outMs ?? 0);
  const inMs = check.nonNegative('inMs', options.inMs ?? 300_000);

  return {
    name: 'stabilisation',
    adjust(desired, situation, state): Adjustment<WindowState> {
      const { now, fleet, blind } = situation;
      const before = state ?? seed(situation);
      const wish: WindowEntry = [now, desired];
      const lows = blind ? before.lows : slide(before.lows, wish, outMs, (a, b) => a >= b);
      const highs = blind ? before.highs : slide(before.highs, wish, inMs, (a, b) => a <= b);
      const lowest = Math.min(desired, lows[0]?.[1] ?? desired);
      const highest = Math.max(desired, highs[0]?.[1] ?? desired);
      const next = { lows, highs };
      const held = Math.max(Math.min(fleet.current, highest), lowest);
      if (held === desired) return { desired, state: next };
      const scalesIn = desired < held;
      const first = scalesIn ? highs[0] : lows[0];
      const windowMs = scalesIn ? inMs : outMs;
      return {
        desired: held,
        state: next,
        ...(first === undefined ? {} : { until: first[0] + windowMs }),
        why: `${held} was wished for within ${windowMs / 1000} s`,
      };
    },
  };
}

function seed({ now, fleet }: Situation): WindowState {
  const entry: WindowEntry = [now, fleet.current];
  return { lows: [entry], highs: [entry] };
}

/**
 * Adds a wish behind the ones that still matter, drops those it beats and those older than the
 * window. What came at the same time and was not beaten stands for the new one too.
 */
export function slide(
  entries: readonly WindowEntry[],
  wish: WindowEntry,
  window: number,
  isBeaten: (older: number, newer: number) => boolean,
): readonly WindowEntry[] {
  const kept = entries.filter(
    ([at, desired]) => at > wish[0] - window && !isBeaten(desired, wish[1]),
  );
  if (kept.at(-1)?.[0] !== wish[0]) kept.push(wish);
  return kept;
}

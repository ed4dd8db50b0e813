/** What a breaker can be told, and the one place where it is checked. */

import type { OptionChecks, Runtime } from '../core/index.ts';
import { optionChecks } from '../core/index.ts';
import type { BreakerHints, HintTrust } from './breaker-hints.ts';
import type { BreakerMode } from './breaker-state.ts';
import type { CallWindow } from './call-window.ts';
import { badCallsInARow, callsByCount, callsByTime } from './call-window.ts';
import type { MachineRules } from './machine-types.ts';

/** What a call's end means for the breaker. `ignored` counts neither way. */
export type Verdict = 'success' | 'failure' | 'ignored';

/** The thresholds and times of a breaker; all can be changed live with `update`. */
export interface BreakerRules {
  /** Share of failed calls in the window that opens the breaker, above 0 to 1. @default 0.5 */
  readonly failureRatio?: number;
  /** Calls the window must hold before ratios are judged; 1 or more, at most `windowCalls`; not with `consecutiveFailures`. @default 20, or `windowCalls` if that is less */
  readonly minimumCalls?: number;
  /** A call that takes longer, in ms, is slow; Infinity: none is. @default Infinity */
  readonly slowCallMs?: number;
  /** Share of slow calls in the window that opens the breaker, above 0 to 1. @default 0.5 */
  readonly slowCallRatio?: number;
  /** How long the breaker stays open the first time, in ms. @default 5_000 */
  readonly openMs?: number;
  /** Factor on the open time each time probes fail, 1 or more. @default 2 */
  readonly openGrowth?: number;
  /** Longest open time before jitter, in ms; also bounds what `openMsFor` answers. @default 60_000, or `openMs` if that is more */
  readonly openMaxMs?: number;
  /** The open time is moved by a random part of itself, up to this ratio, 0–1. @default 0.1 */
  readonly openJitterRatio?: number;
  /** Calls let through while half-open, whose results decide; 1–10,000. @default 3 */
  readonly halfOpenProbes?: number;
  /** After so many ms half-open, probes without an answer count as failed. @default 30_000 */
  readonly halfOpenMaxWaitMs?: number;
  /** After good probes, ms in which the admitted share rises from none to all; 0: all at once. @default 0 */
  readonly rampMs?: number;
}

export interface CircuitBreakerOptions extends BreakerRules {
  /** Judges the calls of the last so many ms. @default 10_000, unless another window is chosen */
  readonly windowMs?: number;
  /** Steps in which the time window moves on, 1–10,000. @default 10 */
  readonly windowBuckets?: number;
  /** Judges the last so many calls instead, 1–1,000,000 at 5 bytes each. */
  readonly windowCalls?: number;
  /** Opens after so many bad calls in a row instead; a slow call is a bad one. */
  readonly consecutiveFailures?: number;
  /**
   * Says what the end of a call means, where it is not what it looks like.
   *
   * @param outcome `success`: `detail` is the value; `failure`: `detail` is the error
   * @default the outcome itself
   */
  readonly classify?: (detail: unknown, outcome: 'success' | 'failure') => Verdict;
  /**
   * Reads from a failure how long nobody should come again, in ms, such as from `Retry-After`. A
   * number opens the breaker at once, for that long but no longer than `openMaxMs`.
   */
  readonly openMsFor?: (detail: unknown, outcome: 'success' | 'failure') => number | undefined;
  /** Tells other processes what was found out here, and hears from them. @default none */
  readonly hints?: BreakerHints;
  /**
   * What the hint that another process has opened does here. `suspect`: for as long, the first bad
   * calls are believed without `minimumCalls`; `open`: opens. @default 'suspect'
   */
  readonly hintTrust?: HintTrust;
  /** Starts in this mode. @default 'auto' */
  readonly mode?: BreakerMode;
  /** Names the breaker in refusals and events. @default 'breaker' */
  readonly name?: string;
  readonly runtime?: Runtime;
}

export const MODES: readonly BreakerMode[] = [
  'auto',
  'forced-open',
  'forced-closed',
  'disabled',
  'observe-only',
];

type RuleName = keyof BreakerRules;

export const RULES: readonly RuleName[] = [
  'failureRatio',
  'minimumCalls',
  'slowCallMs',
  'slowCallRatio',
  'openMs',
  'openGrowth',
  'openMaxMs',
  'openJitterRatio',
  'halfOpenProbes',
  'halfOpenMaxWaitMs',
  'rampMs',
];

/** Every option of a breaker. */
export const BREAKER_OPTIONS: readonly (keyof CircuitBreakerOptions)[] = [
  ...RULES,
  'windowMs',
  'windowBuckets',
  'windowCalls',
  'consecutiveFailures',
  'classify',
  'openMsFor',
  'hints',
  'hintTrust',
  'mode',
  'name',
  'runtime',
];

/** Checks the rules and fills in the defaults. */
export function machineRules(subject: string, options: CircuitBreakerOptions): MachineRules {
  const check = optionChecks(subject);
  const share = (option: RuleName, value: number): number =>
    check.number(option, value, { above: 0, max: 1 });
  const openMs = check.durationMs('openMs', options.openMs ?? 5_000);
  const failureRatio = share('failureRatio', options.failureRatio ?? 0.5);
  const runs = options.consecutiveFailures;
  return {
    failureRatio: runs === undefined ? failureRatio : 1,
    probeFailureRatio: failureRatio,
    minimumCalls: minimumCalls(subject, options),
    slowCallMs: check.durationMs('slowCallMs', options.slowCallMs ?? Infinity),
    slowCallRatio: share('slowCallRatio', options.slowCallRatio ?? 0.5),
    openMs,
    openGrowth: check.number('openGrowth', options.openGrowth ?? 2, { min: 1 }),
    openMaxMs: check.number('openMaxMs', options.openMaxMs ?? Math.max(60_000, openMs), {
      min: openMs,
      infinite: true,
    }),
    openJitterRatio: check.ratio('openJitterRatio', options.openJitterRatio ?? 0.1),
    halfOpenProbes: countUpTo(check, 'halfOpenProbes', options.halfOpenProbes ?? 3, 10_000),
    halfOpenMaxWaitMs: check.durationMs('halfOpenMaxWaitMs', options.halfOpenMaxWaitMs ?? 30_000),
    rampMs: check.nonNegative('rampMs', options.rampMs ?? 0),
  };
}

/** Makes the window that was chosen. */
export function callWindow(subject: string, options: CircuitBreakerOptions): CallWindow {
  const check = optionChecks(subject);
  const { windowMs, windowBuckets, windowCalls, consecutiveFailures } = options;
  const chosen = [windowMs, windowCalls, consecutiveFailures].filter((one) => one !== undefined);
  if (chosen.length > 1) {
    check.refuse('', 'given one of windowMs, windowCalls and consecutiveFailures', chosen);
  }
  if (windowBuckets !== undefined && windowMs === undefined && chosen.length > 0) {
    check.refuse('windowBuckets', 'given for a window by time only', windowBuckets);
  }
  if (windowCalls !== undefined) {
    return callsByCount(countUpTo(check, 'windowCalls', windowCalls, 1_000_000));
  }
  if (consecutiveFailures !== undefined) {
    check.count('consecutiveFailures', consecutiveFailures);
    return badCallsInARow();
  }
  return callsByTime(
    check.positive('windowMs', windowMs ?? 10_000),
    countUpTo(check, 'windowBuckets', windowBuckets ?? 10, 10_000),
  );
}

function minimumCalls(subject: string, options: CircuitBreakerOptions): number {
  const { minimumCalls, windowCalls, consecutiveFailures } = options;
  const size = windowCalls ?? Infinity;
  const check = optionChecks(subject);
  if (consecutiveFailures !== undefined) {
    if (minimumCalls === undefined) return consecutiveFailures;
    check.refuse('minimumCalls', 'absent beside consecutiveFailures', minimumCalls);
  }
  const minimum = check.count('minimumCalls', minimumCalls ?? Math.min(20, size));
  if (minimum > size) check.refuse('minimumCalls', `at most windowCalls (${size})`, minimum);
  return minimum;
}

/** Bounds what would be allocated at once. */
function countUpTo(check: OptionChecks, option: string, value: unknown, max: number): number {
  return check.number(option, value, { min: 1, max, integer: true });
}

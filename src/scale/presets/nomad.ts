/**
 * A scaling policy of the Nomad Autoscaler as options of the engine: checks in groups, and a cool-down.
 *
 * Source: hashicorp/nomad-autoscaler@ede4e617, policy/handler.go and sdk/strategy.go (facts only). Within
 * a group a check that wants nothing is passed over; across groups growth beats standing still, which
 * beats shrinking. Each check is capped to the bounds before it competes.
 */

import { optionChecks } from '../../core/index.ts';
import { requireObject } from '../plug-ins.ts';
import type { ScalingEngineOptions } from '../engine-options.ts';
import type { Bounds, Proposal, ScalingPolicy, Situation } from '../ports.ts';
import { hasValue } from '../sample.ts';
import { coolDown } from '../stages/cool-down.ts';
import type { NomadAction, NomadStrategy } from './nomad-strategies.ts';

export interface NomadCheck {
  /** Name of the reading. */
  readonly metric: string;
  readonly strategy: NomadStrategy;
  /** Checks of one group speak with one voice. @default a group of its own */
  readonly group?: string;
  /** How long readings belong to the series, in ms. @default 60_000 */
  readonly queryWindowMs?: number;
  /** What a reading without value does: `ignore` leaves this check out, `fail` ends the evaluation. @default 'ignore' */
  readonly onError?: 'ignore' | 'fail';
}

export interface NomadOptions {
  readonly min: number;
  readonly max: number;
  /** Checks by name; at least one. */
  readonly checks: Readonly<Record<string, NomadCheck>>;
  /** Time after an action in which nothing is done, in ms. @default 300_000 */
  readonly cooldownMs?: number;
  /** The same after growth only. @default cooldownMs */
  readonly cooldownOnScaleUpMs?: number;
}

/** A check and what it asks for. */
export interface CheckResult {
  readonly check: string;
  readonly action: NomadAction | undefined;
}

/** Returns engine options that decide as the Nomad Autoscaler does. */
export function nomad(options: NomadOptions): ScalingEngineOptions {
  const check = optionChecks('nomad');
  check.known(options, ['min', 'max', 'checks', 'cooldownMs', 'cooldownOnScaleUpMs']);
  const { cooldownMs = 300_000, cooldownOnScaleUpMs = cooldownMs } = options;
  requireObject(check, 'checks', options.checks);
  if (Object.keys(options.checks).length === 0) {
    check.refuse('checks', 'at least one check', options.checks);
  }
  for (const [name, one] of Object.entries(options.checks)) {
    check.known(one, ['metric', 'strategy', 'group', 'queryWindowMs', 'onError']);
    requireObject(check, `checks.${name}`, one);
    check.text(`checks.${name}.metric`, one.metric);
    check.callable(`checks.${name}.strategy`, one.strategy);
    check.positive(`checks.${name}.queryWindowMs`, one.queryWindowMs ?? 60_000);
    check.oneOf(`checks.${name}.onError`, one.onError ?? 'ignore', ['ignore', 'fail']);
  }
  return {
    bounds: { min: options.min, max: options.max },
    policies: { checks: checksPolicy(options.checks) },
    stages: [coolDown({ holds: 'both', afterOutMs: cooldownOnScaleUpMs, afterInMs: cooldownMs })],
  };
}

type Series = readonly (readonly [at: number, value: number])[];
/** A series holds at most so many points; the oldest go first. */
const MOST_POINTS = 240;

function checksPolicy(
  checks: Readonly<Record<string, NomadCheck>>,
): ScalingPolicy<Readonly<Record<string, Series>>> {
  const entries = Object.entries(checks);
  return {
    propose(situation, state = {}): Proposal<Readonly<Record<string, Series>>> {
      const { current } = situation.fleet;
      const next: Record<string, Series> = {};
      const groups: Record<string, CheckResult[]> = {};
      let failed: string | undefined;
      for (const [name, check] of entries) {
        const series = extended(state[name] ?? [], situation, check);
        next[name] = series;
        const bad = !hasValue(situation.sample(check.metric));
        if (bad && check.onError === 'fail') failed = name;
        const values = series.map(([, value]) => value);
        const action = bad ? undefined : check.strategy(values, current);
        const capped = action && cappedAction(action, situation.bounds);
        (groups[check.group ?? name] ??= []).push({ check: name, action: capped });
      }
      if (failed !== undefined) {
        return { desired: undefined, why: `check ${failed} failed`, state: next };
      }
      const winner = pickWinner(groups);
      if (winner?.action === undefined) {
        return { desired: undefined, why: 'no check has data', state: next };
      }
      const { check, action } = winner;
      const acts = isNeeded(action, current);
      const why = `${check}: ${acts ? action.reason : 'no action'}`;
      return { desired: acts ? action.count : current, why, state: next };
    },
  };
}

function extended(series: Series, situation: Situation, check: NomadCheck): Series {
  const { quality, at, value } = situation.sample(check.metric);
  const since = situation.now - (check.queryWindowMs ?? 60_000);
  const kept = series.filter(([time]) => time > since).slice(1 - MOST_POINTS);
  return quality === 'empty' || quality === 'error' ? kept : [...kept, [at, value]];
}

/** An action within bounds. */
export function cappedAction(action: NomadAction, { min, max }: Bounds): NomadAction {
  const count = Math.min(max, Math.max(min, action.count));
  if (count === action.count) return action;
  const reason = `capped count from ${action.count} to ${count} to stay within limits`;
  return {
    ...action,
    count,
    reason: action.reason === '' ? reason : `${action.reason}; ${reason}`,
  };
}

/** The stronger of two actions; of two in the same direction the one with the higher count. */
export function preempt(a: NomadAction, b: NomadAction): NomadAction {
  if (a.direction === b.direction) return b.count > a.count ? b : a;
  return RANK[a.direction] > RANK[b.direction] ? a : b;
}

const RANK: Readonly<Record<NomadAction['direction'], number>> = {
  recommendation: 3,
  up: 2,
  none: 1,
  down: 0,
};

/** The check that wins: first within each group, then across them. */
export function pickWinner(
  groups: Readonly<Record<string, readonly CheckResult[]>>,
): CheckResult | undefined {
  let winner: CheckResult | undefined;
  for (const results of Object.values(groups)) {
    const known = results.filter(({ action }) => action !== undefined);
    const acting = known.filter(({ action }) => action?.direction !== 'none');
    const best = strongest(acting.length > 0 ? acting : known.slice(0, 1));
    winner =
      best === undefined ? winner : strongest(winner === undefined ? [best] : [winner, best]);
  }
  return winner;
}

function strongest(results: readonly CheckResult[]): CheckResult | undefined {
  return results.reduce<CheckResult | undefined>((best, result) => {
    if (best?.action === undefined) return result;
    const action = result.action as NomadAction;
    return preempt(best.action, action) === best.action ? best : result;
  }, undefined);
}

/** True when the action is to be carried out on a fleet of this size. */
export function isNeeded(action: NomadAction, current: number): boolean {
  return action.direction !== 'none' && action.count !== current;
}

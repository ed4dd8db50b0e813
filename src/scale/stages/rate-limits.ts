/**
 * Rate limits: how many units may come or go within a period.
 *
 * Kubernetes' HPA v2 scaling policies. The base is the fleet as it was when the period began, that is
 * without the changes made in it; what others changed meanwhile is not held against the engine.
 */

import { optionChecks } from '../../core/index.ts';
import type { OptionChecks } from '../../core/index.ts';
import { requireObject, requireObjects } from '../plug-ins.ts';
import type { Adjustment, Change, Situation, Stage } from '../ports.ts';

/** So many units, or such a share of the fleet, within a period. */
export type Rate =
  | { readonly units: number; readonly periodMs: number }
  | { readonly ratio: number; readonly periodMs: number };

/** The rates of one direction. */
export interface RateRule {
  readonly rates: readonly Rate[];
  /** Which rate holds when there are several: the one that allows most, or least. @default 'most' */
  readonly select?: 'most' | 'least';
}

export interface RateLimitsOptions {
  /** @default the greater of 4 units and 100 %, per 15 s */
  readonly out?: RateRule | 'never';
  /** @default 100 % per 15 s: no limit */
  readonly in?: RateRule | 'never';
}

const OUT: RateRule = {
  rates: [
    { units: 4, periodMs: 15_000 },
    { ratio: 1, periodMs: 15_000 },
  ],
};
const IN: RateRule = { rates: [{ ratio: 1, periodMs: 15_000 }] };

/**
 * Makes the stage.
 *
 * @throws OptionError (`ERR_OPTION`) for an empty rule, a rate below 0, a period not above 0
 */
export function rateLimits(options: RateLimitsOptions = {}): Stage {
  const check = optionChecks('rateLimits');
  check.known(options, ['out', 'in']);
  const out = checkRule(check, 'out', options.out ?? OUT);
  const inward = checkRule(check, 'in', options.in ?? IN);

  return {
    name: 'rateLimits',
    lookBackMs: Math.max(longest(out), longest(inward)),
    adjust(desired, situation): Adjustment {
      const { current } = situation.fleet;
      if (desired === current) return { desired };
      const rule = desired > current ? out : inward;
      const limit = limitOf(rule, desired > current ? 1 : -1, situation);
      if (desired > current ? desired <= limit : desired >= limit) return { desired };
      const until = freeAgainAt(rule, situation);
      const why = `${rule === 'never' ? 'no change' : `at most to ${limit}`} in this period`;
      return until === undefined ? { desired: limit, why } : { desired: limit, why, until };
    },
  };
}

/** Where the rates stop, from the side of `current` that lies in `direction`. */
function limitOf(rule: RateRule | 'never', direction: 1 | -1, situation: Situation): number {
  const { current } = situation.fleet;
  if (rule === 'never') return current;
  const limits = rule.rates.map((rate) => limitOfRate(rate, direction, situation));
  const most = (rule.select ?? 'most') === 'most';
  const limit = most === (direction === 1) ? Math.max(...limits) : Math.min(...limits);
  return direction === 1 ? Math.max(limit, current) : Math.min(limit, current);
}

function limitOfRate(rate: Rate, direction: 1 | -1, { fleet, changes, now }: Situation): number {
  const base = fleet.current - netChange(changes, now, rate.periodMs);
  if ('units' in rate) return base + direction * rate.units;
  return direction === 1 ? Math.ceil(base * (1 + rate.ratio)) : Math.trunc(base * (1 - rate.ratio));
}

/** Units added less units removed within the period. */
export function netChange(changes: readonly Change[], now: number, periodMs: number): number {
  let net = 0;
  for (const { at, from, to } of changes) if (now - at < periodMs) net += to - from;
  return net;
}

/** When the first change falls out of its period. */
function freeAgainAt(rule: RateRule | 'never', { changes, now }: Situation): number | undefined {
  if (rule === 'never') return undefined;
  const times = rule.rates.flatMap(({ periodMs }) => {
    const first = changes.find(({ at }) => now - at < periodMs);
    return first === undefined ? [] : [first.at + periodMs];
  });
  return times.length === 0 ? undefined : Math.min(...times);
}

function longest(rule: RateRule | 'never'): number {
  return rule === 'never' ? 0 : Math.max(...rule.rates.map(({ periodMs }) => periodMs));
}

function checkRule(
  check: OptionChecks,
  name: 'out' | 'in',
  rule: RateRule | 'never',
): RateRule | 'never' {
  if (rule === 'never') return rule;
  requireObject(check, name, rule);
  requireObjects(check, `${name}.rates`, rule.rates);
  if (rule.rates.length === 0) check.refuse(`${name}.rates`, 'at least one rate', rule.rates);
  check.oneOf(`${name}.select`, rule.select ?? 'most', ['most', 'least']);
  rule.rates.forEach((rate, i) => {
    const path = `${name}.rates[${i}]`;
    check.positive(`${path}.periodMs`, rate.periodMs);
    if ('units' in rate) check.nonNegative(`${path}.units`, rate.units);
    else check.nonNegative(`${path}.ratio`, rate.ratio);
  });
  return rule;
}

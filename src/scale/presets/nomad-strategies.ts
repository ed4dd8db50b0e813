/**
 * The strategies of the Nomad Autoscaler, as functions of a series and a count.
 *
 * Source: hashicorp/nomad-autoscaler@ede4e617, plugins/builtin/strategy (facts only).
 */

import type { OptionChecks } from '../../core/index.ts';
import { optionChecks } from '../../core/index.ts';
import { show } from '../decision.ts';

/** What a check of Nomad asks for. */
export interface NomadAction {
  /** `recommendation` comes from an adviser, and beats all others. */
  readonly direction: 'recommendation' | 'up' | 'down' | 'none';
  readonly count: number;
  readonly reason: string;
}

/** Turns a series of figures, oldest first, and the present count into an action. */
export type NomadStrategy = (series: ArrayLike<number>, count: number) => NomadAction;

/** How much one action may add or take away; undefined for no limit. */
export interface NomadStep {
  readonly maxScaleUp?: number;
  readonly maxScaleDown?: number;
}

/** `target-value`: count · metric ∕ target, unless the metric is within `threshold` of its target. */
export function nomadTargetValue(
  options: NomadStep & {
    /** 0 takes the metric itself for the factor: any queue at all calls for workers. */
    readonly target: number;
    /** Share of the target. @default 0.01 */
    readonly threshold?: number;
  },
): NomadStrategy {
  const check = optionChecks('nomadTargetValue');
  check.known(options, ['target', 'threshold', 'maxScaleUp', 'maxScaleDown']);
  const target = check.number('target', options.target);
  const threshold = check.nonNegative('threshold', options.threshold ?? 0.01);
  const step = checkStep(check, options);
  return (series, count) => {
    const metric = latest(series);
    const factor = target === 0 ? metric : metric / target;
    if (factorDirection(count, factor, threshold) === 'none') return none(count);
    const wanted = Math.ceil(count === 0 ? factor : count * factor);
    return towards(count, stepped(count, wanted, step), `factor is ${show(factor)}`);
  };
}

/** Which way a factor points; from 0, any factor points up. */
export function factorDirection(
  count: number,
  factor: number,
  threshold: number,
): NomadAction['direction'] {
  if (count === 0) return factor > 0 ? 'up' : 'none';
  if (factor > 1 + threshold) return 'up';
  return factor < 1 - threshold ? 'down' : 'none';
}

/** `fixed-value`: always the same count. */
export function nomadFixedValue(options: { readonly value: number }): NomadStrategy {
  const check = optionChecks('nomadFixedValue');
  check.known(options, ['value']);
  const value = check.number('value', options.value, { min: 0, integer: true });
  return (_, count) => towards(count, value, `fixed value is ${value}`);
}

/** `pass-through`: the metric is the count. */
export function nomadPassThrough(options: NomadStep = {}): NomadStrategy {
  const step = checkStep(optionChecks('nomadPassThrough'), options);
  return (series, count) => {
    const metric = Math.trunc(latest(series));
    return towards(count, stepped(count, metric, step), `metric is ${metric}`);
  };
}

/** `threshold`: acts once enough points of the series lie within bounds. Give exactly one action. */
export function nomadThreshold(options: {
  /** Included. @default -Infinity */
  readonly lowerBound?: number;
  /** Excluded. @default Infinity */
  readonly upperBound?: number;
  /** Points that must lie within. @default 5 */
  readonly withinBoundsTrigger?: number;
  /** Adds so many. */
  readonly delta?: number;
  /** Adds so many per cent, rounded up. */
  readonly percentage?: number;
  /** Goes to this count. */
  readonly value?: number;
}): NomadStrategy {
  const check = optionChecks('nomadThreshold');
  check.known(options, [
    'lowerBound',
    'upperBound',
    'withinBoundsTrigger',
    'delta',
    'percentage',
    'value',
  ]);
  const { lowerBound, upperBound, delta, percentage, value } = options;
  if (lowerBound === undefined && upperBound === undefined) {
    check.refuse('lowerBound', 'given, or upperBound', lowerBound);
  }
  const lower = lowerBound === undefined ? -Infinity : check.number('lowerBound', lowerBound);
  const upper = upperBound === undefined ? Infinity : check.number('upperBound', upperBound);
  const trigger = check.number('withinBoundsTrigger', options.withinBoundsTrigger ?? 5, {
    integer: true,
  });
  const given = [delta, percentage, value].filter((one) => one !== undefined);
  if (given.length !== 1) check.refuse('delta', 'the one of delta, percentage and value', given);
  if (delta !== undefined) check.number('delta', delta, { integer: true });
  if (percentage !== undefined) check.number('percentage', percentage);
  if (value !== undefined) check.number('value', value, { min: 0, integer: true });
  return (series, count) => {
    let within = 0;
    for (let i = 0; i < series.length; i++) {
      const point = series[i] as number;
      if (point >= lower && point < upper) within++;
    }
    if (within < trigger) return none(count);
    const wanted = value ?? (delta === undefined ? percent(count, percentage ?? 0) : count + delta);
    return towards(count, Math.max(0, wanted), 'metric is within bounds');
  };
}

function percent(count: number, percentage: number): number {
  return Math.ceil(count * (1 + percentage / 100));
}

function latest(series: ArrayLike<number>): number {
  return series[series.length - 1] ?? NaN;
}

function none(count: number): NomadAction {
  return { direction: 'none', count, reason: '' };
}

function towards(count: number, wanted: number, cause: string): NomadAction {
  if (wanted === count || Number.isNaN(wanted)) return none(count);
  const direction = wanted > count ? 'up' : 'down';
  return { direction, count: wanted, reason: `scaling ${direction} because ${cause}` };
}

function stepped(count: number, wanted: number, { maxScaleUp, maxScaleDown }: NomadStep): number {
  const most = maxScaleUp === undefined ? Infinity : count + maxScaleUp;
  const least = maxScaleDown === undefined ? -Infinity : count - maxScaleDown;
  return Math.min(most, Math.max(least, wanted));
}

function checkStep(check: OptionChecks, step: NomadStep): NomadStep {
  const whole = { min: 0, integer: true };
  if (step.maxScaleUp !== undefined) check.number('maxScaleUp', step.maxScaleUp, whole);
  if (step.maxScaleDown !== undefined) check.number('maxScaleDown', step.maxScaleDown, whole);
  return step;
}

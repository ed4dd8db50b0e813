/**
 * Thresholds: out when any metric is above its upper threshold, in when all are below their lower one.
 *
 * The gap between the two is the dead band. Steps are shares of the fleet, so that a large fleet does
 * not crawl. Pair it with `coolDown`, or with the default stages.
 */

import { optionChecks } from '../../core/index.ts';
import { requireObject } from '../plug-ins.ts';
import { show } from '../decision.ts';
import type { Proposal, ScalingPolicy } from '../ports.ts';
import { hasValue } from '../sample.ts';

/** The two thresholds of a metric, in its own unit; `in` below `out`. */
export interface ThresholdPair {
  readonly out: number;
  readonly in: number;
}

/** How much one decision adds or takes: the greater of the two. */
export interface ThresholdStep {
  /** Whole number of 1 or more. @default 1 */
  readonly units?: number;
  /** Share of the fleet; 0 or more. @default 0 */
  readonly ratio?: number;
}

export interface ThresholdOptions {
  /** Thresholds by metric; at least one. */
  readonly metrics: Readonly<Record<string, ThresholdPair>>;
  /** @default { units: 1, ratio: 0.5 } */
  readonly stepOut?: ThresholdStep;
  /** @default { units: 1, ratio: 0.1 } */
  readonly stepIn?: ThresholdStep;
}

/**
 * Makes the policy.
 *
 * @throws OptionError (`ERR_OPTION`) when a lower threshold is not below the upper one
 */
export function threshold(options: ThresholdOptions): ScalingPolicy {
  const check = optionChecks('threshold');
  check.known(options, ['metrics', 'stepOut', 'stepIn']);
  requireObject(check, 'metrics', options.metrics);
  const pairs = Object.entries(options.metrics);
  if (pairs.length === 0) check.refuse('metrics', 'at least one metric', options.metrics);
  for (const [name, pair] of pairs) {
    requireObject(check, `metrics.${name}`, pair);
    check.number(`metrics.${name}.out`, pair.out);
    check.number(`metrics.${name}.in`, pair.in);
    if (pair.in >= pair.out) check.refuse(`metrics.${name}.in`, `below out (${pair.out})`, pair.in);
  }
  const step = (name: 'stepOut' | 'stepIn', ratio: number): Required<ThresholdStep> => ({
    units: check.count(`${name}.units`, options[name]?.units ?? 1),
    ratio: check.nonNegative(`${name}.ratio`, options[name]?.ratio ?? ratio),
  });
  const stepOut = step('stepOut', 0.5);
  const stepIn = step('stepIn', 0.1);

  return {
    propose(situation): Proposal {
      const { current, ready } = situation.fleet;
      let seen = 0;
      let low = 0;
      let doubtful = false;
      for (const [name, pair] of pairs) {
        const sample = situation.sample(name);
        if (sample.quality !== 'fresh') doubtful = true;
        if (!hasValue(sample)) continue;
        seen++;
        if (sample.value > pair.out) {
          const why = `${name} ${show(sample.value)} is above ${show(pair.out)}`;
          // Units that are starting are the last step's; they count before another is taken.
          return { desired: Math.max(current, ready + sizeOf(stepOut, ready)), why };
        }
        if (sample.value < pair.in) low++;
      }
      if (seen === 0) return { desired: undefined, why: 'no metric has a value' };
      if (low < pairs.length)
        return { desired: current, why: 'between thresholds', holdsIn: doubtful };
      const desired = Math.max(0, current - sizeOf(stepIn, current));
      return { desired, why: 'every metric is below its lower threshold', holdsIn: doubtful };
    },
  };
}

function sizeOf({ units, ratio }: Required<ThresholdStep>, current: number): number {
  return Math.max(units, Math.ceil(current * ratio));
}

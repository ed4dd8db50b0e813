/** The one place where a balancer's options are checked. */

import type { Call, OptionChecks, Runtime } from '../core/index.ts';
import { optionChecks, systemRuntime } from '../core/index.ts';
import type { FullEndpoint } from './endpoint-record.ts';
import { fullEndpoints } from './endpoint-record.ts';
import type { HealthRules } from './health-checks.ts';
import { healthRules } from './health-checks.ts';
import type { OutlierRules } from './outlier-watch.ts';
import { outlierRules } from './outlier-watch.ts';
import type { PlanRules } from './plan.ts';
import { ewma } from './policies/ewma.ts';
import type { BalancePolicy } from './policy.ts';
import type { SlowStartOptions } from './slow-start.ts';
import type { SubsetOptions } from './subset.ts';
import { checkedSubset } from './subset.ts';
import type { BalancerOptions, Needs, RouteFilter, RunOptions } from './types.ts';
import type { StickyOptions, Verdict } from './types.ts';

/** Checked and complete. */
export interface BalancerRules<T> {
  readonly name: string;
  readonly runtime: Runtime;
  readonly endpoints: readonly FullEndpoint<T>[];
  readonly policy: BalancePolicy;
  readonly memoryMs: number;
  readonly classify: (detail: unknown, outcome: 'success' | 'failure') => Verdict;
  readonly qualityOf: ((detail: unknown, call: Call) => number | undefined) | undefined;
  readonly slowStart: Required<SlowStartOptions> | undefined;
  readonly outliers: OutlierRules | undefined;
  readonly health: HealthRules<T> | undefined;
  readonly plan: PlanRules;
  readonly subset: SubsetOptions | undefined;
  readonly sticky: Required<StickyOptions> | undefined;
  readonly needs: ((kind: string | undefined) => Needs | undefined) | undefined;
  readonly filters: readonly RouteFilter<T>[];
  readonly run: RunRules;
}

/** How calls are attempted, checked. */
export interface RunRules {
  readonly retryOn: RunOptions['retryOn'];
  readonly attempts: number;
  readonly hedge: RunOptions['hedge'];
}

const RUN = ['retryOn', 'attempts', 'hedge'] as const;

const KNOWN = [
  ...(['endpoints', 'policy', 'memoryMs', 'classify', 'qualityOf', 'slowStart'] as const),
  ...(['outliers', 'health', 'panicRatio', 'inPanic', 'overprovisioning', 'locality'] as const),
  ...(['subset', 'sticky', 'needs', 'filters', 'name', 'runtime'] as const),
  ...RUN,
] as const;

export function balancerRules<T>(options: BalancerOptions<T>): BalancerRules<T> {
  const check = optionChecks('balancer');
  check.known(options, KNOWN);
  const { policy = ewma(), endpoints = [] } = options;
  if (typeof policy?.start !== 'function') {
    check.refuse('policy', 'a policy such as ewma()', policy);
  }
  return {
    ...{ policy, runtime: options.runtime ?? systemRuntime() },
    name: check.text('name', options.name ?? 'balancer'),
    endpoints: fullEndpoints(check, 'endpoints', endpoints, new Set()),
    memoryMs: check.positive('memoryMs', options.memoryMs ?? 5_000),
    classify: check.callable('classify', options.classify ?? byStatus),
    qualityOf: options.qualityOf && check.callable('qualityOf', options.qualityOf),
    ...lifeRules(check, options),
    plan: planRules(check, options),
    sticky: options.sticky && stickyRules(check, options.sticky),
    needs: options.needs && check.callable('needs', options.needs),
    filters: filterRules(check, options.filters ?? []),
    run: runRules(check, options, NO_ATTEMPTS),
  };
}

/** How endpoints come, are watched and go. */
function lifeRules<T>(
  check: OptionChecks,
  { slowStart, outliers = {}, health, subset }: BalancerOptions<T>,
): Pick<BalancerRules<T>, 'slowStart' | 'outliers' | 'health' | 'subset'> {
  return {
    slowStart: slowStart && slowStartRules(check, slowStart),
    outliers: outliers === false ? undefined : outlierRules(check, outliers),
    health: health && healthRules(check, health),
    subset: subset && checkedSubset(check, subset),
  };
}

function stickyRules(check: OptionChecks, sticky: StickyOptions): Required<StickyOptions> {
  optionChecks('balancer.sticky').known(sticky, ['idleMs', 'sessions']);
  return {
    idleMs: check.durationMs('sticky.idleMs', sticky.idleMs ?? 3_600_000),
    sessions: check.count('sticky.sessions', sticky.sessions ?? 100_000),
  };
}

function filterRules<T>(
  check: OptionChecks,
  filters: readonly RouteFilter<T>[],
): readonly RouteFilter<T>[] {
  const given: unknown = filters;
  if (!Array.isArray(given)) check.refuse('filters', 'a list of filters', given);
  filters.forEach((filter, at) => {
    check.text(`filters[${at}].name`, filter.name);
    if (typeof filter.keep !== 'function') {
      check.refuse(`filters[${at}].keep`, 'a function', filter);
    }
  });
  return filters;
}

const NO_ATTEMPTS: RunRules = { retryOn: undefined, attempts: 2, hedge: undefined };

/** How one call is attempted: as it says, else as the balancer says. */
export function runRules(check: OptionChecks, options: RunOptions, otherwise: RunRules): RunRules {
  const { retryOn = otherwise.retryOn, hedge = otherwise.hedge } = options;
  if (hedge !== undefined && typeof hedge.run !== 'function') {
    check.refuse('hedge', 'a policy', hedge);
  }
  return {
    retryOn: retryOn && check.callable('retryOn', retryOn),
    attempts: check.count('attempts', options.attempts ?? otherwise.attempts),
    hedge,
  };
}

/** Checks the options of one `run`. */
export function ownRunRules(options: RunOptions, otherwise: RunRules): RunRules {
  const check = optionChecks('balancer.run');
  check.known(options, RUN);
  return runRules(check, options, otherwise);
}

function planRules<T>(check: OptionChecks, options: BalancerOptions<T>): PlanRules {
  const { locality, inPanic = 'all', overprovisioning = 1.4, panicRatio = 0.5 } = options;
  if (locality !== undefined && typeof locality.shares !== 'function') {
    check.refuse('locality', 'a locality such as nearest(…)', locality);
  }
  return {
    panicRatio: check.ratio('panicRatio', panicRatio),
    inPanic: check.oneOf('inPanic', inPanic, ['all', 'refuse']),
    overprovisioning: check.number('overprovisioning', overprovisioning, { min: 1 }),
    locality,
  };
}

function slowStartRules(
  check: OptionChecks,
  options: SlowStartOptions,
): Required<SlowStartOptions> {
  optionChecks('balancer.slowStart').known(options, ['windowMs', 'aggression', 'minWeightRatio']);
  const least = options.minWeightRatio ?? 0.1;
  return {
    windowMs: check.positive('slowStart.windowMs', options.windowMs ?? 30_000),
    aggression: check.positive('slowStart.aggression', options.aggression ?? 1),
    minWeightRatio: check.number('slowStart.minWeightRatio', least, { min: 0.001, max: 1 }),
  };
}

/** A response that says the server failed is a failure, though fetch does not throw. */
function byStatus(detail: unknown, outcome: 'success' | 'failure'): Verdict {
  if (outcome === 'failure' || typeof detail !== 'object' || detail === null) return outcome;
  const { status } = detail as { readonly status?: unknown };
  return typeof status === 'number' && status >= 500 ? 'failure' : 'success';
}

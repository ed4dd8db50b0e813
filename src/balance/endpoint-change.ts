/** A change of endpoints, checked as a whole before any of it is made. */

import type { OptionChecks } from '../core/index.ts';
import { optionChecks } from '../core/index.ts';
import type { EndpointRecord, FullEndpoint } from './endpoint-record.ts';
import { checkedWeight, fullEndpoints } from './endpoint-record.ts';
import type { Fleet } from './fleet.ts';
import type { OutlierRules } from './outlier-watch.ts';
import { outlierRules } from './outlier-watch.ts';
import type { BalancerChange } from './types.ts';

/** What is to be done. */
export interface CheckedChange<T> {
  /** The whole list from now on; undefined: as it is. */
  readonly whole: readonly FullEndpoint<T>[] | undefined;
  readonly coming: readonly FullEndpoint<T>[];
  readonly going: readonly EndpointRecord<T>[];
  readonly weights: readonly (readonly [EndpointRecord<T>, number])[];
  /** Undefined: as they are. */
  readonly outliers: OutlierRules | false | undefined;
}

/** @throws OptionError for the first thing that is wrong */
export function checkedChange<T>(change: BalancerChange<T>, fleet: Fleet<T>): CheckedChange<T> {
  const check = optionChecks('balancer.update');
  check.known(change, ['endpoints', 'add', 'remove', 'reweight', 'outliers']);
  const { endpoints, add = [], remove = [], outliers } = change;
  const whole = endpoints && fullEndpoints(check, 'endpoints', endpoints, new Set());
  const named = new Set(whole?.map(({ id }) => id) ?? fleet.byId.keys());
  const leaving: unknown = remove;
  if (!Array.isArray(leaving)) check.refuse('remove', 'a list of ids', leaving);
  return {
    whole,
    coming: fullEndpoints(check, 'add', add, named),
    going: remove.map((id) => fleet.known(check, 'remove', id)),
    weights: change.reweight === undefined ? [] : checkedWeights(check, change.reweight, fleet),
    outliers: outliers && outlierRules(check, outliers),
  };
}

function checkedWeights<T>(
  check: OptionChecks,
  reweight: Readonly<Record<string, number>>,
  fleet: Fleet<T>,
): CheckedChange<T>['weights'] {
  const given: unknown = reweight;
  if (typeof given !== 'object' || given === null) {
    check.refuse('reweight', 'an object of weights by id', given);
  }
  return Object.entries(reweight).map(([id, weight]) => [
    fleet.known(check, 'reweight', id),
    checkedWeight(check, `reweight.${id}`, weight),
  ]);
}

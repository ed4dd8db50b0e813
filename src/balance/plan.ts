/**
 * Where load goes as long as nothing changes: groups of endpoints (a priority, well or degraded, in a
 * zone) with the share each gets. Made anew when endpoints, health or weights change, so that a pick
 * draws a group and has its candidates ready.
 */

import { candidateSet } from './candidates.ts';
import type { EndpointRecord } from './endpoint-record.ts';
import type { Locality } from './locality.ts';
import type { Candidates } from './policy.ts';
import type { PriorityRules } from './priority-loads.ts';
import { priorityLoads } from './priority-loads.ts';

/** Endpoints that share one part of the load. */
export interface Group {
  /** Share of the load, 0–1. */
  readonly share: number;
  readonly among: Candidates;
}

export interface Plan {
  /** Their shares sum to 1; none where nobody can serve. */
  readonly groups: readonly Group[];
  /** Those without a share, who take what nobody with one can: later priorities, farther zones. */
  readonly spare: readonly Candidates[];
  readonly isPanicking: boolean;
  /** Whether a `maxInFlight` must be kept to. */
  readonly isLimited: boolean;
}

export interface PlanRules extends PriorityRules {
  readonly inPanic: 'all' | 'refuse';
  readonly locality: Locality | undefined;
}

/**
 * @param records those that may serve, well or not
 * @param weight by slot
 */
export function planOf<T>(
  records: readonly EndpointRecord<T>[],
  weight: Float64Array,
  rules: PlanRules,
): Plan {
  const levels = [...grouped(records, ({ endpoint }) => endpoint.priority)]
    .sort(([a], [b]) => a - b)
    .map(([, level]) => level);
  const loads = priorityLoads(
    levels.map((level) => ({
      hosts: capacityOf(level),
      healthy: capacityOf(level.filter((one) => one.isWell)),
      degraded: capacityOf(level.filter((one) => one.isFrail)),
      excluded: capacityOf(level.filter((one) => one.health === 'unknown')),
    })),
    rules,
  );
  const well = levels.flatMap((level, at): Part<T>[] => {
    const share = loads.healthy[at]! / 100;
    if (loads.panic[at] === true) {
      return rules.inPanic === 'refuse' ? [] : [{ share, records: level }];
    }
    return zoned({ share, records: level.filter((one) => one.isWell) }, level, rules.locality);
  });
  const frail = levels.flatMap((level, at): Part<T>[] => {
    if (loads.panic[at] === true) return [];
    const share = loads.degraded[at]! / 100;
    return [{ share, records: level.filter((one) => one.isFrail) }];
  });
  const parts = [...well, ...frail].filter((part) => part.records.length > 0);
  const used = parts.filter(({ share }) => share > 0);
  const total = used.reduce((sum, { share }) => sum + share, 0);
  const among = (part: Part<T>): Candidates =>
    candidateSet(
      part.records.map(({ slot }) => slot),
      weight,
    );
  return {
    groups: used.map((part) => ({ share: part.share / total, among: among(part) })),
    spare: parts.filter(({ share }) => !(share > 0)).map(among),
    isPanicking: loads.panic.some(Boolean),
    isLimited: records.some(({ endpoint }) => endpoint.maxInFlight !== Infinity),
  };
}

interface Part<T> {
  readonly share: number;
  readonly records: readonly EndpointRecord<T>[];
}

/** Divides a part of the load among zones. */
function zoned<T>(
  part: Part<T>,
  level: readonly EndpointRecord<T>[],
  locality: Locality | undefined,
): Part<T>[] {
  if (locality === undefined || part.records.length === 0) return [part];
  const place = ({ endpoint }: EndpointRecord<T>): string =>
    JSON.stringify([endpoint.zone, endpoint.region]);
  const here = grouped(level, place);
  const well = grouped(part.records, place);
  const places = [...here.keys()];
  const shares = locality.shares(
    places.map((key) => {
      const all = here.get(key)!;
      const healthy = well.get(key) ?? [];
      const { zone, region } = all[0]!.endpoint;
      return {
        ...{ zone, region, endpoints: all.length, healthy: healthy.length },
        ...{ capacity: capacityOf(all), healthyCapacity: capacityOf(healthy) },
      };
    }),
  );
  if (shares === undefined) return [part];
  const parts = places.map((key, at) => ({
    share: part.share * shares[at]!,
    records: well.get(key) ?? [],
  }));
  return locality.isStrict === true ? parts.filter((_, at) => shares[at]! > 0) : parts;
}

/** What endpoints can take together: the sum of their weights as given and reported. */
function capacityOf<T>(records: readonly EndpointRecord<T>[]): number {
  return records.reduce((sum, { endpoint, capacity }) => sum + endpoint.weight * capacity, 0);
}

/** The group that `drawn`, 0 to below 1, falls to. */
export function groupOf(plan: Plan, drawn: number): Group {
  const { groups } = plan;
  let left = drawn;
  for (let at = 0; at < groups.length - 1; at++) {
    left -= groups[at]!.share;
    if (left < 0) return groups[at]!;
  }
  return groups.at(-1)!;
}

function grouped<V, K>(values: readonly V[], keyOf: (value: V) => K): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}

/** What a balancer says of itself: snapshots and explanations. */

import type { Call } from '../core/index.ts';
import { jainIndex, peakToMean } from '../model/index.ts';
import type { EndpointRecord } from './endpoint-record.ts';
import type { Fleet } from './fleet.ts';
import type { Chooser } from './policy.ts';
import type { Router } from './router.ts';
import type { EndpointState } from './endpoint.ts';
import type { BalanceFigures, EndpointReason, EndpointSnapshot } from './types.ts';

export function endpointSnapshot<T>(fleet: Fleet<T>, record: EndpointRecord<T>): EndpointSnapshot {
  const { slot, endpoint, state } = record;
  return {
    id: endpoint.id,
    state,
    zone: endpoint.zone,
    priority: endpoint.priority,
    weight: fleet.weight[slot]!,
    inFlight: fleet.active[slot]!,
    sessions: record.sessions.size,
    calls: fleet.calls[slot]!,
    failures: record.failures,
    latencyMs: fleet.latencyMs[slot]!,
    errorRatio: fleet.errorRatio[slot]!,
    ejections: record.ejections,
  };
}

/** How evenly loads lie; even, where there is nothing to compare. */
export function balanceOf(loads: readonly number[]): BalanceFigures {
  if (loads.length === 0) return { peakToMean: 1, jain: 1 };
  return { peakToMean: peakToMean(loads), jain: jainIndex(loads) };
}

export interface Explained<T> {
  readonly fleet: Fleet<T>;
  readonly chooser: Chooser;
  readonly router: Router<T>;
}

/** Every endpoint for this call, the preferred first, those that cannot be chosen last. */
export function reasons<T>(
  { fleet, chooser, router }: Explained<T>,
  call: Call,
  now: number,
): EndpointReason[] {
  const { groups } = router.planFor(call.kind);
  const all = [...fleet.byId.values()].map((record): EndpointReason => {
    const group = groups.find(({ among }) => among.has(record.slot));
    const { state } = record;
    const excludedBy = router.obstacle(record, call) ?? (group === undefined ? state : undefined);
    const share = group === undefined || excludedBy !== undefined ? 0 : group.share;
    const reason =
      excludedBy === undefined ? chooser.explain(record.slot, group!.among, call, now) : undefined;
    return { id: record.id, state, share, excludedBy, reason };
  });
  const rank = ({ reason }: EndpointReason): number => reason?.cost ?? Infinity;
  return all.sort((a, b) => b.share - a.share || compare(rank(a), rank(b)));
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

/** Why no endpoint can serve a call. */
export function whyNobody(states: readonly EndpointState[]): string {
  if (states.length === 0) return 'there are no endpoints';
  const counts = [...new Set(states)].map(
    (state) => `${states.filter((one) => one === state).length} ${state}`,
  );
  return `no endpoint can serve the call: ${counts.join(', ')}`;
}

/** When the first ejection ends, ms from now; 0 where there is none. */
export function returnsAfterMs<T>(records: readonly EndpointRecord<T>[], now: number): number {
  const ends = records.flatMap(({ ejectedUntil }) => (ejectedUntil > now ? [ejectedUntil] : []));
  return ends.length === 0 ? 0 : Math.min(...ends) - now;
}

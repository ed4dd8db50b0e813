/**
 * How load spills from one priority to the next, and when health is ignored.
 *
 * Source: Envoy, priority levels, overprovisioning and panic threshold, in its whole percents: what the
 * levels lack to 100 goes to the first one that can take it.
 */

/** One priority, as numbers of endpoints or sums of their weights. */
export interface PriorityLevel {
  /** All endpoints that count; those in `excluded` are taken off. */
  readonly hosts: number;
  readonly healthy: number;
  /** Answering, but asked to be used last. @default 0 */
  readonly degraded?: number;
  /** Endpoints that count for nothing, such as those not checked yet. @default 0 */
  readonly excluded?: number;
}

/** Load by priority, in whole percents that sum to 100, or to 0 where nobody can take any. */
export interface PriorityLoads {
  readonly healthy: readonly number[];
  readonly degraded: readonly number[];
  /** Priorities in which so few are well that all are used. */
  readonly panic: readonly boolean[];
}

export interface PriorityRules {
  /** How much more than its share the healthy part of a priority can take, 1 or more. */
  readonly overprovisioning: number;
  /** Part of the endpoints, 0–1, below which health is ignored; 0: it never is. */
  readonly panicRatio: number;
}

export function priorityLoads(
  levels: readonly PriorityLevel[],
  { overprovisioning, panicRatio }: PriorityRules,
): PriorityLoads {
  const percent = Math.round(100 * overprovisioning);
  const able = (level: PriorityLevel, part: number): number =>
    Math.min(100, whole((percent * part) / hostsOf(level)) || 0);
  const health = levels.map((level) => able(level, level.healthy));
  const frailty = levels.map((level) => able(level, level.degraded ?? 0));
  const total = Math.min(100, sum(health) + sum(frailty));
  const panic = levels.map(
    (level) => panicRatio > 0 && total < 100 && wellRatio(level) < panicRatio,
  );
  const none = levels.map(() => 0);
  if (panicRatio > 0 && panic.every(Boolean)) {
    return { healthy: byHosts(levels), degraded: none, panic };
  }
  if (total === 0) return { healthy: none, degraded: none, panic };
  let left = 100;
  const share = (ability: number): number => {
    const taken = Math.min(left, Math.floor((ability * 100) / total));
    left -= taken;
    return taken;
  };
  const healthy = health.map(share);
  const degraded = frailty.map(share);
  const rest = healthy.some((load) => load > 0) ? healthy : degraded;
  rest[rest.findIndex((load) => load > 0)]! += left;
  return { healthy, degraded, panic };
}

function hostsOf({ hosts, excluded = 0 }: PriorityLevel): number {
  return hosts - excluded;
}

function wellRatio(level: PriorityLevel): number {
  return (level.healthy + (level.degraded ?? 0)) / hostsOf(level) || 0;
}

/** Nobody knows anything any more: load goes by numbers. */
function byHosts(levels: readonly PriorityLevel[]): number[] {
  const hosts = levels.map((level) => level.hosts);
  const all = sum(hosts);
  const loads = hosts.map((count) => whole((100 * count) / all) || 0);
  const first = hosts.findIndex((count) => count > 0);
  if (first >= 0) loads[first]! += 100 - sum(loads);
  return loads;
}

/** Rounded down, but not for what sums of weights such as 0.1 lack to a whole number. */
function whole(value: number): number {
  return Math.floor(value + 1e-9);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

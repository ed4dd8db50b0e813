/**
 * The replica calculator of Kubernetes' Horizontal Pod Autoscaler v2, exactly.
 *
 * Source: kubernetes/kubernetes, pkg/controller/podautoscaler/replica_calculator.go (2026). Quantities
 * are whole thousandths there and here, and divisions drop the remainder where they do there. Missing
 * pods count as busy before the fleet shrinks and as idle before it grows; unready ones as idle.
 */

import type { Unit } from '../ports.ts';
import { isFigure } from '../sample.ts';

/** Off by so much, as a share of the target, and nothing changes; both bounds included. */
export interface HpaTolerance {
  readonly scaleUp: number;
  readonly scaleDown: number;
}

/** The pods of a metric that is kept per pod. */
export interface PodUsage {
  readonly units: readonly Unit[];
  /** Usage per pod in the order of `units`, NaN when the pod has no sample; rounded up to thousandths. */
  readonly values: ArrayLike<number>;
  /** When each sample was taken, in ms; undefined: all `at`. */
  readonly times: ArrayLike<number> | undefined;
  readonly at: number;
  readonly windowMs: number;
  /** True when every pod runs and stays, so that their phases need not be looked at. */
  readonly isSteady: boolean;
}

/** What the calculator needs besides a metric. */
export interface HpaContext {
  readonly now: number;
  readonly currentReplicas: number;
  readonly tolerance: HpaTolerance;
  readonly cpuInitializationPeriodMs: number;
  readonly initialReadinessDelayMs: number;
}

/** A count, or why there is none. */
export type ReplicaCount =
  | { readonly replicas: number; readonly utilizationPercent?: number; readonly usageMilli: number }
  | { readonly error: string };

/** How a pod enters the calculation. */
export type PodGroup = 'ready' | 'unready' | 'missing' | 'ignored';

/** Puts a pod into its group. Only CPU samples are distrusted while a pod starts. */
export function groupOf(
  index: number,
  pods: PodUsage,
  cpu: boolean,
  context: HpaContext,
): PodGroup {
  const pod = pods.units[index] as Unit;
  if (pod.draining === true || pod.phase === 'failed') return 'ignored';
  if (pod.phase === 'starting') return 'unready';
  if (!isFigure(pods.values[index])) return 'missing';
  if (!cpu) return 'ready';
  const sampledAt = pods.times?.[index] ?? pods.at;
  return distrusted(pod, sampledAt, pods.windowMs, context) ? 'unready' : 'ready';
}

function distrusted(pod: Unit, sampledAt: number, windowMs: number, context: HpaContext): boolean {
  const { ready, startedAt, readyChangedAt = -Infinity } = pod;
  if (ready === undefined || startedAt === undefined) return true;
  if (startedAt + context.cpuInitializationPeriodMs > context.now) {
    return !ready || sampledAt < readyChangedAt + windowMs;
  }
  return !ready && startedAt + context.initialReadinessDelayMs > readyChangedAt;
}

/** Sums over the pods of one metric, by group. */
interface Sums {
  usage: number;
  requests: number;
  counted: number;
  missing: number;
  missingRequests: number;
  /** What missing pods use if they use what a shrinking fleet must assume. */
  missingUsage: number;
  unready: number;
  unreadyRequests: number;
}

/** A resource (CPU, memory) against the pods' requests. */
export function resourceReplicas(
  pods: PodUsage,
  resource: string,
  targetUtilizationPercent: number,
  context: HpaContext,
): ReplicaCount {
  const sums = sumsOf(pods, resource, Math.max(100, targetUtilizationPercent), context);
  if (Number.isNaN(sums.requests)) return { error: `a pod has no request for ${resource}` };
  if (sums.counted === 0) return { error: 'no metrics for pods that are ready' };
  if (sums.requests === 0) return { error: 'no metrics returned matched known pods' };
  const percent = (usage: number, requests: number): number => Math.trunc((usage * 100) / requests);
  const ratio = (usage: number, requests: number): number =>
    percent(usage, requests) / targetUtilizationPercent;
  return {
    replicas: replicasFor(sums, ratio, context),
    utilizationPercent: percent(sums.usage, sums.requests),
    usageMilli: Math.trunc(sums.usage / sums.counted),
  };
}

/** A metric per pod, or a resource without its requests, against an average. */
export function averageReplicas(
  pods: PodUsage,
  resource: string | undefined,
  targetMilli: number,
  context: HpaContext,
): ReplicaCount {
  const sums = sumsOf(pods, undefined, targetMilli * 100, context, resource === 'cpu');
  if (sums.counted === 0) return { error: 'no metrics for pods that are ready' };
  const ratio = (usage: number, pods: number): number => Math.trunc(usage / pods) / targetMilli;
  return {
    replicas: replicasFor(sums, ratio, context),
    usageMilli: Math.trunc(sums.usage / sums.counted),
  };
}

/** One value of an object or an external system against a target value. */
export function valueReplicas(
  usageMilli: number,
  targetMilli: number,
  readyPods: number,
  context: HpaContext,
): ReplicaCount {
  const ratio = usageMilli / targetMilli;
  const { currentReplicas } = context;
  if (currentReplicas === 0) return { replicas: Math.ceil(ratio), usageMilli };
  if (isWithin(ratio, context.tolerance)) return { replicas: currentReplicas, usageMilli };
  return { replicas: Math.ceil(ratio * readyPods), usageMilli };
}

/** One value of an object or an external system, shared out among the pods. */
export function sharedReplicas(
  usageMilli: number,
  targetPerPodMilli: number,
  statusReplicas: number,
  context: HpaContext,
): ReplicaCount {
  const ratio = usageMilli / (targetPerPodMilli * statusReplicas);
  const replicas = isWithin(ratio, context.tolerance)
    ? statusReplicas
    : Math.ceil(usageMilli / targetPerPodMilli);
  return { replicas, usageMilli: Math.ceil(usageMilli / statusReplicas) };
}

/** Pods that run and are ready; what a target value is multiplied by. */
export function readyPods(units: readonly Unit[]): number {
  let count = 0;
  for (const { phase, ready } of units) {
    if ((phase === undefined || phase === 'running') && ready === true) count++;
  }
  return count;
}

/**
 * Adds up the groups. Without a resource every pod counts as one, and usage is an average; `requests`
 * is NaN when a pod requests nothing.
 *
 * @param assumedPercent what a missing pod uses while the fleet shrinks, in per cent of its request
 */
function sumsOf(
  pods: PodUsage,
  resource: string | undefined,
  assumedPercent: number,
  context: HpaContext,
  cpu: boolean = resource === 'cpu',
): Sums {
  if (pods.isSteady && resource === undefined && !cpu) return steadySums(pods, assumedPercent);
  let [usage, requests, counted, missing, missingRequests] = [0, 0, 0, 0, 0];
  let [missingUsage, unready, unreadyRequests] = [0, 0, 0];
  const { units, values } = pods;
  for (let i = 0; i < units.length; i++) {
    const request = resource === undefined ? 1 : requestOf(units[i] as Unit, resource);
    if (Number.isNaN(request)) requests = NaN;
    const group = groupOf(i, pods, cpu, context);
    if (group === 'ready') {
      usage += toMilli(values[i] as number);
      requests += request;
      counted++;
    } else if (group === 'missing') {
      missing++;
      missingRequests += request;
      missingUsage += Math.trunc((request * assumedPercent) / 100);
    } else if (group === 'unready') {
      unready++;
      unreadyRequests += request;
    }
  }
  return {
    usage,
    requests,
    counted,
    missing,
    missingRequests,
    missingUsage,
    unready,
    unreadyRequests,
  };
}

/** The same where only the figures differ: the loop that a large fleet spends its time in. */
function steadySums({ units, values }: PodUsage, assumedPercent: number): Sums {
  let usage = 0;
  let counted = 0;
  const known = Math.min(values.length, units.length);
  for (let i = 0; i < known; i++) {
    const value = values[i] as number;
    if (!isFigure(value)) continue;
    usage += toMilli(value);
    counted++;
  }
  const missing = units.length - counted;
  return {
    usage,
    requests: counted,
    counted,
    missing,
    missingRequests: missing,
    missingUsage: missing * Math.trunc(assumedPercent / 100),
    unready: 0,
    unreadyRequests: 0,
  };
}

/** Whether every pod runs and stays. */
export function areSteady(units: readonly Unit[]): boolean {
  for (const { phase, draining } of units) {
    if (draining === true || (phase !== undefined && phase !== 'running')) return false;
  }
  return true;
}

type Ratio = (usage: number, requests: number) => number;

function replicasFor(sums: Sums, ratioOf: Ratio, context: HpaContext): number {
  const { currentReplicas, tolerance } = context;
  const ratio = ratioOf(sums.usage, sums.requests);
  const growsWithUnready = sums.unready > 0 && ratio > 1;
  if (!growsWithUnready && sums.missing === 0) {
    return isWithin(ratio, tolerance) ? currentReplicas : Math.ceil(ratio * sums.counted);
  }
  const { usage, requests, counted } = filled(sums, ratio);
  const cautious = ratioOf(usage, requests);
  if (isWithin(cautious, tolerance) || areOpposed(ratio, cautious)) return currentReplicas;
  const replicas = Math.ceil(cautious * counted);
  return areOpposed(cautious, replicas / currentReplicas) ? currentReplicas : replicas;
}

/** The sums with the figures of pods that have none filled in, against the direction of the ratio. */
function filled(sums: Sums, ratio: number): Pick<Sums, 'usage' | 'requests' | 'counted'> {
  let { usage, requests, counted } = sums;
  if (ratio !== 1) {
    usage += ratio < 1 ? sums.missingUsage : 0;
    requests += sums.missingRequests;
    counted += sums.missing;
  }
  if (ratio > 1) {
    requests += sums.unreadyRequests;
    counted += sums.unready;
  }
  return { usage, requests, counted };
}

/** True when one is above 1 and the other below. */
function areOpposed(a: number, b: number): boolean {
  return (a < 1 && b > 1) || (a > 1 && b < 1);
}

function isWithin(ratio: number, { scaleUp, scaleDown }: HpaTolerance): boolean {
  return 1 - scaleDown <= ratio && ratio <= 1 + scaleUp;
}

function requestOf(pod: Unit, resource: string): number {
  const request = pod.requests?.[resource];
  return request === undefined ? NaN : toMilli(request);
}

/** A quantity as whole thousandths, rounded up as Kubernetes does, but not for the last bits. */
export function toMilli(quantity: number): number {
  const milli = quantity * 1000;
  return Math.ceil(milli - 1e-9 - 1e-15 * milli) + 0;
}

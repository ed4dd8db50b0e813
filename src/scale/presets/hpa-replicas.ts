/**
 * The replica calculator of Kubernetes' Horizontal Pod Autoscaler v2, exactly.
 *
 * Source: kubernetes/kubernetes, pkg/controller/podautoscaler/replica_calculator.go (2026). Quantities
 * are whole thousandths there and here, and divisions drop the remainder where they do there. Missing
 * pods count as busy before the fleet shrinks and as idle before it grows; unready ones as idle.
 */

import type { Unit } from '../ports.ts';

/** Off by so much, as a share of the target, and nothing changes; both bounds included. */
export interface HpaTolerance {
  readonly scaleUp: number;
  readonly scaleDown: number;
}

/** The pods of a metric that is kept per pod. */
export interface PodUsage {
  readonly units: readonly Unit[];
  /** Usage per pod, in thousandths, in the order of `units`; NaN when the pod has no sample. */
  readonly usageMilli: ArrayLike<number>;
  /** When each sample was taken, in ms. */
  readonly sampledAt: (index: number) => number;
  readonly windowMs: number;
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
  if (Number.isNaN(pods.usageMilli[index] ?? NaN)) return 'missing';
  return cpu && distrusted(pod, pods.sampledAt(index), pods.windowMs, context)
    ? 'unready'
    : 'ready';
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
  const fallbackPercent = Math.max(100, targetUtilizationPercent);
  const sums = emptySums();
  for (let i = 0; i < pods.units.length; i++) {
    const request = requestOf(pods.units[i] as Unit, resource);
    if (Number.isNaN(request)) return { error: `a pod has no request for ${resource}` };
    const group = groupOf(i, pods, resource === 'cpu', context);
    const usage = pods.usageMilli[i] as number;
    count(sums, group, usage, request, Math.trunc((request * fallbackPercent) / 100));
  }
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
  const sums = emptySums();
  for (let i = 0; i < pods.units.length; i++) {
    const group = groupOf(i, pods, resource === 'cpu', context);
    count(sums, group, pods.usageMilli[i] as number, 1, targetMilli);
  }
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

function emptySums(): Sums {
  return {
    usage: 0,
    requests: 0,
    counted: 0,
    missing: 0,
    missingRequests: 0,
    missingUsage: 0,
    unready: 0,
    unreadyRequests: 0,
  };
}

function count(sums: Sums, group: PodGroup, usage: number, request: number, assumed: number): void {
  if (group === 'ready') {
    sums.usage += usage;
    sums.requests += request;
    sums.counted++;
  } else if (group === 'missing') {
    sums.missing++;
    sums.missingRequests += request;
    sums.missingUsage += assumed;
  } else if (group === 'unready') {
    sums.unready++;
    sums.unreadyRequests += request;
  }
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

/** A quantity as whole thousandths, rounded up as Kubernetes does. */
export function toMilli(quantity: number): number {
  const milli = quantity * 1000;
  const near = Math.round(milli);
  return Math.abs(milli - near) < 1e-6 * Math.max(1, Math.abs(milli)) ? near : Math.ceil(milli);
}

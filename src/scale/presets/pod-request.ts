/**
 * What a pod requests of a resource, as HPA v2 adds it up (replica_calculator.go, 2026).
 */

/** The requests of a pod for one resource, in thousandths; null where none is set. */
export interface PodRequests {
  readonly containers: readonly { readonly name: string; readonly requestMilli: number | null }[];
  readonly initContainers: readonly {
    readonly name: string;
    readonly requestMilli: number | null;
    /** True for a sidecar, which runs as long as the pod. */
    readonly restartPolicyAlways: boolean;
  }[];
  readonly podLevelRequestMilli: number | null;
}

/**
 * The sum over containers and sidecars, in thousandths; undefined when one of them requests nothing,
 * because utilisation would then mean nothing.
 *
 * @param options `container` counts that one alone; `podLevel` prefers a request of the whole pod
 */
export function podRequest(
  pod: PodRequests,
  options: { readonly container?: string; readonly podLevel?: boolean } = {},
): number | undefined {
  const { container, podLevel = false } = options;
  if (podLevel && container === undefined && pod.podLevelRequestMilli !== null) {
    return pod.podLevelRequestMilli;
  }
  const sidecars = pod.initContainers.filter(({ restartPolicyAlways }) => restartPolicyAlways);
  let sum = 0;
  for (const { name, requestMilli } of [...pod.containers, ...sidecars]) {
    if (container !== undefined && name !== container) continue;
    if (requestMilli === null) return undefined;
    sum += requestMilli;
  }
  return sum;
}

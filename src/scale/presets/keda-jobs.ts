/**
 * How many jobs a KEDA ScaledJob may start now.
 *
 * Source: kedacore/keda@8b4f083, pkg/scaling/executor/scale_jobs.go.
 */

export interface ScaledJobInput {
  /** Jobs the triggers call for. */
  readonly maxScale: number;
  /** Jobs that have not finished. */
  readonly runningJobs: number;
  /** Of those, jobs whose pod does not run yet. */
  readonly pendingJobs: number;
  readonly maxReplicaCount: number;
  /** Jobs the queue calls for by itself; `eager` raises it to the maximum. */
  readonly scaleTo: number;
}

/**
 * - `default`: what is called for, less what runs.
 * - `custom`: less a fixed deduction and a share of what runs.
 * - `accurate`: for queues that hide a message while it is worked on: less only what has not begun.
 * - `eager`: fills up to the maximum at once.
 */
export type ScaledJobStrategy =
  | { readonly strategy: 'default' | 'accurate' | 'eager' }
  | {
      readonly strategy: 'custom';
      /** @default 0 */
      readonly queueLengthDeduction?: number;
      /** 0 to 1. @default 0 */
      readonly runningJobRatio?: number;
    };

/** Most jobs to start, 0 or more, and how many are called for. */
export function scaledJobs(
  how: ScaledJobStrategy,
  input: ScaledJobInput,
): { readonly effectiveMaxScale: number; readonly scaleTo: number } {
  const scaleTo = how.strategy === 'eager' ? input.maxReplicaCount : input.scaleTo;
  return { effectiveMaxScale: Math.max(0, most(how, input)), scaleTo };
}

function most(how: ScaledJobStrategy, input: ScaledJobInput): number {
  const { maxScale, runningJobs, pendingJobs, maxReplicaCount } = input;
  switch (how.strategy) {
    case 'default':
      return maxScale - runningJobs;
    case 'custom': {
      const { queueLengthDeduction = 0, runningJobRatio = 0 } = how;
      const deducted = Math.trunc(runningJobs * runningJobRatio);
      return Math.min(maxScale - queueLengthDeduction - deducted, maxReplicaCount);
    }
    case 'accurate':
      return maxScale + runningJobs - pendingJobs > maxReplicaCount
        ? maxReplicaCount - runningJobs
        : maxScale - pendingJobs;
    case 'eager':
      return Math.min(maxReplicaCount - runningJobs - pendingJobs, maxScale);
  }
}

/** Lines of waiting work: priorities, fairness, deadlines, bounds. */
export type { Batcher, BatcherOptions, BatcherSnapshot } from './batcher.ts';
export { batcher } from './batcher.ts';
export type { Explanation } from './explain.ts';
export type { WorkEnd } from './line-parts.ts';
export type { WhenFull } from './overflow.ts';
export type { OverloadOptions } from './overload.ts';
export type { Paused, PreemptibleWork, Turn } from './preemption.ts';
export { preemptible } from './preemption.ts';
export type { DeadLetter, TaskRetryOptions } from './retry.ts';
export type { ItemResult, RunAllReport, RunEachOptions } from './run-each.ts';
export { runAll, runEach } from './run-each.ts';
export type { EntryCounts, QueueStatistics } from './statistics.ts';
export type { StartEstimate, Task, TaskCall, TaskState } from './task.ts';
export type {
  AgeingOptions,
  FairOptions,
  FlowKey,
  LeftEntry,
  PerKeyOptions,
  QueueCloseOptions,
  QueueCloseReport,
  WorkQueue,
  WorkQueueLimits,
  WorkQueueOptions,
  WorkQueueSnapshot,
} from './types.ts';
export { workQueue } from './work-queue.ts';

/** Lines of waiting work: priorities, deadlines, bounds. */
export type { Task, TaskState } from './task.ts';
export type {
  CloseOptions,
  CloseReport,
  WorkQueue,
  WorkQueueLimits,
  WorkQueueOptions,
  WorkQueueSnapshot,
} from './types.ts';
export { workQueue } from './work-queue.ts';

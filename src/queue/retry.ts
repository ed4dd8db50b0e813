/**
 * Trying again: a task whose work fails waits out a back-off, without a slot, and comes back into line
 * at its old rank. A task that has used up its attempts is kept among the dead letters.
 */

import type { Call, Work } from '../core/index.ts';
import type { QueueTask } from './task.ts';
import { TaskExtras } from './task.ts';

/** When a task is tried again. */
export interface TaskRetryOptions {
  /** Attempts in all, the first included; 1 or more. */
  readonly attempts: number;
  /**
   * Wait before attempt 2, 3, …, in ms, 0 or more.
   * @default 1 s doubled each time up to 1 min, drawn between half and the whole
   */
  readonly delayMs?: (attempt: number, error: unknown) => number;
  /** False for errors that trying again cannot help. @default always true */
  readonly isRetryable?: (error: unknown) => boolean;
  /** Dead letters kept, the newest; 0 or more. @default 1_000 */
  readonly deadLetters?: number;
}

/** A task that failed for good. Add `work` with `call` again to give it another chance. */
export interface DeadLetter {
  readonly id: number;
  readonly work: Work<unknown, never>;
  readonly call: Call;
  /** What the last attempt failed with. */
  readonly error: unknown;
  readonly attempts: number;
  /** When it failed for good, in ms. */
  readonly failedAt: number;
}

/** The rule, checked and complete. */
export interface TaskRetryRule {
  readonly attempts: number;
  readonly delayMs: (attempt: number, error: unknown) => number;
  readonly isRetryable: (error: unknown) => boolean;
  readonly deadLetters: number;
  /** Receives what the two functions throw. */
  readonly report: (error: unknown) => void;
}

export class TaskRetry {
  /** Oldest first. */
  readonly deadLetters: DeadLetter[] = [];
  private readonly rule: TaskRetryRule;

  constructor(rule: TaskRetryRule) {
    this.rule = rule;
  }

  /** How long a task that has just failed waits before it is tried again; undefined: no more. */
  delayMs(task: QueueTask<unknown>, error: unknown, now: number): number | undefined {
    const attempts = (task.extras?.failures ?? 0) + 1;
    try {
      if (attempts < this.rule.attempts && this.rule.isRetryable(error)) {
        const delay = this.rule.delayMs(attempts + 1, error);
        const isInTime = now + delay < (task.call.deadline ?? Infinity);
        if (delay >= 0 && isInTime) {
          task.extras ??= new TaskExtras();
          task.extras.failures = attempts;
          return delay;
        }
        if (!(delay >= 0))
          this.rule.report(new RangeError(`delayMs must be 0 or more, got ${delay}`));
      }
    } catch (fault) {
      this.rule.report(fault);
    }
    return this.giveUp(task, error, now);
  }

  /** Puts a task that has just failed for good among the dead letters. */
  giveUp(task: QueueTask<unknown>, error: unknown, failedAt: number): undefined {
    task.extras ??= new TaskExtras();
    const attempts = ++task.extras.failures;
    const { id, work, call } = task;
    this.deadLetters.push({ id, work, call, error, attempts, failedAt });
    if (this.deadLetters.length > this.rule.deadLetters) this.deadLetters.shift();
  }
}

const BASE_MS = 1_000;
const LONGEST_MS = 60_000;

/** The default back-off: equal jitter on doubling delays. */
export function retryDelay(random: () => number): (attempt: number) => number {
  return (attempt) => (Math.min(LONGEST_MS, BASE_MS * 2 ** (attempt - 2)) * (1 + random())) / 2;
}

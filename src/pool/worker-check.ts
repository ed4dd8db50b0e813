/** Whether a worker may still be lent: what the user's `validate` says, and nothing it throws. */

import type { Runtime } from '../core/index.ts';
import { isThenable } from '../core/index.ts';
import { within } from './within.ts';
import type { Worker } from './worker.ts';
import { timedOut } from './worker-maker.ts';

export interface WorkerCheckOptions<R> {
  readonly validate: ((resource: R) => boolean | PromiseLike<boolean>) | undefined;
  /** How long an answer may take, in ms; then the worker is not fit. */
  readonly validateTimeoutMs: number;
  readonly runtime: Runtime;
}

export class WorkerCheck<R> {
  private readonly options: WorkerCheckOptions<R>;
  private readonly report: (error: unknown) => void;

  /** @param report receives what `validate` throws; such a worker is not fit */
  constructor(options: WorkerCheckOptions<R>, report: (error: unknown) => void) {
    this.options = options;
    this.report = report;
  }

  /** Asks about a worker, unless it was asked, or made, at this very time. */
  ask(worker: Worker<R>, now: number): boolean | Promise<boolean> {
    const { validate } = this.options;
    if (validate === undefined || worker.checkedAt === now) return true;
    try {
      const answer = validate(worker.resource as R);
      return isThenable(answer) ? this.settle(answer) : Boolean(answer);
    } catch (error) {
      this.report(error);
      return false;
    }
  }

  private async settle(answer: PromiseLike<boolean>): Promise<boolean> {
    const { validateTimeoutMs, runtime } = this.options;
    const tooLong = (): Error => timedOut('validate', validateTimeoutMs);
    try {
      return Boolean(
        await within(Promise.resolve(answer), { ms: validateTimeoutMs, runtime, tooLong }),
      );
    } catch (error) {
      this.report(error);
      return false;
    }
  }
}

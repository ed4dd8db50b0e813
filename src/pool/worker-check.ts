/** Whether a worker may still be lent: what the user's `validate` says, and nothing it throws. */

import type { Worker } from './worker.ts';

export class WorkerCheck<R> {
  private readonly validate: ((resource: R) => boolean | PromiseLike<boolean>) | undefined;
  private readonly report: (error: unknown) => void;

  /** @param report receives what `validate` throws; such a worker is not fit */
  constructor(
    validate: ((resource: R) => boolean | PromiseLike<boolean>) | undefined,
    report: (error: unknown) => void,
  ) {
    this.validate = validate;
    this.report = report;
  }

  /** Asks about a worker, unless it was asked, or made, at this very time. */
  ask(worker: Worker<R>, now: number): boolean | Promise<boolean> {
    const { validate } = this;
    if (validate === undefined || worker.checkedAt === now) return true;
    try {
      const answer = validate(worker.resource as R);
      return typeof answer === 'object' ? this.settle(answer) : answer;
    } catch (error) {
      this.report(error);
      return false;
    }
  }

  private async settle(answer: PromiseLike<boolean>): Promise<boolean> {
    try {
      return await answer;
    } catch (error) {
      this.report(error);
      return false;
    }
  }
}

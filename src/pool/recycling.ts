/** When a worker that comes back is replaced: used up, too old, too fat, or suspect after a failure. */

import type { Outcome } from '../core/index.ts';
import type { Worker } from './worker.ts';

/** The rules, checked and complete. */
export interface RecycleRules<R> {
  readonly maxUses: number;
  readonly maxLifetimeMs: number;
  readonly maxBytes: number;
  readonly bytesOf: ((resource: R) => number) | undefined;
  readonly afterFailure: (error: unknown, resource: R) => boolean;
}

export class Recycling<R> {
  private readonly rules: RecycleRules<R>;
  private readonly draw: () => number;
  private readonly report: (error: unknown) => void;

  /**
   * @param draw in [0, 1)
   * @param report receives what the user's functions throw; such a worker is replaced
   */
  constructor(rules: RecycleRules<R>, draw: () => number, report: (error: unknown) => void) {
    this.rules = rules;
    this.draw = draw;
    this.report = report;
  }

  /** How long the next worker may live, in ms; drawn, so that what is made together does not go together. */
  lifetimeMs(): number {
    const { maxLifetimeMs } = this.rules;
    return maxLifetimeMs === Infinity ? Infinity : maxLifetimeMs * (1 - this.draw() / 10);
  }

  /** Whether a worker that has just come back has had its day. */
  isDue(worker: Worker<R>, outcome: Outcome, detail: unknown): boolean {
    const { maxUses, maxBytes, bytesOf, afterFailure } = this.rules;
    if (worker.uses >= maxUses) return true;
    try {
      if (bytesOf !== undefined && !(bytesOf(worker.resource as R) <= maxBytes)) return true;
      return outcome === 'failure' && afterFailure(detail, worker.resource as R);
    } catch (error) {
      this.report(error);
      return true;
    }
  }
}

/** Requests to one tier: bounded in time, through its policy, counted. */

import { isRejectedError, StoreError } from '../core/index.ts';
import type { DeskHost, TierForm } from './tier-form.ts';
import type { TierRules } from './tier-options.ts';
import type { TierCall } from './tier.ts';
import { within } from './within.ts';

/** Figures of one tier. */
export interface DeskFigures {
  hits: number;
  misses: number;
  failures: number;
  /** Requests that the tier's policy turned away. */
  skipped: number;
  written: number;
  /** Late values that a lease kept out. */
  fenced: number;
}

export class TierRequests {
  readonly figures: DeskFigures = {
    hits: 0,
    misses: 0,
    failures: 0,
    skipped: 0,
    written: 0,
    fenced: 0,
  };
  private readonly rules: TierRules;
  private readonly host: DeskHost;
  private readonly form: TierForm;

  constructor(rules: TierRules, host: DeskHost, form: TierForm) {
    this.rules = rules;
    this.host = host;
    this.form = form;
  }

  /** One request, bounded in time and run through the tier's policy; undefined when it fails. */
  async ask<T>(operation: string, work: (call: TierCall) => Promise<T>): Promise<T | undefined> {
    const { tier, timeoutMs, policy } = this.rules;
    const { runtime } = this.host;
    const what = `${tier.name}: ${operation}`;
    const once = (): Promise<T> => within(runtime, timeoutMs, what, work);
    try {
      // The policy may hold the request up by itself, hence a limit outside it as well.
      return policy === undefined
        ? await once()
        : await within(runtime, timeoutMs, what, () => policy.run(once));
    } catch (error) {
      if (isRejectedError(error)) {
        this.figures.skipped++;
      } else {
        this.figures.failures++;
        this.host.failed(tier.name, operation, new StoreError(`${what} failed`, { cause: error }));
      }
      return undefined;
    }
  }

  /** The tier's counters of tags; undefined when it cannot be asked. */
  async versions(tags: readonly string[]): Promise<Map<string, number> | undefined> {
    if (tags.length === 0) return new Map();
    const reading = await this.ask('read', (call) =>
      this.rules.tier.read([], tags.map(this.form.scoped), call),
    );
    return reading && new Map(tags.map((tag, i) => [tag, reading.versions[i] ?? 0]));
  }
}

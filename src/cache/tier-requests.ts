/** Requests to one tier: bounded in time, through its policy, counted. */

import { isRejectedError, StoreError } from '../core/index.ts';
import type { DeskHost, TierForm } from './tier-form.ts';
import type { TierRules } from './tier-options.ts';
import type { TierCall, TierReading } from './tier.ts';
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
    return this.ask('read', async (call) =>
      vectorOf(tags, await this.rules.tier.read([], tags.map(this.form.scoped), call)),
    );
  }
}

/** What a tier, which is somebody else's code, answered: a list, or the failure of the tier. */
export function answered<T>(answer: readonly T[] | undefined): readonly T[] {
  if (Array.isArray(answer)) return answer as readonly T[];
  throw new TypeError('the tier answered with no array');
}

/** The counters a tier gave, by tag; a missing one is not 0 but a failure of the tier. */
export function vectorOf(tags: readonly string[], { versions }: TierReading): Map<string, number> {
  const counters = tags.map((tag, i) => [tag, versions[i]] as const);
  if (counters.every(([, version]) => Number.isFinite(version))) {
    return new Map(counters as readonly (readonly [string, number])[]);
  }
  throw new TypeError('the tier did not answer with a number for each tag');
}

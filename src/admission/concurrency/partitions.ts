/**
 * Guaranteed shares of a concurrency limit, which lend what they do not use.
 *
 * While there is room in all, anybody may use it. When there is none, a partition below its share is
 * let in nevertheless and the others are not, so a guarantee never waits for a borrower to finish; the
 * total may then exceed the limit, at most by the shares that were lent.
 *
 * Source: Netflix concurrency-limits, `AbstractPartitionedLimiter`. A partition nobody named has no
 * share of its own.
 */

import { optionChecks } from '../../core/index.ts';

/** How one partition stands. */
export interface PartitionState {
  /** Calls guaranteed to it now. */
  readonly share: number;
  readonly inFlight: number;
}

/** The sum, 0 where only the rounding of fractions is left. */
export function sumOfWeights(inFlight: number, weight: number): number {
  const sum = inFlight + weight;
  return sum < GRAIN ? 0 : sum;
}

const GRAIN = 1e-9;

export class Partitions {
  private readonly ratios: ReadonlyMap<string, number>;
  private readonly inFlight = new Map<string, number>();

  constructor(ratios: Readonly<Record<string, number>>) {
    const check = optionChecks('concurrencyLimiter');
    let sum = 0;
    for (const [name, ratio] of Object.entries(check.record('partitions', ratios))) {
      sum += check.ratio(`partitions.${name}`, ratio);
    }
    if (sum > 1 + 1e-9) check.refuse('partitions', 'shares that add up to at most 1', sum);
    this.ratios = new Map(Object.entries(ratios));
  }

  /** Whether the partition has a place of its own for `weight` more, behind `ahead` who wait. */
  hasOwnPlace(name: string, weight: number, ahead: number, limit: number): boolean {
    return (this.inFlight.get(name) ?? 0) + ahead + weight <= this.share(name, limit);
  }

  changed(name: string, weight: number): void {
    const inFlight = sumOfWeights(this.inFlight.get(name) ?? 0, weight);
    if (inFlight === 0 && !this.ratios.has(name)) this.inFlight.delete(name);
    else this.inFlight.set(name, inFlight);
  }

  snapshot(limit: number): Record<string, PartitionState> {
    const names = new Set([...this.ratios.keys(), ...this.inFlight.keys()]);
    return Object.fromEntries(
      [...names].map((name) => [
        name,
        { share: this.share(name, limit), inFlight: this.inFlight.get(name) ?? 0 },
      ]),
    );
  }

  private share(name: string, limit: number): number {
    const ratio = this.ratios.get(name);
    return ratio === undefined ? 0 : Math.max(1, Math.ceil(limit * ratio));
  }
}

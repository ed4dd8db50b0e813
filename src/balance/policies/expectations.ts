/**
 * What is to be expected of each endpoint, kept ready for picks: worked out when a call ends there, and
 * faded now and then for all, since an exponential for every endpoint that is drawn costs more than the
 * rest of a pick.
 */

import type { Candidates, FleetFigures } from '../policy.ts';
import { ageMs, fadedMs, learnedMs, UNKNOWN_MS } from './expectation.ts';

/** How often in the time that is remembered expectations are faded anew. */
const FADES_PER_MEMORY = 50;

export class Expectations {
  /** By slot: latency with the cost of errors, ms, above 0; ages are not in it. */
  ms: Float64Array<ArrayBuffer> = new Float64Array(0);
  private readonly fleet: FleetFigures;
  private readonly errorCost: number;
  private fadeAt = 0;

  /** @param errorCost what a failed call costs, in mean latencies */
  constructor(fleet: FleetFigures, errorCost: number) {
    this.fleet = fleet;
    this.errorCost = errorCost;
  }

  /** Fades all if it is time, or weights have changed; true if so. O(endpoints) then. */
  refresh(now: number, { base }: Candidates): boolean {
    if (now < this.fadeAt && base.prepared === this) return false;
    const { fleet, ms } = this;
    for (let slot = 0; slot < fleet.ids.length; slot++) {
      const learned = learnedMs(fleet, slot, this.errorCost);
      ms[slot] = fadedMs(fleet, learned, now - fleet.learnedAt[slot]!) + UNKNOWN_MS;
    }
    this.fadeAt = now + fleet.memoryMs / FADES_PER_MEMORY;
    base.prepared = this;
    return true;
  }

  /** A call has ended. */
  ended(slot: number): void {
    this.ms[slot] = learnedMs(this.fleet, slot, this.errorCost) + UNKNOWN_MS;
  }

  /** An endpoint has come. */
  joined(slot: number): void {
    const { length } = this.fleet.weight;
    if (length > this.ms.length) {
      const grown = new Float64Array(length);
      grown.set(this.ms);
      this.ms = grown;
    }
    this.ms[slot] = this.fleet.meanLatencyMs + UNKNOWN_MS;
  }

  /** Whether its calls in flight have taken longer already, on average, than is to be expected. */
  isLate(slot: number, now: number): boolean {
    const { active, begunSum } = this.fleet;
    return active[slot]! * (now - this.ms[slot]!) > begunSum[slot]!;
  }

  /** What it costs to choose an endpoint, the age of its calls counted. */
  costOf(slot: number, now: number): number {
    const { fleet } = this;
    const ms = this.isLate(slot, now) ? ageMs(fleet, slot, now) : this.ms[slot]!;
    return (ms * (fleet.active[slot]! + 1)) / fleet.weight[slot]!;
  }
}

/**
 * The default: the endpoint expected to answer soonest, of two drawn at random.
 *
 * Sources: Finagle's peak EWMA for the shape (latency × calls in flight), M. Mitzenmacher for two
 * choices. Ours: the age of the calls in flight counts, so that a stalled endpoint is seen before any
 * of them ends; errors cost what trying again would, so that an endpoint that fails fast does not look
 * fast; and no peaks, which shun a healthy endpoint for seconds after one slow answer.
 */

import type { Random } from '../../core/index.ts';
import { optionChecks } from '../../core/index.ts';
import type { BalancePolicy, Candidates, Chooser, FleetFigures, PolicyReason } from '../policy.ts';
import { firstDraw, secondDraw } from './two-of.ts';

export interface EwmaOptions {
  /**
   * What a failed call costs, in mean latencies: as if it had taken so many times as long. 0: errors
   * do not count. @default 20
   */
  readonly errorCost?: number;
}

/**
 * Picks the better of two by expected latency: `max(moving average, age of calls in flight) × (calls in
 * flight + 1) ÷ weight`, plus the cost of errors.
 *
 * @throws OptionError for an option out of range
 */
export function ewma(options: EwmaOptions = {}): BalancePolicy {
  const check = optionChecks('ewma');
  check.known(options, ['errorCost']);
  const errorCost = check.nonNegative('errorCost', options.errorCost ?? 20);
  return { name: 'ewma', start: (fleet, random) => new ExpectedLatency(fleet, random, errorCost) };
}

/** Keeps a cost above 0 while nothing is known, so that calls in flight count from the first on, ms. */
export const UNKNOWN_MS: number = 0.001;

class ExpectedLatency implements Chooser {
  private readonly fleet: FleetFigures;
  private readonly random: Random;
  private readonly errorCost: number;

  constructor(fleet: FleetFigures, random: Random, errorCost: number) {
    this.fleet = fleet;
    this.random = random;
    this.errorCost = errorCost;
  }

  pick(among: Candidates, _call: unknown, now: number): number {
    const first = firstDraw(among, this.random);
    const a = among.slots[first]!;
    const b = among.slots[secondDraw(among, first, this.random)]!;
    return this.cost(b, now) < this.cost(a, now) ? b : a;
  }

  explain(slot: number, _among: Candidates, _call: unknown, now: number): PolicyReason {
    const { active, latencyMs, errorRatio, weight } = this.fleet;
    return {
      cost: this.cost(slot, now),
      parts: {
        latencyMs: latencyMs[slot]!,
        ageMs: ageMs(this.fleet, slot, now),
        active: active[slot]!,
        errorRatio: errorRatio[slot]!,
        weight: weight[slot]!,
      },
    };
  }

  private cost(slot: number, now: number): number {
    const { fleet } = this;
    const expected =
      expectedMs(fleet, slot, now) + this.errorCost * fleet.errorRatio[slot]! * fleet.meanLatencyMs;
    return (expected * (fleet.active[slot]! + 1)) / fleet.weight[slot]!;
  }
}

/** How long an endpoint takes: as on average, or as long as its calls in flight have taken already. */
export function expectedMs(fleet: FleetFigures, slot: number, now: number): number {
  return Math.max(fleet.latencyMs[slot]!, ageMs(fleet, slot, now), UNKNOWN_MS);
}

/** Mean age of the calls in flight, ms; 0 without any. */
export function ageMs(fleet: FleetFigures, slot: number, now: number): number {
  const active = fleet.active[slot]!;
  return active === 0 ? 0 : now - fleet.begunSum[slot]! / active;
}

/**
 * The default: the endpoint expected to answer soonest, of a few drawn at random.
 *
 * Sources: Finagle's peak EWMA for the shape (latency × calls in flight); M. Mitzenmacher, "The power of
 * two choices" (2001), for drawing. Ours: the age of the calls in flight counts, so that a stalled
 * endpoint is seen before any of them ends; errors cost what trying again would, so that an endpoint
 * that fails fast does not look fast; no peaks, which shun a healthy endpoint for seconds after one slow
 * answer; and five choices, because of two drawn both are slow far more often (simulated: p99 with a
 * fifth of the hosts slow 33 ms against 57).
 */

import type { Random } from '../../core/index.ts';
import { optionChecks } from '../../core/index.ts';
import type { BalancePolicy, Candidates, Chooser, FleetFigures, PolicyReason } from '../policy.ts';
import { ageMs, expectedMs } from './expectation.ts';

export interface EwmaOptions {
  /**
   * What a failed call costs, in mean latencies: as if it had taken so many times as long. 0: errors
   * do not count. @default 20
   */
  readonly errorCost?: number;
  /** How many endpoints are drawn and compared, 1 or more; all where there are not more. @default 5 */
  readonly choices?: number;
}

/**
 * Picks the least `expected latency × (calls in flight + 1) ÷ weight` of a few endpoints, where the
 * expected latency is the moving average or, if that is more, the age of the calls in flight, and
 * errors count as latency.
 *
 * @throws OptionError for an option out of range
 */
export function ewma(options: EwmaOptions = {}): BalancePolicy {
  const check = optionChecks('ewma');
  check.known(options, ['errorCost', 'choices']);
  const errorCost = check.nonNegative('errorCost', options.errorCost ?? 20);
  const choices = check.count('choices', options.choices ?? 5);
  return {
    name: 'ewma',
    start: (fleet, random) => new SoonestAnswer(fleet, random, errorCost, choices),
  };
}

class SoonestAnswer implements Chooser {
  private readonly fleet: FleetFigures;
  private readonly random: Random;
  private readonly errorCost: number;
  private readonly choices: number;

  constructor(fleet: FleetFigures, random: Random, errorCost: number, choices: number) {
    this.fleet = fleet;
    this.random = random;
    this.errorCost = errorCost;
    this.choices = choices;
  }

  pick(among: Candidates, _call: unknown, now: number): number {
    const { size, slots } = among;
    const { choices } = this;
    let at = Math.floor(this.random() * size);
    let best = slots[at]!;
    let least = this.cost(best, now);
    const others = Math.min(size, choices) - 1;
    for (let drawn = 0; drawn < others; drawn++) {
      if (size > choices) at = Math.floor(this.random() * size);
      else at = at + 1 === size ? 0 : at + 1;
      const slot = slots[at]!;
      const cost = this.cost(slot, now);
      if (cost >= least) continue;
      least = cost;
      best = slot;
    }
    return best;
  }

  explain(slot: number, _among: Candidates, _call: unknown, now: number): PolicyReason {
    const { active, latencyMs, errorRatio, weight } = this.fleet;
    return {
      cost: this.cost(slot, now),
      parts: {
        expectedMs: expectedMs(this.fleet, slot, now, this.errorCost),
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
    const expected = expectedMs(fleet, slot, now, this.errorCost);
    return (expected * (fleet.active[slot]! + 1)) / fleet.weight[slot]!;
  }
}

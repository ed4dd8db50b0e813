/**
 * The default: the endpoint expected to answer soonest, of a few drawn at random.
 *
 * Sources: Finagle's peak EWMA for the shape (latency × calls in flight); M. Mitzenmacher, "The power of
 * two choices" (2001), for drawing. Ours: the age of the calls in flight counts, so that a stalled
 * endpoint is seen before any of them ends; errors cost what trying again would, so that an endpoint
 * that fails fast does not look fast; no peaks, which shun a healthy endpoint for seconds after one slow
 * answer; and five choices, because of two drawn both are slow far more often (simulated: p99 with a
 * fifth of the hosts slow 33 ms against 57).
 *
 * What an endpoint costs is worked out when a call begins or ends there, not when it is drawn, and faded
 * now and then for all: so five choices cost less than two would otherwise. Ages alone change from one
 * moment to the next, and they are looked at where the choice would fall on an endpoint that is late.
 */

import type { Random } from '../../core/index.ts';
import { optionChecks } from '../../core/index.ts';
import type { BalancePolicy, Candidates, Chooser, FleetFigures, PolicyReason } from '../policy.ts';
import { Draws } from './draws.ts';
import { ageMs, expectedMs } from './expectation.ts';
import { Expectations } from './expectations.ts';

export interface EwmaOptions {
  /**
   * What a failed call costs, in mean latencies: as if it had taken so many times as long. 0: errors
   * do not count. @default 20
   */
  readonly errorCost?: number;
  /** How many endpoints are drawn and compared, 1–1,024; all where there are not more. @default 5 */
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
  const choices = check.number('choices', options.choices ?? 5, {
    ...{ min: 1, max: MOST_CHOICES, integer: true },
  });
  return {
    name: 'ewma',
    start: (fleet, random) => new SoonestAnswer(fleet, random, errorCost, choices),
  };
}

/** Most endpoints that are compared: more, and their numbers would take too much of a cost's precision. */
const MOST_CHOICES = 1_024;

class SoonestAnswer implements Chooser {
  private readonly fleet: FleetFigures;
  private readonly errorCost: number;
  private readonly choices: number;
  private readonly draws: Draws;
  private readonly expectations: Expectations;
  /** By slot: what it costs to choose it, but for the age of its calls; and the same as bits. */
  private cost = new Float32Array(0);
  private costBits = new Int32Array(0);
  /** The slots compared, and the bits that number them. */
  private readonly drawn: Int32Array;
  private readonly numberBits: number;

  constructor(fleet: FleetFigures, random: Random, errorCost: number, choices: number) {
    this.fleet = fleet;
    this.errorCost = errorCost;
    this.choices = choices;
    this.draws = new Draws(random);
    this.expectations = new Expectations(fleet, errorCost);
    this.drawn = new Int32Array(choices);
    this.numberBits = (2 ** Math.ceil(Math.log2(choices)) - 1) | 0;
  }

  pick(among: Candidates, _call: unknown, now: number): number {
    if (this.expectations.refresh(now, among)) this.priceAll();
    const { size, slots } = among;
    if (size <= this.choices) return this.soonestOf(slots, now);
    const { choices, draws, drawn, costBits, numberBits } = this;
    let least = 0x7fff_ffff;
    for (let n = 0; n < choices; n++) {
      const slot = slots[draws.below(size)]!;
      drawn[n] = slot;
      // Positive floats order as their bits do. With its number in the last of them, the least is found
      // without a branch: one that nobody can foretell costs more than all the rest.
      const ahead = (((costBits[slot]! & ~numberBits) | n) - least) | 0;
      least = (least + (ahead & (ahead >> 31))) | 0;
    }
    const best = drawn[least & numberBits]!;
    return this.expectations.isLate(best, now) ? this.soonestOf(drawn, now) : best;
  }

  sent(slot: number): void {
    this.price(slot);
  }

  ended(slot: number): void {
    this.expectations.ended(slot);
  }

  freed(slot: number): void {
    this.price(slot);
  }

  joined(slot: number): void {
    this.expectations.joined(slot);
    const { length } = this.fleet.weight;
    if (length > this.cost.length) {
      this.cost = new Float32Array(length);
      this.costBits = new Int32Array(this.cost.buffer);
      this.priceAll();
    }
    this.price(slot);
  }

  explain(slot: number, _among: Candidates, _call: unknown, now: number): PolicyReason {
    const { active, latencyMs, errorRatio, weight } = this.fleet;
    const ms = expectedMs(this.fleet, slot, now, this.errorCost);
    return {
      cost: (ms * (active[slot]! + 1)) / weight[slot]!,
      parts: {
        expectedMs: ms,
        latencyMs: latencyMs[slot]!,
        ageMs: ageMs(this.fleet, slot, now),
        active: active[slot]!,
        errorRatio: errorRatio[slot]!,
        weight: weight[slot]!,
      },
    };
  }

  private price(slot: number): void {
    const { active, weight } = this.fleet;
    this.cost[slot] = (this.expectations.ms[slot]! * (active[slot]! + 1)) / weight[slot]!;
  }

  private priceAll(): void {
    for (let slot = 0; slot < this.fleet.ids.length; slot++) this.price(slot);
  }

  /** The least cost, ages counted; of equals the first from a place drawn. */
  private soonestOf(slots: Int32Array, now: number): number {
    let best = -1;
    let least = Infinity;
    let at = this.draws.below(slots.length);
    for (let left = slots.length; left > 0; left--) {
      const slot = slots[at]!;
      const cost = this.expectations.costOf(slot, now);
      if (cost < least || best < 0) {
        least = cost;
        best = slot;
      }
      at = at + 1 === slots.length ? 0 : at + 1;
    }
    return best;
  }
}

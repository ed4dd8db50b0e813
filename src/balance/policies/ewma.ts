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
import { ageMs, fadedMs, UNKNOWN_MS } from './expectation.ts';

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

/** Not much worse than usual: that need not be faded, which spares exponentials. */
const WORSE = 1.2;

class SoonestAnswer implements Chooser {
  private readonly fleet: FleetFigures;
  private readonly random: Random;
  private readonly errorCost: number;
  private readonly choices: number;
  /** What was learned, by slot: latency and the cost of errors, ms, as of the last end of a call. */
  private learned = new Float64Array(0);

  constructor(fleet: FleetFigures, random: Random, errorCost: number, choices: number) {
    this.fleet = fleet;
    this.random = random;
    this.errorCost = errorCost;
    this.choices = choices;
  }

  pick(among: Candidates, _call: unknown, now: number): number {
    const { size, slots, isWeighted } = among;
    const { choices } = this;
    const isSearch = size <= choices;
    let drawn = this.random() * size;
    let at = Math.floor(drawn);
    const { learned, fleet } = this;
    const { active, begunSum, learnedAt, memoryMs, weight } = fleet;
    const worse = WORSE * fleet.meanLatencyMs;
    let best = -1;
    let least = Infinity;
    for (let left = size < choices ? size : choices; left > 0; left--) {
      const slot = slots[at]!;
      let expected = learned[slot]!;
      const sinceMs = now - learnedAt[slot]!;
      if (expected > worse || sinceMs > memoryMs) expected = fadedMs(fleet, expected, sinceMs);
      let cost = costOf(expected, active[slot]!, begunSum[slot]!, now);
      if (isWeighted) cost /= weight[slot]!;
      if (cost < least) {
        least = cost;
        best = slot;
      }
      if (isSearch) at = at + 1 === size ? 0 : at + 1;
      else {
        // One number is good for two draws: what lies behind the point of the first is the second.
        drawn = (left & 1) === 0 ? this.random() * size : (drawn - at) * size;
        at = Math.floor(drawn);
      }
    }
    return best;
  }

  joined(slot: number): void {
    if (slot >= this.learned.length) {
      const grown = new Float64Array(this.fleet.weight.length);
      grown.set(this.learned);
      this.learned = grown;
    }
    this.learned[slot] = this.fleet.meanLatencyMs;
  }

  ended(slot: number): void {
    const { latencyMs, errorRatio, meanLatencyMs } = this.fleet;
    this.learned[slot] = latencyMs[slot]! + this.errorCost * errorRatio[slot]! * meanLatencyMs;
  }

  explain(slot: number, _among: Candidates, _call: unknown, now: number): PolicyReason {
    const { active, begunSum, latencyMs, errorRatio, learnedAt, weight } = this.fleet;
    const expectedMs = fadedMs(this.fleet, this.learned[slot]!, now - learnedAt[slot]!);
    return {
      cost: costOf(expectedMs, active[slot]!, begunSum[slot]!, now) / weight[slot]!,
      parts: {
        expectedMs,
        latencyMs: latencyMs[slot]!,
        ageMs: ageMs(this.fleet, slot, now),
        active: active[slot]!,
        errorRatio: errorRatio[slot]!,
        weight: weight[slot]!,
      },
    };
  }
}

/** No division for an endpoint that does as usual: the age of its calls is n × now − Σ begun, over n. */
function costOf(expectedMs: number, active: number, begunSum: number, now: number): number {
  const ages = active * now - begunSum;
  const ms = ages > active * expectedMs ? ages / active : expectedMs;
  return (ms + UNKNOWN_MS) * (active + 1);
}

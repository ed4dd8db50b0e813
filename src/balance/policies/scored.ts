/**
 * Scored: the endpoint with the best weighted sum of scores, each from 0 to 1, as the Kubernetes
 * scheduler ranks nodes after its filters. For unlike endpoints: models, agents, regions.
 */

import type { Call, Random } from '../../core/index.ts';
import { optionChecks } from '../../core/index.ts';
import type { BalancePolicy, Candidates, Chooser, FleetFigures } from '../policy.ts';
import type { LearnedOfKind, PolicyReason } from '../policy.ts';
import { ageMs, expectedMs, fadedMs, trust, UNKNOWN_MS } from './expectation.ts';

/** What a score of one's own may look at. */
export interface ScoreContext {
  readonly id: string;
  readonly call: Call;
  readonly now: number;
}

/** How much each score counts, 0 or more. */
export interface ScoreWeights {
  /** Few calls in flight for the weight. @default 1 */
  readonly load?: number;
  /** Fast, in the call's class of work where that is known. @default 1 */
  readonly latency?: number;
  /** Few failures, in the call's class of work where that is known; more than all others together. @default 3 */
  readonly errors?: number;
  /** Quality of results, as learned in the class of work, else of the endpoint, else declared. @default 0 */
  readonly quality?: number;
  /** Capacity left, as the endpoint reports it. @default 0 */
  readonly capacity?: number;
}

export interface ScoredOptions extends ScoreWeights {
  /** Scores of one's own by name, each with its weight and a function to 0–1. @default none */
  readonly own?: Readonly<
    Record<string, { readonly weight: number; readonly score: (context: ScoreContext) => number }>
  >;
  /** Looks at so many endpoints drawn at random, 1 or more. @default all of them */
  readonly sample?: number;
}

const SCORES = ['load', 'latency', 'errors', 'quality', 'capacity'] as const;

/**
 * Picks the greatest sum of `weight × score`; equals are drawn. O(endpoints).
 *
 * @throws OptionError for an option out of range
 */
export function scored(options: ScoredOptions = {}): BalancePolicy {
  const check = optionChecks('scored');
  check.known(options, [...SCORES, 'own', 'sample']);
  const defaults = { load: 1, latency: 1, errors: 3, quality: 0, capacity: 0 };
  const weights = { ...defaults };
  for (const name of SCORES) {
    weights[name] = check.nonNegative(name, options[name] ?? defaults[name]);
  }
  const own = Object.entries(options.own ?? {});
  for (const [name, { weight, score }] of own) {
    check.nonNegative(`own.${name}.weight`, weight);
    check.callable(`own.${name}.score`, score);
  }
  const sample = options.sample === undefined ? Infinity : check.count('sample', options.sample);
  return {
    name: 'scored',
    start: (fleet, random) => new Scored(fleet, random, { weights, own, sample }),
  };
}

interface Rules {
  readonly weights: Required<ScoreWeights>;
  readonly own: readonly (readonly [string, NonNullable<ScoredOptions['own']>[string]])[];
  readonly sample: number;
}

class Scored implements Chooser {
  private readonly fleet: FleetFigures;
  private readonly random: Random;
  private readonly rules: Rules;

  constructor(fleet: FleetFigures, random: Random, rules: Rules) {
    this.fleet = fleet;
    this.random = random;
    this.rules = rules;
  }

  pick(among: Candidates, call: Call, now: number): number {
    const { size, slots } = among;
    const count = Math.min(size, this.rules.sample);
    const begin = Math.floor(this.random() * size);
    const fastest = this.fastest(among, call, now);
    let best = -1;
    let most = -1;
    for (let step = 0; step < count; step++) {
      const at = count < size ? Math.floor(this.random() * size) : (begin + step) % size;
      const sum = this.sum(this.scores(slots[at]!, fastest, call, now));
      if (sum <= most) continue;
      most = sum;
      best = slots[at]!;
    }
    return best;
  }

  explain(slot: number, among: Candidates, call: Call, now: number): PolicyReason {
    const parts = this.scores(slot, this.fastest(among, call, now), call, now);
    return { cost: -this.sum(parts), parts };
  }

  /** Every score by name, 0–1. */
  private scores(slot: number, fastestMs: number, call: Call, now: number): Record<string, number> {
    const { fleet } = this;
    const learned = call.kind === undefined ? undefined : fleet.learned(slot, call.kind);
    const quality = learned?.quality ?? NaN;
    const scores: Record<string, number> = {
      load: 1 / (1 + fleet.active[slot]! / fleet.weight[slot]!),
      latency: fastestMs / this.latencyOf(slot, call, now),
      errors: 1 - this.errorRatioOf(slot, learned, now),
      quality: Number.isNaN(quality) ? fleet.quality[slot]! : quality,
      capacity: 1 - fleet.utilisation[slot]!,
    };
    const id = fleet.ids[slot]!;
    for (const [name, { score }] of this.rules.own) {
      scores[name] = Math.min(1, Math.max(0, score({ id, call, now }))) || 0;
    }
    return scores;
  }

  private sum(scores: Readonly<Record<string, number>>): number {
    let sum = 0;
    for (const name of SCORES) sum += this.rules.weights[name] * scores[name]!;
    for (const [name, { weight }] of this.rules.own) sum += weight * scores[name]!;
    return sum;
  }

  private latencyOf(slot: number, call: Call, now: number): number {
    const learned = call.kind === undefined ? undefined : this.fleet.learned(slot, call.kind);
    // Errors have a score of their own.
    if (learned === undefined) return expectedMs(this.fleet, slot, now, 0);
    const faded = fadedMs(this.fleet, learned.latencyMs, now - learned.at);
    return Math.max(faded, ageMs(this.fleet, slot, now), UNKNOWN_MS);
  }

  /** Believed less the longer ago it was learned, so that an endpoint that failed is asked again. */
  private errorRatioOf(slot: number, learned: LearnedOfKind | undefined, now: number): number {
    const { fleet } = this;
    const ratio = learned?.errorRatio ?? fleet.errorRatio[slot]!;
    return ratio * trust(fleet, now - (learned?.at ?? fleet.learnedAt[slot]!));
  }

  private fastest(among: Candidates, call: Call, now: number): number {
    return among.slots.reduce(
      (least, slot) => Math.min(least, this.latencyOf(slot, call, now)),
      Infinity,
    );
  }
}

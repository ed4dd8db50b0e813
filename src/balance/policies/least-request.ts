/** Least request: the endpoint with the fewest calls in flight for its weight. */

import type { Random } from '../../core/index.ts';
import { optionChecks } from '../../core/index.ts';
import type { BalancePolicy, Candidates, Chooser, FleetFigures, PolicyReason } from '../policy.ts';
import { Draws } from './draws.ts';

export interface LeastRequestOptions {
  /** Looks at two endpoints drawn at random, or at all of them, which is O(endpoints). @default 'two' */
  readonly among?: 'two' | 'all';
  /** How much calls in flight count against weight: 0 not at all, 1 evenly, above 1 more. @default 1 */
  readonly bias?: number;
}

/**
 * Picks by calls in flight alone. Cheap and sound while endpoints are equally fast; a slow one is found
 * out only by what piles up at it, and one that fails fast looks idle.
 *
 * Source: Envoy, least request; nginx, least_conn (equals take turns).
 *
 * @throws OptionError for an option out of range
 */
export function leastRequest(options: LeastRequestOptions = {}): BalancePolicy {
  const check = optionChecks('leastRequest');
  check.known(options, ['among', 'bias']);
  const among = check.oneOf('among', options.among ?? 'two', ['two', 'all']);
  const bias = check.nonNegative('bias', options.bias ?? 1);
  return {
    name: among === 'two' ? 'least-request' : 'least-request-of-all',
    start: (fleet, random) =>
      among === 'two' ? new LeastOfTwo(fleet, bias, random) : new LeastOfAll(fleet, bias, random),
  };
}

/** What an endpoint's weight comes to with so many calls in flight: w ÷ (active + 1)^bias. */
export function loadedWeight(weight: number, active: number, bias: number): number {
  return bias === 1 ? weight / (active + 1) : weight / (active + 1) ** bias;
}

class LeastOfTwo implements Chooser {
  protected readonly fleet: FleetFigures;
  protected readonly bias: number;
  private readonly draws: Draws;

  constructor(fleet: FleetFigures, bias: number, random: Random) {
    this.fleet = fleet;
    this.bias = bias;
    this.draws = new Draws(random);
  }

  pick(among: Candidates): number {
    const { size, slots } = among;
    const first = this.draws.below(size);
    const a = slots[first]!;
    const b = slots[this.draws.other(first, size)]!;
    return this.worth(b) > this.worth(a) ? b : a;
  }

  explain(slot: number): PolicyReason {
    const parts = { active: this.fleet.active[slot]!, weight: this.fleet.weight[slot]! };
    return { cost: 1 / this.worth(slot), parts };
  }

  protected worth(slot: number): number {
    return loadedWeight(this.fleet.weight[slot]!, this.fleet.active[slot]!, this.bias);
  }
}

class LeastOfAll extends LeastOfTwo {
  /** Where the search begins, so that equals take turns. */
  private turn = 0;

  override pick(among: Candidates): number {
    const { size, slots } = among;
    let at = this.turn % size;
    let best = slots[at]!;
    let most = -1;
    let chosen = at;
    for (let step = 0; step < size; step++) {
      const worth = this.worth(slots[at]!);
      if (worth > most) {
        most = worth;
        best = slots[at]!;
        chosen = at;
      }
      at = at + 1 === size ? 0 : at + 1;
    }
    this.turn = chosen + 1;
    return best;
  }
}

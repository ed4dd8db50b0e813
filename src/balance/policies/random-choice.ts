/** Random choice: everybody equally likely, the heavier more. */

import type { Random } from '../../core/index.ts';
import { weightedIndex } from '../../core/index.ts';
import type { BalancePolicy, Candidates, Chooser, FleetFigures, PolicyReason } from '../policy.ts';

/** Draws an endpoint by weight, knowing nothing of load or latency. O(log endpoints) with weights. */
export function randomChoice(): BalancePolicy {
  return { name: 'random', start: (fleet, random) => new Draws(fleet, random) };
}

class Draws implements Chooser {
  private readonly fleet: FleetFigures;
  private readonly random: Random;

  constructor(fleet: FleetFigures, random: Random) {
    this.fleet = fleet;
    this.random = random;
  }

  pick(among: Candidates): number {
    if (!among.isWeighted) return among.slots[Math.floor(this.random() * among.size)]!;
    const draw = (among.prepared ??= weightedIndex(
      Array.from(among.slots, (slot) => this.fleet.weight[slot]!),
    )) as (random: Random) => number;
    return among.slots[draw(this.random)]!;
  }

  explain(slot: number): PolicyReason {
    const weight = this.fleet.weight[slot]!;
    return { cost: 1 / weight, parts: { weight } };
  }
}

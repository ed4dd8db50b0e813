/** Round robin: everybody in turn, the heavier more often. */

import type { Random } from '../../core/index.ts';
import { optionChecks } from '../../core/index.ts';
import { earliestDeadline } from '../orders/earliest-deadline.ts';
import type { InterleavedOrder } from '../orders/interleaved.ts';
import { interleaved } from '../orders/interleaved.ts';
import type { TurnOrder } from '../orders/order.ts';
import { rotation } from '../orders/order.ts';
import { smoothOrder } from '../orders/smooth.ts';
import { staticStride } from '../orders/static-stride.ts';
import type { BalancePolicy, CallEnd, Candidates, Chooser } from '../policy.ts';
import type { FleetFigures, PolicyReason } from '../policy.ts';

export interface RoundRobinOptions {
  /**
   * How unequal weights take turns.
   *
   * - `smooth`: nginx's order, written down once; one array read a turn.
   * - `deadline`: Envoy's; exact for any weights, O(log endpoints) a turn.
   * - `stride`: gRPC's; no table, and clients that start apart stay apart.
   * - `interleaved`: plain turns, with weights that fall by `errorPenalty` at each error and rise again.
   *
   * @default 'smooth'
   */
  readonly order?: 'smooth' | 'deadline' | 'stride' | 'interleaved';
  /** What an error costs of 100, and a success after it gives back, with `interleaved`. @default 15 */
  readonly errorPenalty?: number;
  /** Where turns begin: at random, so that many clients do not meet at the first, or at the first. @default 'random' */
  readonly start?: 'random' | 'first';
}

/**
 * Takes turns, knowing nothing of load or latency: for endpoints and calls that are all alike.
 *
 * @throws OptionError for an option out of range
 */
export function roundRobin(options: RoundRobinOptions = {}): BalancePolicy {
  const check = optionChecks('roundRobin');
  check.known(options, ['order', 'errorPenalty', 'start']);
  const { order = 'smooth', errorPenalty = 15, start = 'random' } = options;
  check.oneOf('order', order, ['smooth', 'deadline', 'stride', 'interleaved']);
  check.oneOf('start', start, ['random', 'first']);
  const penalty = check.number('errorPenalty', errorPenalty, { min: 1, max: 99, integer: true });
  return {
    name: 'round-robin',
    start: (fleet, random) => new Turns(fleet, start === 'random' ? random : first, order, penalty),
  };
}

const first: Random = () => 0;

/** The weight that errors take from. */
const FULL = 100;

class Turns implements Chooser {
  private readonly fleet: FleetFigures;
  private readonly random: Random;
  private readonly kind: NonNullable<RoundRobinOptions['order']>;
  private readonly penalty: number;
  /** By slot, for `interleaved`. */
  private readonly standing: number[] = [];
  private latest: { readonly among: Candidates; readonly order: InterleavedOrder } | undefined;

  constructor(
    fleet: FleetFigures,
    random: Random,
    kind: NonNullable<RoundRobinOptions['order']>,
    penalty: number,
  ) {
    this.fleet = fleet;
    this.random = random;
    this.kind = kind;
    this.penalty = penalty;
  }

  pick(among: Candidates): number {
    const { base } = among;
    const order = (base.prepared ??= this.orderOf(base)) as TurnOrder;
    if (among === base) return base.slots[order.next()]!;
    for (let tries = 2 * base.size; tries > 0; tries--) {
      const slot = base.slots[order.next()]!;
      if (among.has(slot)) return slot;
    }
    return among.slots[Math.floor(this.random() * among.size)]!;
  }

  ended(slot: number, { failed }: CallEnd): void {
    if (this.kind !== 'interleaved') return;
    const before = this.standing[slot] ?? FULL;
    const after = failed
      ? Math.max(1, before - this.penalty)
      : Math.min(FULL, before + this.penalty);
    if (after === before) return;
    this.standing[slot] = after;
    const at = this.latest?.among.slots.indexOf(slot) ?? -1;
    if (at >= 0) this.latest?.order.weigh(at, after);
  }

  joined(slot: number): void {
    this.standing[slot] = FULL;
  }

  explain(slot: number): PolicyReason {
    const weight =
      this.kind === 'interleaved' ? (this.standing[slot] ?? FULL) : this.fleet.weight[slot]!;
    return { cost: 1 / weight, parts: { weight } };
  }

  private orderOf(among: Candidates): TurnOrder {
    if (this.kind === 'interleaved') return this.interleave(among);
    const begin = Math.floor(this.random() * among.size);
    if (!among.isWeighted) return rotation(among.size, begin);
    const { fleet } = this;
    const weights = Array.from(among.slots, (slot) => fleet.weight[slot]!);
    if (this.kind === 'stride') return staticStride(weights, begin);
    const smooth = this.kind === 'smooth' ? smoothOrder(weights, begin) : undefined;
    return smooth ?? earliestDeadline(among.size, (at) => fleet.weight[among.slots[at]!]!);
  }

  private interleave(among: Candidates): InterleavedOrder {
    const order = interleaved(among.size, FULL);
    among.slots.forEach((slot, at) => order.weigh(at, this.standing[slot] ?? FULL));
    this.latest = { among, order };
    return order;
  }
}

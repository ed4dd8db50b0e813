/** Consistent hashing: the same key to the same endpoint, as long as that is not overloaded. */

import type { Call, Hash64, Random } from '../../core/index.ts';
import { optionChecks, xxh64 } from '../../core/index.ts';
import { allowedLoad } from '../../model/index.ts';
import type { BalancePolicy, Candidates, Chooser, FleetFigures, PolicyReason } from '../policy.ts';
import { Draws } from './draws.ts';
import type { KeyTable, KeyTableKind, TableMember } from './hash-tables.ts';
import { keyTable } from './hash-tables.ts';

export interface ConsistentHashOptions {
  /**
   * `ring`: a change of endpoints moves only their keys. `maglev`: the most even and the fastest with
   * many endpoints, moves a little more. `rendezvous`: exact, O(endpoints) a pick. @default 'ring'
   */
  readonly table?: KeyTableKind;
  /** An endpoint may have so many times the mean of calls in flight, 1 or more; Infinity: any. @default 1.25 */
  readonly bound?: number;
  /** The key of a call; undefined: it goes by turns. @default `call.key` */
  readonly keyOf?: (call: Call) => string | undefined;
}

/**
 * Picks by the key of the call. What finds its endpoint too busy goes to another one, the same for the
 * same key, so that a hot key overloads nobody. Calls without a key take turns.
 *
 * Sources: Envoy, ring hash, Maglev and hash_balance_factor; see `tenfold/model` for the papers.
 *
 * @throws OptionError for an option out of range
 */
export function consistentHash(options: ConsistentHashOptions = {}): BalancePolicy {
  const check = optionChecks('consistentHash');
  check.known(options, ['table', 'bound', 'keyOf']);
  const kind = check.oneOf('table', options.table ?? 'ring', ['ring', 'maglev', 'rendezvous']);
  const bound = check.number('bound', options.bound ?? 1.25, { min: 1, infinite: true });
  const keyOf = check.callable('keyOf', options.keyOf ?? ((call: Call) => call.key));
  return {
    name: 'consistent-hash',
    start: (fleet, random) => new ByKey(fleet, random, { kind, bound, keyOf }),
  };
}

interface Rules {
  readonly kind: KeyTableKind;
  readonly bound: number;
  readonly keyOf: (call: Call) => string | undefined;
}

/** Endpoints drawn, one of which has room nearly always, before all are looked at in their order. */
const DRAWN = 16;

class ByKey implements Chooser {
  private readonly fleet: FleetFigures;
  private readonly rules: Rules;
  /** Made again when endpoints come, go, or are given other weights. */
  private table: KeyTable | undefined = undefined;
  private readonly hash: Hash64 = { high: 0, low: 0 };
  private turn: number;

  constructor(fleet: FleetFigures, random: Random, rules: Rules) {
    this.fleet = fleet;
    this.rules = rules;
    this.turn = Math.floor(random() * 2 ** 16);
  }

  hashOf = (call: Call): number | undefined => {
    const key = this.rules.keyOf(call);
    return key === undefined ? undefined : xxh64(key, 1, this.hash).low >>> 0;
  };

  pick(among: Candidates, call: Call): number {
    const key = this.rules.keyOf(call);
    if (key === undefined) return among.slots[this.turn++ % among.size]!;
    const home = this.home(among, key);
    const first = home < 0 ? among.slots[(this.hash.low >>> 0) % among.size]! : home;
    return this.fullness(first, among) <= 1 ? first : this.withRoom(among, first);
  }

  joined(): void {
    this.table = undefined;
  }

  reweighed(): void {
    this.table = undefined;
  }

  left(): void {
    this.table = undefined;
  }

  explain(slot: number, among: Candidates, call: Call): PolicyReason {
    const key = this.rules.keyOf(call);
    const isHome = key !== undefined && this.home(among, key) === slot;
    const fullness = this.fullness(slot, among);
    const cost = (isHome ? 0 : 1) + Math.max(0, fullness - 1);
    return { cost, parts: { isHome: Number(isHome), fullness } };
  }

  private home(among: Candidates, key: string): number {
    this.table ??= keyTable(this.rules.kind, this.members());
    return this.table.find(xxh64(key, 0, this.hash), among);
  }

  /**
   * The first with room in an order drawn from the key's hash, else the least full. Neighbours on the
   * ring would do as well for the key, but a full endpoint would press its whole load upon one of them.
   */
  private withRoom(among: Candidates, first: number): number {
    const { size, slots } = among;
    const order = new Draws(() => this.hash.low / 2 ** 32);
    let chosen = first;
    let least = this.fullness(first, among);
    let at = 0;
    for (let tries = 0; tries < DRAWN + size; tries++) {
      at = tries < DRAWN ? order.below(size) : (at + 1) % size;
      const slot = slots[at]!;
      const fullness = this.fullness(slot, among);
      if (fullness <= 1) return slot;
      if (fullness >= least) continue;
      least = fullness;
      chosen = slot;
    }
    return chosen;
  }

  /** Calls in flight with this one ÷ those allowed; up to 1 there is room. */
  private fullness(slot: number, { base }: Candidates): number {
    const { fleet } = this;
    if (this.rules.bound === Infinity) return 0;
    // Of those in use: with half of them ill, everybody else would be above a share of all.
    const total = (base.prepared ??= base.slots.reduce(
      (sum, one) => sum + fleet.givenWeight[one]!,
      0,
    )) as number;
    const share = fleet.givenWeight[slot]! / total;
    return (fleet.active[slot]! + 1) / allowedLoad(fleet.activeTotal, this.rules.bound, share);
  }

  private members(): TableMember[] {
    return this.fleet.ids.flatMap((id, slot) =>
      id === undefined ? [] : [{ slot, id, weight: this.fleet.givenWeight[slot]! }],
    );
  }
}

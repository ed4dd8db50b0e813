/**
 * Who runs next. A pure structure that knows no clock, holds no promise and starts nothing: it is told
 * what comes, leaves, starts and ends, and answers who goes next.
 */

import type { Call } from '../../core/index.ts';
import { costOf } from '../../core/index.ts';
import type { Entry } from './entry.ts';
import { Fair, partyOf } from './fair.ts';
import { Flow } from './flow.ts';
import { KeyGate } from './key-gate.ts';
import type { Discipline } from './lane.ts';
import { Lane } from './lane.ts';
import type { Ageing } from './levels.ts';
import { Levels } from './levels.ts';
import { Lots } from './lots.ts';
import { outermost } from './outermost.ts';
import type { Place } from './place.ts';

/** How flows share. */
export interface FairOrder {
  /** Tells flows apart, outermost first: `[tenantOf, userOf]`. */
  readonly by: readonly ((entry: Entry) => string)[];
  /** Share of a flow of that name on that floor, 0 the outermost; above 0. */
  readonly weight: (flow: string, floor: number) => number;
  /** Entries of one outermost flow that may run at once. */
  readonly cap: number;
  /** Entry of `Call.cost` that counts, where costs are stated. */
  readonly unit: string | undefined;
  /** True when costs are measured: the charge at the start is the flow's mean so far. */
  readonly isMeasured: boolean;
  /** Whether priority goes above fairness, or orders each flow's own entries. */
  readonly priorities: 'above' | 'within';
}

export interface OrderOptions {
  readonly ageing?: Ageing | undefined;
  readonly fair?: FairOrder | undefined;
  readonly perKey?: { readonly concurrency: number; readonly ordered: boolean } | undefined;
  /** Tells apart what waits for different slots. */
  readonly lotOf?: ((call: Call) => string) | undefined;
}

/** What a flow was charged for something that runs. */
export interface Bill {
  /** The place of the innermost flow. */
  readonly party: Place;
  readonly charged: number;
}

export class Order {
  readonly discipline: Discipline = { isNewestFirst: false };
  /** There where slots differ. */
  readonly lots: Lots | undefined;
  private readonly root: Place;
  private readonly fair: FairOrder | undefined;
  private readonly gate: KeyGate | undefined;
  private readonly keepsKeyOrder: boolean;
  /** Mean charge of late; a cost of 0 counts as a hundredth of it, or a flow of such would starve the rest. */
  private meanCharge = 1;
  /** Outermost flows: those paused, and what each has running where that is limited. */
  private readonly paused = new Set<string>();
  private readonly running = new Map<string, number>();

  constructor({ ageing, fair, perKey, lotOf }: OrderOptions = {}) {
    const makeLane = (): Lane => new Lane(this.discipline);
    const makeFifo = (): Lane => new Lane({ isNewestFirst: false });
    const makeLevels = (): Levels => new Levels(makeLane, ageing);
    const makePlace = (): Place => {
      if (fair === undefined) return makeLevels();
      if (fair.priorities === 'within') return this.makeFair(fair, 0, makeLevels);
      return new Levels(() => this.makeFair(fair, 0, makeLane));
    };
    this.fair = fair;
    this.lots = lotOf && new Lots({ lotOf, makePlace, ageing });
    this.root = this.lots ?? makePlace();
    this.keepsKeyOrder = perKey?.ordered === true;
    if (perKey === undefined) return;
    this.gate = new KeyGate({
      limit: perKey.concurrency,
      // Oldest first, even while newest goes first in line: a key is never turned round.
      makeParking: perKey.ordered ? makeFifo : () => new Levels(makeLane),
      mayPass: !perKey.ordered,
      admit: (entry) => this.root.push(entry),
    });
  }

  get size(): number {
    return this.gate === undefined ? this.root.size : this.root.size + this.gate.parkedSize;
  }

  /** True when starting and ending must be told: something is counted while it runs. */
  get isAccounting(): boolean {
    return this.fair !== undefined || this.gate !== undefined;
  }

  push(entry: Entry): void {
    const { key } = entry.call;
    if (this.gate === undefined || key === undefined) this.root.push(entry);
    else this.gate.push(key, entry);
  }

  /** Who runs next; undefined when nobody may. */
  peek(now: number): Entry | undefined {
    return this.root.peek(now);
  }

  /** `entry`, which `peek` named, leaves the line to run. */
  take(entry: Entry): Bill | undefined {
    const { lane } = entry;
    if (lane === undefined) return undefined;
    const bill = this.fair === undefined ? undefined : this.charge(entry, lane as Lane, this.fair);
    const { key } = entry.call;
    if (this.gate === undefined || key === undefined) lane.remove(entry);
    else this.gate.take(key, entry);
    return bill;
  }

  /** `entry` leaves the line and will not run. */
  remove(entry: Entry): void {
    const { key } = entry.call;
    if (this.gate === undefined || key === undefined) entry.lane?.remove(entry);
    else this.gate.remove(key, entry);
  }

  /**
   * What ran has ended for good.
   *
   * @param cost what it cost, where that is measured; undefined: what it was charged
   */
  ended(entry: Entry, bill: Bill | undefined, cost?: number): void {
    if (bill !== undefined) this.settle(bill, cost);
    const { key } = entry.call;
    if (this.gate !== undefined && key !== undefined) this.gate.ended(key);
  }

  /**
   * What ran has stopped and will come back. Where keys are kept in order, nobody of its key goes
   * before it meanwhile.
   */
  suspend(entry: Entry, bill: Bill | undefined, cost?: number): void {
    if (bill !== undefined) this.settle(bill, cost);
    const { key } = entry.call;
    if (this.gate !== undefined && key !== undefined && !this.keepsKeyOrder) this.gate.ended(key);
  }

  /** What was suspended stands in line again, at its old rank. */
  resume(entry: Entry): void {
    const { key } = entry.call;
    if (this.gate === undefined || key === undefined) this.root.push(entry);
    else if (this.keepsKeyOrder) this.gate.comeBack(key, entry);
    else this.gate.push(key, entry);
  }

  /** What was suspended will not come back. */
  abandon(entry: Entry): void {
    const { key } = entry.call;
    if (this.gate !== undefined && key !== undefined && this.keepsKeyOrder) this.gate.ended(key);
  }

  /** Gives a waiting entry another priority; it keeps its rank. */
  reprioritise(entry: Entry, priority: number): void {
    const { key } = entry.call;
    if (this.gate !== undefined && key !== undefined) {
      this.gate.move(key, entry, priority);
      return;
    }
    entry.lane?.remove(entry);

    entry.priority = priority;
    this.root.push(entry);
  }

  /** How many go before `entry`: exact where priority alone decides, else an estimate. */
  countAhead(entry: Entry): number {
    const { key } = entry.call;
    if (this.gate !== undefined && key !== undefined) return this.gate.countAhead(key, entry);
    return entry.lane?.countAhead(entry) ?? 0;
  }

  /** What of its own holds `entry` back, whatever is free; undefined when nothing does. */
  holds(entry: Entry): string | undefined {
    const { key } = entry.call;
    if (this.gate !== undefined && key !== undefined && this.gate.isParked(key, entry)) {
      return `others with its key (${key}) go first`;
    }
    const name = this.fair?.by[0]?.(entry);
    if (name === undefined) return undefined;
    if (this.paused.has(name)) return `its flow (${name}) is paused`;
    return this.mustHold(name) ? `its flow (${name}) runs as much as it may` : undefined;
  }

  /** Who would run last. */
  last(): Entry | undefined {
    return this.gate?.last() ?? this.root.last();
  }

  *entries(): Iterable<Entry> {
    yield* this.root.entries();
    yield* this.gate?.entries() ?? [];
  }

  /** Holds an outermost flow back, or lets it go on, at every priority. What runs goes on. */
  pauseFlow(name: string, isPaused: boolean): void {
    if (isPaused) this.paused.add(name);
    else this.paused.delete(name);
    this.holdIfMust(name);
  }

  /** Lets every paused flow go on. */
  resumeAll(): void {
    for (const name of [...this.paused]) this.pauseFlow(name, false);
  }

  /** Reads the weights anew; what is in line already keeps its turn. */
  reweigh(): void {
    for (const fair of outermost(this.root)) this.reweighFlows(fair, 0);
  }

  private reweighFlows(fair: Fair, floor: number): void {
    for (const party of fair.all()) {
      const flow = party.flow as Flow;
      flow.weight = (this.fair as FairOrder).weight(flow.name, floor);
      if (party instanceof Fair) this.reweighFlows(party, floor + 1);
    }
  }

  private makeFair(fair: FairOrder, floor: number, makePlace: () => Place): Fair {
    const nameOf = fair.by[floor] as (entry: Entry) => string;
    const isInnermost = floor === fair.by.length - 1;
    return new Fair({
      nameOf,
      make: (name) => {
        const place = isInnermost ? makePlace() : this.makeFair(fair, floor + 1, makePlace);
        const isHeld = floor === 0 && this.mustHold(name);
        place.flow = new Flow({ name, weight: fair.weight(name, floor), isHeld });
        return place;
      },
    });
  }

  private charge(entry: Entry, lane: Place, fair: FairOrder): Bill {
    const innermost = partyOf(lane) as Place;
    const charged = this.chargeFor(entry, innermost.flow as Flow, fair);
    let outermost = innermost;
    for (let party: Place | undefined = innermost; party !== undefined;) {
      (party.parent as Fair).charge(party, charged);
      outermost = party;
      party = partyOf(party.parent);
    }
    if (fair.cap < Infinity) this.countRunning((outermost.flow as Flow).name, 1);
    return { party: innermost, charged };
  }

  private chargeFor(entry: Entry, flow: Flow, fair: FairOrder): number {
    if (fair.isMeasured) return flow.expectedCost;
    const stated = costOf(entry.call, fair.unit);
    const least = this.meanCharge / 100;
    const cost = stated > least && stated < Infinity ? stated : least; // NaN is nothing, too
    this.meanCharge += (cost - this.meanCharge) * SMOOTHING;
    return cost;
  }

  private settle({ party: innermost, charged }: Bill, measured: number | undefined): void {
    const cost = measured ?? charged;
    let outermost = innermost;
    for (let party: Place | undefined = innermost; party !== undefined;) {
      const flow = party.flow as Flow;
      flow.expectedCost += (cost - flow.expectedCost) * SMOOTHING;
      (party.parent as Fair).settle(party, cost - charged);
      outermost = party;
      party = partyOf(party.parent);
    }
    if (this.fair !== undefined && this.fair.cap < Infinity) {
      this.countRunning((outermost.flow as Flow).name, -1);
    }
  }

  private countRunning(name: string, by: number): void {
    const count = (this.running.get(name) ?? 0) + by;
    if (count === 0) this.running.delete(name);
    else this.running.set(name, count);
    this.holdIfMust(name);
  }

  private mustHold(name: string): boolean {
    const cap = this.fair?.cap ?? Infinity;
    return this.paused.has(name) || (this.running.get(name) ?? 0) >= cap;
  }

  private holdIfMust(name: string): void {
    for (const fair of outermost(this.root)) fair.hold(name, this.mustHold(name));
  }
}

/** Weight of the newest cost in a mean. */
const SMOOTHING = 0.1;

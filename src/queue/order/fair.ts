/**
 * Fairness between flows (tenants, users, kinds of work), weighted, by cost.
 *
 * Start-time fair queueing: P. Goyal, H. Vin, H. Cheng, "Start-time Fair Queueing", SIGCOMM 1996.
 * Each flow has a virtual start S. The flow with the least S is served; that sets the virtual time
 * V = S, and moves the flow's S on by cost ÷ weight. A flow that was empty begins at max(V, F), F
 * being where it ended: having been idle earns nothing. While two flows both have work waiting,
 * their shares, cost served ÷ weight, never differ by more than c₁/w₁ + c₂/w₂ (c: the greatest cost
 * of one entry of the flow). `O(log flows)`.
 *
 * Our deviations: the cost charged at the start may be an estimate, set right when the work has ended
 * by moving the flow's S and F by the difference; a flow may be closed (paused, or at its cap), and
 * earns nothing by that either; flows can be nested.
 */

import type { IdHeap } from '../../core/index.ts';
import { idHeap } from '../../core/index.ts';
import type { Entry } from './entry.ts';
import type { Flow } from './flow.ts';
import type { Place } from './place.ts';
import { Branch, PlaceHeap } from './place.ts';

/** Tells flows apart, and makes a place for a new one, which bears its account. */
export interface FlowKinds {
  nameOf(entry: Entry): string;
  make(name: string): Place;
}

/** A branch of one place per flow. */
export class Fair extends Branch {
  /** The virtual time: the start tag of the flow served last. */
  private virtual = 0;
  private readonly kinds: FlowKinds;
  private readonly parties = new Map<string, Place>();
  /** Those that may start something, by what they have used of their share. */
  private readonly heap = new PlaceHeap<Place>();
  private readonly resting = new RestingParties();
  private running = 0;

  constructor(kinds: FlowKinds) {
    super();
    this.kinds = kinds;
  }

  get isOpen(): boolean {
    return !this.heap.isEmpty;
  }

  push(entry: Entry): void {
    const name = this.kinds.nameOf(entry);
    (this.parties.get(name) ?? this.enrol(name)).push(entry);
  }

  peek(now: number): Entry | undefined {
    return this.heap.first?.peek(now);
  }

  /** The last of the flow that has most waiting for its weight. */
  last(): Entry | undefined {
    let longest: Place | undefined;
    let most = 0;
    for (const party of this.parties.values()) {
      const waiting = party.size / flowOf(party).weight;
      if (waiting > most) [longest, most] = [party, waiting];
    }
    return longest?.last();
  }

  /** The places of all flows that are known. */
  all(): Iterable<Place> {
    return this.parties.values();
  }

  private enrol(name: string): Place {
    const party = this.kinds.make(name);
    party.parent = this;
    this.parties.set(name, party);
    return party;
  }

  changed(party: Place, by: number): void {
    this.size += by;
    // Most arrivals find their flow in line already, where the number of its entries says nothing.
    if (by > 0 && party.heapId >= 0) return;
    const flow = flowOf(party);
    if (!flow.isHeld && party.isOpen) this.putInLine(party, flow);
    else this.heap.drop(party);
    if (party.size > 0) this.resting.wake(flow);
    else this.restIfIdle(party, flow);
  }

  private putInLine(party: Place, flow: Flow): void {
    if (party.heapId < 0) flow.usedUpTo = Math.max(this.virtual, flow.usedUpTo);
    this.heap.put(party, flow.usedUpTo);
  }

  /** The head of `party` is about to leave to run, and takes `cost` of its share. */
  charge(party: Place, cost: number): void {
    const flow = flowOf(party);
    this.running++;
    flow.running++;
    this.virtual = Math.max(this.virtual, flow.usedUpTo);
    spend(flow, cost); // it moves in line when its head has left
    this.forgetRested();
  }

  /** Something of `party` has ended, and cost `extra` more than it was charged. */
  settle(party: Place, extra: number): void {
    const flow = flowOf(party);
    this.running--;
    flow.running--;
    if (extra !== 0) spend(flow, extra);
    if (extra !== 0 || party.size === 0) this.changed(party, 0);
    if (this.running === 0 && this.size === 0) this.beginAnew();
  }

  /** Opens or closes the flow of that name, if it is known. What runs goes on. */
  hold(name: string, isHeld: boolean): void {
    const party = this.parties.get(name);
    if (party === undefined || flowOf(party).isHeld === isHeld) return;
    flowOf(party).isHeld = isHeld;
    this.changed(party, 0);
    this.tell(0);
  }

  countAhead(party: Place, ahead: number): number {
    const own = flowOf(party);
    const at = own.usedUpTo + (ahead * own.expectedCost) / own.weight;
    let count = ahead;
    for (const other of this.parties.values()) {
      if (other === party || other.heapId < 0) continue;
      const { usedUpTo, weight, expectedCost } = flowOf(other);
      if (usedUpTo > at) continue;
      const before = Math.ceil(((at - usedUpTo) * weight) / expectedCost);
      count += Math.min(other.size, before);
    }
    return count;
  }

  *entries(): Iterable<Entry> {
    for (const party of this.parties.values()) yield* party.entries();
  }

  /**
   * A flow may be forgotten when F ≤ V: before, going and coming would wipe out what it used. Of
   * endless new flows, each of which comes once, only so many are remembered, those that used most.
   */
  private restIfIdle(party: Place, flow: Flow): void {
    if (flow.running > 0) return;
    this.resting.rest(party, flow);
    this.forgetRested();
  }

  private forgetRested(): void {
    const { resting } = this;
    for (let party = resting.first; party !== undefined; party = resting.first) {
      const flow = flowOf(party);
      if (flow.usedUpTo > this.virtual && resting.size <= MOST_RESTING) return;
      resting.wake(flow);
      this.parties.delete(flow.name);
    }
  }

  /** Nobody waits or runs: all are equal again. */
  private beginAnew(): void {
    for (const party of this.parties.values()) this.resting.wake(flowOf(party));
    this.parties.clear();
    this.virtual = 0;
  }
}

/** The place of the innermost flow that `place` is or belongs to. */
export function partyOf(place: Place | undefined): Place | undefined {
  let party = place;
  while (party !== undefined && party.flow === undefined) party = party.parent;
  return party;
}

/** The account of a place directly below a fair branch. */
function flowOf(party: Place): Flow {
  return party.flow as Flow;
}

/**
 * Moves a flow on by what `cost` is of its share, however great the numbers: an absurd cost makes the
 * next ones vanish in rounding, and flows that no longer moved would never let the others have a turn.
 */
function spend(flow: Flow, cost: number): void {
  const before = flow.usedUpTo;
  const after = before + cost / flow.weight;
  const moved = after === before ? before * (1 + Number.EPSILON) : after;
  flow.usedUpTo = Math.min(Math.max(0, moved), Number.MAX_VALUE);
}

/** Parties that are empty but not yet forgotten, by when they can be. */
class RestingParties {
  private readonly heap: IdHeap = idHeap(4);
  private readonly parties: (Place | undefined)[] = [];

  rest(party: Place, flow: Flow): void {
    if (flow.restId >= 0) {
      this.heap.update(flow.restId, flow.usedUpTo);
      return;
    }
    flow.restId = this.heap.push(flow.usedUpTo);
    this.parties[flow.restId] = party;
  }

  wake(flow: Flow): void {
    if (flow.restId < 0) return;
    this.heap.remove(flow.restId);
    this.parties[flow.restId] = undefined;
    flow.restId = -1;
  }

  get size(): number {
    return this.heap.size;
  }

  /** Who has used least. */
  get first(): Place | undefined {
    return this.heap.size === 0 ? undefined : this.parties[this.heap.peekId()];
  }
}

/** Flows that are empty but not forgotten, about half a kilobyte each. */
const MOST_RESTING = 4096;

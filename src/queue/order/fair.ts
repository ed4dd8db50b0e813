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

/** Tells flows apart, and makes new ones. */
export interface FlowKinds {
  nameOf(entry: Entry): string;
  make(name: string): Flow;
}

/** A branch of one flow per name. */
export class Fair extends Branch {
  /** The virtual time: the start tag of the flow served last. */
  virtual = 0;
  private readonly kinds: FlowKinds;
  private readonly flows = new Map<string, Flow>();
  private readonly heap = new PlaceHeap<Flow>();
  private readonly resting = new RestingFlows();
  private running = 0;

  constructor(kinds: FlowKinds) {
    super();
    this.kinds = kinds;
  }

  get isOpen(): boolean {
    return !this.heap.isEmpty;
  }

  push(entry: Entry): void {
    this.flow(this.kinds.nameOf(entry)).push(entry);
  }

  peek(now: number): Entry | undefined {
    return this.heap.first?.peek(now);
  }

  /** The last of the flow that has most waiting for its weight. */
  last(): Entry | undefined {
    let longest: Flow | undefined;
    for (const flow of this.flows.values()) {
      if (flow.size === 0) continue;
      if (longest === undefined || flow.size * longest.weight > longest.size * flow.weight)
        longest = flow;
    }
    return longest?.last();
  }

  /** The flow of that name, if it is known. */
  find(name: string): Flow | undefined {
    return this.flows.get(name);
  }

  /** All flows that are known. */
  all(): Iterable<Flow> {
    return this.flows.values();
  }

  private flow(name: string): Flow {
    let flow = this.flows.get(name);
    if (flow === undefined) {
      flow = this.kinds.make(name);
      flow.parent = this;
      this.flows.set(name, flow);
    }
    this.resting.wake(flow);
    return flow;
  }

  changed(child: Place, by: number): void {
    const flow = child as Flow;
    this.size += by;
    if (!flow.isOpen) {
      this.heap.drop(flow);
      this.restIfIdle(flow);
      return;
    }
    if (flow.heapId < 0) flow.tag = Math.max(this.virtual, flow.finish);
    this.heap.put(flow, flow.tag);
  }

  /** The flow's head is about to leave to run, and takes `cost` of its share. */
  charge(flow: Flow, cost: number): void {
    this.running++;
    flow.running++;
    this.virtual = Math.max(this.virtual, flow.tag);
    flow.finish = flow.tag + cost / flow.weight;
    flow.tag = flow.finish;
    this.forgetRested();
  }

  /** Something of the flow has ended, and cost `extra` more than it was charged. */
  settle(flow: Flow, extra: number): void {
    this.running--;
    flow.ended(extra);
    if (this.running === 0 && this.size === 0) this.beginAnew();
  }

  countAhead(child: Place, ahead: number): number {
    const own = child as Flow;
    const at = own.tag + (ahead * own.expectedCost) / own.weight;
    let count = ahead;
    for (const flow of this.flows.values()) {
      if (flow === own || flow.heapId < 0 || flow.tag > at) continue;
      const before = Math.ceil(((at - flow.tag) * flow.weight) / flow.expectedCost);
      count += Math.min(flow.size, Math.max(0, before));
    }
    return count;
  }

  *entries(): Iterable<Entry> {
    for (const flow of this.flows.values()) yield* flow.entries();
  }

  /**
   * A flow may be forgotten when F ≤ V: before, going and coming would wipe out what it used. Of
   * endless new flows, each of which comes once, only so many are remembered, those that used most.
   */
  private restIfIdle(flow: Flow): void {
    if (flow.size > 0 || flow.running > 0) return;
    this.resting.rest(flow);
    this.forgetRested();
  }

  private forgetRested(): void {
    const { resting } = this;
    for (let flow = resting.first; flow !== undefined; flow = resting.first) {
      if (flow.finish > this.virtual && resting.size <= MOST_RESTING) return;
      resting.wake(flow);
      this.flows.delete(flow.name);
    }
  }

  /** Nobody waits or runs: all are equal again. */
  private beginAnew(): void {
    for (const flow of this.flows.values()) {
      this.resting.wake(flow);
    }
    this.flows.clear();
    this.virtual = 0;
  }
}

/** Flows that are empty but not yet forgotten, by when they can be. */
class RestingFlows {
  private readonly heap: IdHeap = idHeap(4);
  private readonly flows: (Flow | undefined)[] = [];

  rest(flow: Flow): void {
    if (flow.restId >= 0) {
      this.heap.update(flow.restId, flow.finish);
      return;
    }
    flow.restId = this.heap.push(flow.finish);
    this.flows[flow.restId] = flow;
  }

  wake(flow: Flow): void {
    if (flow.restId < 0) return;
    this.heap.remove(flow.restId);
    this.flows[flow.restId] = undefined;
    flow.restId = -1;
  }

  get size(): number {
    return this.heap.size;
  }

  /** Who has used least. */
  get first(): Flow | undefined {
    return this.heap.size === 0 ? undefined : this.flows[this.heap.peekId()];
  }
}

/** Flows that are empty but not forgotten, about half a kilobyte each. */
const MOST_RESTING = 4096;

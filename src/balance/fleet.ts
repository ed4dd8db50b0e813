/** The endpoints in arrays by slot: what picks read, and what the ends of calls teach. */

import type { OptionChecks } from '../core/index.ts';
import { blended, sampleWeight } from './decaying.ts';
import type { FullEndpoint } from './endpoint-record.ts';
import { EndpointRecord } from './endpoint-record.ts';
import type { CallEnd, FleetFigures } from './policy.ts';
import { KindFigures } from './kind-figures.ts';

export class Fleet<T> implements FleetFigures {
  readonly ids: (string | undefined)[] = [];
  /** By slot, as long as calls are in flight there. */
  readonly records: (EndpointRecord<T> | undefined)[] = [];
  readonly targets: (T | undefined)[] = [];
  readonly byId: Map<string, EndpointRecord<T>> = new Map();
  weight: Float64Array<ArrayBuffer> = new Float64Array(0);
  givenWeight: Float64Array<ArrayBuffer> = new Float64Array(0);
  active: Float64Array<ArrayBuffer> = new Float64Array(0);
  begunSum: Float64Array<ArrayBuffer> = new Float64Array(0);
  /** Calls sent since it came. */
  calls: Float64Array<ArrayBuffer> = new Float64Array(0);
  latencyMs: Float64Array<ArrayBuffer> = new Float64Array(0);
  errorRatio: Float64Array<ArrayBuffer> = new Float64Array(0);
  learnedAt: Float64Array<ArrayBuffer> = new Float64Array(0);
  utilisation: Float64Array<ArrayBuffer> = new Float64Array(0);
  quality: Float64Array<ArrayBuffer> = new Float64Array(0);
  /** Of calls that succeeded: what fails fast says nothing of how long work takes. */
  meanLatencyMs = 0;
  activeTotal = 0;
  private meanAt = 0;
  readonly memoryMs: number;
  private readonly kinds: KindFigures;
  private readonly free: number[] = [];
  /** Those in `byId`; undefined: to be listed anew. */
  private list: readonly EndpointRecord<T>[] | undefined = undefined;

  constructor(memoryMs: number) {
    this.memoryMs = memoryMs;
    this.kinds = new KindFigures(memoryMs);
  }

  /** Every endpoint, in order of their coming. */
  all(): readonly EndpointRecord<T>[] {
    return (this.list ??= [...this.byId.values()]);
  }

  /** The endpoint of an id. @throws OptionError */
  known(check: OptionChecks, option: string, id: string): EndpointRecord<T> {
    return this.byId.get(id) ?? check.refuse(option, 'the id of an endpoint', id);
  }

  /** Takes in an endpoint; what is unknown of it is taken to be as with the others. */
  add(endpoint: FullEndpoint<T>): EndpointRecord<T> {
    const slot = this.free.pop() ?? this.ids.length;
    if (slot >= this.weight.length) this.grow();
    const record = new EndpointRecord(slot, endpoint);
    this.ids[slot] = endpoint.id;
    this.records[slot] = record;
    this.targets[slot] = endpoint.target;
    this.byId.set(endpoint.id, record);
    this.list = undefined;
    this.reweigh(record, endpoint.weight);
    this.active[slot] = 0;
    this.begunSum[slot] = 0;
    this.calls[slot] = 0;
    this.latencyMs[slot] = this.meanLatencyMs;
    this.errorRatio[slot] = 0;
    this.learnedAt[slot] = this.meanAt;
    this.utilisation[slot] = 0;
    this.quality[slot] = endpoint.quality;
    return record;
  }

  /** Lets go of an endpoint; its slot is free again when its last call has ended. */
  remove(record: EndpointRecord<T>): void {
    record.isGone = true;
    this.byId.delete(record.id);
    this.list = undefined;
    this.ids[record.slot] = undefined;
    this.kinds.forget(record.slot);
    if (this.active[record.slot] === 0) this.vacate(record.slot);
  }

  /** Says anew what an endpoint is; what was learned of it stays. */
  redefine(record: EndpointRecord<T>, endpoint: FullEndpoint<T>): void {
    record.endpoint = endpoint;
    this.targets[record.slot] = endpoint.target;
    this.reweigh(record, endpoint.weight);
  }

  reweigh(record: EndpointRecord<T>, weight: number): void {
    const { slot } = record;
    record.endpoint = { ...record.endpoint, weight };
    this.givenWeight[slot] = weight;
    this.weight[slot] = weight;
  }

  // A record lies somewhere in the heap, and reading it costs more than all of this.
  begin(slot: number, now: number): void {
    this.active[slot]!++;
    this.activeTotal++;
    this.begunSum[slot]! += now;
    this.calls[slot]!++;
  }

  end(slot: number, begunAt: number): void {
    this.activeTotal--;
    const left = this.active[slot]! - 1;
    this.active[slot] = left;
    // Exactly 0 when nothing is in flight, whatever rounding has left behind.
    this.begunSum[slot] = left === 0 ? 0 : this.begunSum[slot]! - begunAt;
    if (left === 0 && this.ids[slot] === undefined) this.vacate(slot);
  }

  /** What the end of a call teaches; a failure never makes an endpoint look faster. */
  learn(slot: number, end: CallEnd, quality: number | undefined): void {
    const { now, failed, latencyMs } = end;
    const weight = sampleWeight(now - this.learnedAt[slot]!, this.memoryMs);
    const before = this.latencyMs[slot]!;
    const sample = failed ? Math.max(latencyMs, before, this.meanLatencyMs) : latencyMs;
    this.latencyMs[slot] = before === 0 ? sample : before + weight * (sample - before);
    this.errorRatio[slot]! += weight * ((failed ? 1 : 0) - this.errorRatio[slot]!);
    this.learnedAt[slot] = now;
    if (!failed) this.learnMean(latencyMs, now);
    if (quality !== undefined) this.quality[slot]! += weight * (quality - this.quality[slot]!);
    if (end.call.kind !== undefined) this.kinds.learn(slot, end.call.kind, end, quality);
  }

  learned(slot: number, kind: string): ReturnType<KindFigures['of']> {
    return this.kinds.of(slot, kind);
  }

  private learnMean(sample: number, now: number): void {
    const before = this.meanLatencyMs;
    this.meanLatencyMs =
      before === 0 ? sample : blended(before, sample, now - this.meanAt, this.memoryMs);
    this.meanAt = now;
  }

  private vacate(slot: number): void {
    this.records[slot] = undefined;
    this.targets[slot] = undefined;
    this.free.push(slot);
  }

  private grow(): void {
    const size = Math.max(8, 2 * this.weight.length);
    const grown = (from: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
      const to = new Float64Array(size);
      to.set(from);
      return to;
    };
    this.weight = grown(this.weight);
    this.givenWeight = grown(this.givenWeight);
    this.active = grown(this.active);
    this.begunSum = grown(this.begunSum);
    this.calls = grown(this.calls);
    this.latencyMs = grown(this.latencyMs);
    this.errorRatio = grown(this.errorRatio);
    this.learnedAt = grown(this.learnedAt);
    this.utilisation = grown(this.utilisation);
    this.quality = grown(this.quality);
  }
}

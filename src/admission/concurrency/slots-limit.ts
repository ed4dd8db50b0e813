/**
 * Calls in flight as a limit: counts who is in, measures how long they stay, and lets an adaptive rule
 * move the number.
 */

import type { Call, Outcome, Pass } from '../../core/index.ts';
import { checkedCost } from '../cost.ts';
import type { Ahead, Allowance, Limit, Reason, Shell } from '../limit.ts';
import { nobody, UNTIL_ROOM } from '../limit.ts';
import type { Partitions } from './partitions.ts';
import { sumOfWeights } from './partitions.ts';
import type { ConcurrencyRule } from './rule.ts';
import type { Sampler } from './sampler.ts';

/** What the count of calls in flight needs of its shell. */
export interface SlotsSetup {
  readonly name: string;
  readonly rule: ConcurrencyRule;
  /** Undefined for a fixed limit, which learns nothing. */
  readonly sampler: Sampler | undefined;
  readonly partitions: Partitions | undefined;
  readonly partitionOf: (call: Call) => string;
  readonly unit: string | undefined;
  /** Whether a failed call tells of overload. */
  readonly isDrop: (error: unknown) => boolean;
  /** The limit has moved. */
  moved(from: number, to: number): void;
  /** `isDrop` or the rule has thrown. */
  faulted(error: unknown): void;
}

/** How a call ended, and after how long. */
interface End {
  readonly outcome: Outcome;
  readonly detail: unknown;
  readonly durationMs: number;
}

export class SlotsLimit implements Limit {
  inFlight = 0;
  rule: ConcurrencyRule;
  sampler: Sampler | undefined;
  /** Set once, by whoever makes both. */
  declare shell: Shell;
  private readonly partitions: Partitions | undefined;
  private readonly unit: string | undefined;
  private readonly setup: SlotsSetup;
  /** Whole calls that may be in flight. */
  private most: number;

  constructor(setup: SlotsSetup) {
    this.setup = setup;
    this.partitions = setup.partitions;
    this.unit = setup.unit;
    this.rule = setup.rule;
    this.sampler = setup.sampler;
    this.most = Math.floor(setup.rule.limit);
  }

  get limit(): number {
    return this.most;
  }

  /** Puts another rule in force. */
  replace(rule: ConcurrencyRule, sampler: Sampler | undefined, now: number): void {
    this.rule = rule;
    this.sampler = sampler;
    this.follow();
    this.shell.pump(now);
  }

  nobody(): Ahead {
    return nobody();
  }

  count(call: Call, ahead: Ahead, sign: 1 | -1): void {
    ahead.units += sign * this.weight(call);
  }

  waitMs(call: Call, ahead: Ahead): number {
    const inLine = ahead.units;
    const weight = this.weight(call);
    if (this.inFlight + inLine + weight <= this.most) return 0;
    // A call heavier than the whole limit would wait for ever: alone, it may go.
    if (this.inFlight + inLine === 0) return 0;
    const { partitions } = this;
    if (partitions !== undefined) {
      const name = this.setup.partitionOf(call);
      if (partitions.hasOwnPlace(name, weight, inLine, this.most)) return 0;
    }
    this.sampler?.bound();
    return UNTIL_ROOM;
  }

  admit(call: Call, now: number): Pass {
    const weight = this.weight(call);
    const before = this.inFlight;
    this.inFlight = before + weight;
    this.sampler?.changed(before, this.inFlight, now);
    const { partitions } = this;
    if (partitions === undefined) return new SlotPass(this, weight, now, undefined);
    const partition = this.setup.partitionOf(call);
    partitions.changed(partition, weight);
    return new SlotPass(this, weight, now, partition);
  }

  enter(call: Call, ahead: Ahead, now: number): Pass | number {
    const waitMs = this.waitMs(call, ahead);
    return waitMs === 0 ? this.admit(call, now) : waitMs;
  }

  explain(call: Call): Reason {
    const { partitionOf } = this.setup;
    const of =
      this.partitions === undefined ? '' : `, nor is the share of '${partitionOf(call)}' free`;
    return {
      code: 'ERR_CONCURRENCY_LIMITED',
      message: `${this.inFlight} of ${this.most} in flight${of}`,
    };
  }

  peek(_call: Call, ahead: Ahead): Allowance {
    return {
      name: this.setup.name,
      unit: this.unit ?? 'concurrent-requests',
      limit: this.most,
      windowMs: 0,
      remaining: this.most - this.inFlight - ahead.units,
      resetMs: 0,
      retryAfterMs: 0,
    };
  }

  adjust(): void {
    // What is in flight is what it is.
  }

  /** A call has ended. */
  left(pass: SlotPass, outcome: Outcome, detail: unknown, at: number | undefined): void {
    const now = this.shell.now(at);
    const before = this.inFlight;
    this.inFlight = sumOfWeights(before, -pass.weight);
    if (pass.partition !== undefined) this.partitions?.changed(pass.partition, -pass.weight);
    const { sampler } = this;
    if (sampler !== undefined) {
      sampler.changed(before, this.inFlight, now);
      this.learn(sampler, { outcome, detail, durationMs: now - pass.since }, now);
    }
    this.shell.pump(now);
  }

  private learn(sampler: Sampler, { outcome, detail, durationMs }: End, now: number): void {
    try {
      const isDrop = outcome === 'failure' && this.setup.isDrop(detail);
      if (outcome === 'success' || isDrop) sampler.left(durationMs, isDrop);
      if (!sampler.isComplete(now)) return;
      this.rule.update(sampler.next(this.inFlight, now));
      this.follow();
    } catch (error) {
      this.setup.faulted(error); // those who wait are to hear of the free place nevertheless
    }
  }

  private follow(): void {
    const from = this.most;
    // A rule of the user's own may answer with NaN: nobody would ever pass again.
    if (this.rule.limit >= 0) this.most = Math.floor(this.rule.limit);
    if (this.most !== from) this.setup.moved(from, this.most);
  }

  private weight(call: Call): number {
    return this.unit === undefined ? 1 : checkedCost(this.setup.name, call, this.unit);
  }
}

/** Leave to go on; held until the work has settled. */
export class SlotPass implements Pass {
  readonly ok = true;
  readonly untilSettled = true;
  readonly weight: number;
  readonly since: number;
  readonly partition: string | undefined;
  private limit: SlotsLimit | undefined;

  constructor(limit: SlotsLimit, weight: number, since: number, partition: string | undefined) {
    this.limit = limit;
    this.weight = weight;
    this.since = since;
    this.partition = partition;
  }

  done(outcome: Outcome, detail?: unknown, now?: number): void {
    const { limit } = this;
    if (limit === undefined) return;
    this.limit = undefined;
    limit.left(this, outcome, detail, now);
  }
}

/**
 * Peak EWMA as Finagle, Linkerd and Envoy have it: latency, bad news at once and good news slowly, times
 * the calls in flight.
 *
 * Sources: Finagle, PeakEwma; Linkerd, linkerd-ewma; Envoy, peak_ewma (cost).
 */

import type { Random } from '../../core/index.ts';
import { optionChecks } from '../../core/index.ts';
import { faded, peaked } from '../decaying.ts';
import type { BalancePolicy, CallEnd, Candidates, Chooser } from '../policy.ts';
import type { FleetFigures, PolicyReason } from '../policy.ts';
import { Draws } from './draws.ts';

export interface PeakEwmaOptions {
  /** How long a latency is remembered: after so many ms it counts 37 %. @default 10_000 */
  readonly memoryMs?: number;
  /** Cost of an endpoint that is being tried for the first time. @default 1e6 */
  readonly penalty?: number;
}

/**
 * Picks the better of two by `latency × (calls in flight + 1)`. The policy of service meshes; `ewma()`
 * is its successor here: it sees stalls before they end, and errors.
 *
 * @throws OptionError for an option out of range
 */
export function peakEwma(options: PeakEwmaOptions = {}): BalancePolicy {
  const check = optionChecks('peakEwma');
  check.known(options, ['memoryMs', 'penalty']);
  const memoryMs = check.positive('memoryMs', options.memoryMs ?? 10_000);
  const penalty = check.positive('penalty', options.penalty ?? 1e6);
  return {
    name: 'peak-ewma',
    start: (fleet, random) => new PeakEwma(fleet, random, memoryMs, penalty),
  };
}

/** What an endpoint costs; without a latency, `penalty` while it is tried, else as if it took `defaultMs`. */
export function peakEwmaCost(
  latencyMs: number,
  active: number,
  defaultMs: number,
  penalty: number,
): number {
  if (latencyMs > 0) return latencyMs * (active + 1);
  return active > 0 ? penalty + active : defaultMs;
}

class PeakEwma implements Chooser {
  private readonly fleet: FleetFigures;
  private readonly draws: Draws;
  private readonly memoryMs: number;
  private readonly penalty: number;
  private readonly latency: number[] = [];
  private readonly at: number[] = [];

  constructor(fleet: FleetFigures, random: Random, memoryMs: number, penalty: number) {
    this.fleet = fleet;
    this.draws = new Draws(random);
    this.memoryMs = memoryMs;
    this.penalty = penalty;
  }

  pick(among: Candidates, _call: unknown, now: number): number {
    const { size, slots } = among;
    const first = this.draws.below(size);
    const a = slots[first]!;
    const b = slots[this.draws.other(first, size)]!;
    return this.cost(b, now) < this.cost(a, now) ? b : a;
  }

  ended(slot: number, { latencyMs, now }: CallEnd): void {
    const before = this.latency[slot] ?? 0;
    const elapsed = now - (this.at[slot] ?? now);
    this.latency[slot] =
      before === 0 ? latencyMs : peaked(before, latencyMs, elapsed, this.memoryMs);
    this.at[slot] = now;
  }

  joined(slot: number): void {
    this.latency[slot] = 0;
    this.at[slot] = 0;
  }

  explain(slot: number, _among: Candidates, _call: unknown, now: number): PolicyReason {
    const latencyMs = this.latencyOf(slot, now);
    const { active, weight } = this.fleet;
    return {
      cost: this.cost(slot, now),
      parts: { latencyMs, active: active[slot]!, weight: weight[slot]! },
    };
  }

  private cost(slot: number, now: number): number {
    const active = this.fleet.active[slot]!;
    return (
      peakEwmaCost(this.latencyOf(slot, now), active, 0, this.penalty) / this.fleet.weight[slot]!
    );
  }

  private latencyOf(slot: number, now: number): number {
    const latency = this.latency[slot] ?? 0;
    return latency === 0 ? 0 : faded(latency, now - this.at[slot]!, this.memoryMs);
  }
}

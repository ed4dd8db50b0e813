/**
 * Units this process holds of shared limits, granted by the store and not yet spent.
 */

import type { LimitStore } from './limit-store.ts';
import type { Rate } from '../rate/rule.ts';

interface Held {
  readonly rate: Rate;
  units: number;
  until: number;
}

/** Keys whose units are held at most; beyond, the oldest lease goes back. */
const MOST_KEYS = 10_000;

export class Leases {
  private readonly store: LimitStore;
  private readonly leaseMs: number;
  private readonly failed: (error: unknown) => void;
  private readonly held = new Map<string, Held>();

  /** @param failed hears of units that could not be given back */
  constructor(store: LimitStore, leaseMs: number, failed: (error: unknown) => void) {
    this.store = store;
    this.leaseMs = leaseMs;
    this.failed = failed;
  }

  /** Units held for `key` now. */
  unitsOf(key: string, now: number): number {
    const held = this.held.get(key);
    if (held === undefined) return 0;
    if (held.until > now) return held.units;
    this.drop(key);
    return 0;
  }

  spend(key: string, units: number): void {
    const held = this.held.get(key);
    if (held === undefined) return;
    held.units -= units;
    if (held.units <= 0) this.held.delete(key);
  }

  add(key: string, rate: Rate, units: number, now: number): void {
    if (units <= 0) return;
    const until = now + this.leaseMs;
    const held = this.held.get(key);
    if (held === undefined) this.held.set(key, { rate, units, until });
    else {
      held.units += units;
      held.until = until;
    }
    if (this.held.size > MOST_KEYS) for (const oldest of this.held.keys()) return this.drop(oldest);
  }

  /** Gives everything back. */
  async returnAll(): Promise<void> {
    const asks = [...this.held].map(([key, { rate, units }]) => ({ key, rate, units }));
    this.held.clear();
    if (asks.length > 0) await this.store.giveBack(asks).catch(this.failed);
  }

  private drop(key: string): void {
    const held = this.held.get(key) as Held;
    this.held.delete(key);
    this.store.giveBack([{ key, rate: held.rate, units: held.units }]).catch(this.failed);
  }
}

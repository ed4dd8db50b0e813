/**
 * Units this process holds of shared limits, granted by the store and not yet spent.
 */

import type { Alarm, Runtime } from '../../core/index.ts';
import type { StoreChange, StoreKey } from './limit-store.ts';

interface Held {
  readonly of: StoreKey;
  units: number;
  /** When some were granted last. */
  since: number;
}

/** Keys whose units are held at most; beyond, the oldest lease goes back. */
const MOST_KEYS = 10_000;

/** A limit of a key as one string. */
export function nameOf({ limit, key }: StoreKey): string {
  return `${limit}:${key}`;
}

export class Leases implements Alarm {
  alarmId = -1;
  readonly background = true;
  private readonly runtime: Runtime;
  private readonly leaseMs: number;
  private readonly giveBack: (changes: readonly StoreChange[]) => Promise<unknown>;
  /** By name, the one granted last at the end. */
  private readonly held = new Map<string, Held>();

  constructor(
    runtime: Runtime,
    leaseMs: number,
    giveBack: (changes: readonly StoreChange[]) => Promise<unknown>,
  ) {
    this.runtime = runtime;
    this.leaseMs = leaseMs;
    this.giveBack = giveBack;
  }

  /** Units held now. */
  unitsOf(of: StoreKey, now: number): number {
    const held = this.held.get(nameOf(of));
    return held === undefined || held.since + this.leaseMs <= now ? 0 : held.units;
  }

  spend(of: StoreKey, units: number): void {
    const name = nameOf(of);
    const held = this.held.get(name);
    if (held === undefined) return;
    held.units -= units;
    if (held.units <= 0) this.held.delete(name);
  }

  add(of: StoreKey, units: number): void {
    if (units <= 0) return;
    const now = this.runtime.now();
    const name = nameOf(of);
    this.sweep(now);
    const kept = this.held.get(name)?.units ?? 0;
    this.held.delete(name); // to the end of the order
    this.held.set(name, { of, units: kept + units, since: now });
    if (this.held.size > MOST_KEYS) {
      const [[oldest, held]] = this.held as unknown as [[string, Held]];
      this.held.delete(oldest);
      void this.giveBack([changeOf(held, now)]);
    }
    if (this.alarmId < 0) this.runtime.arm(this, this.leaseMs);
  }

  /** Gives everything back. */
  async returnAll(): Promise<void> {
    await this.drop(Infinity, this.runtime.now());
  }

  /** Gives back what has lain unused for too long. */
  ring(now: number): void {
    this.sweep(now);
    const [first] = this.held.values();
    if (first !== undefined) this.runtime.armAt(this, first.since + this.leaseMs);
  }

  private sweep(now: number): void {
    void this.drop(now - this.leaseMs, now);
  }

  /** Gives back what was granted until `since`. */
  private async drop(since: number, now: number): Promise<void> {
    const changes: StoreChange[] = [];
    for (const [name, held] of this.held) {
      if (held.since > since) break;
      this.held.delete(name);
      changes.push(changeOf(held, now));
    }
    if (changes.length > 0) await this.giveBack(changes);
  }
}

function changeOf({ of, units, since }: Held, now: number): StoreChange {
  return { ...of, units: -units, ageMs: now - since };
}

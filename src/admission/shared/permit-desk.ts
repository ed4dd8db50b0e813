/**
 * The permits a process has leased, and its talk with the store about them.
 *
 * Where no permit is free, one step asks for all who want one; where the store has none, it is asked
 * again after a while for those who wait. A permit that has come back goes to the next call here, for a
 * short time only: then it goes back to the store, so that the other processes get their turn. While
 * anything is held, renewals tell the store what.
 */

import type { Alarm, Runtime } from '../../core/index.ts';
import { Denials } from './denials.ts';
import { KeyPermits } from './key-permits.ts';
import type { HeldLease, LeaseStore } from './lease-store.ts';
import type { StoreLink } from './store-link.ts';

/** What the desk needs to know. */
export interface DeskSetup {
  readonly store: LeaseStore;
  readonly link: StoreLink;
  readonly runtime: Runtime;
  readonly holder: string;
  readonly limit: number;
  readonly leaseMs: number;
  readonly keepMs: number;
  readonly pollMs: number;
}

/** Those who wait for permits. */
export interface Waiters {
  /** What the first in the line of `key` would occupy; undefined when nobody waits. */
  nextWeight(key: string): number | undefined;
  /** Lets pass who now can. */
  pump(): void;
}

/** A lease is renewed so often before it would run out. */
const RENEWALS = 3;

export class PermitDesk {
  /** Permits of each key that all processes have together. */
  limit: number;
  private readonly setup: DeskSetup;
  private readonly waiters: Waiters;
  private readonly random: () => number;
  private readonly keys = new Map<string, KeyPermits>();
  private readonly denials = new Denials();
  private readonly renewal: Alarm;
  private isClosed = false;

  constructor(setup: DeskSetup, waiters: Waiters) {
    this.setup = setup;
    this.waiters = waiters;
    this.limit = setup.limit;
    this.random = setup.runtime.random('shared permits');
    this.renewal = { alarmId: -1, ring: () => void this.renew(), background: true };
  }

  /** Permits leased, occupied or not. */
  get held(): number {
    let held = 0;
    for (const permits of this.keys.values()) held += permits.held;
    return held;
  }

  /** The permits of `key`; undefined where there are none, and nobody wants any. */
  find(key: string): KeyPermits | undefined {
    return this.keys.get(key);
  }

  /** Whether the store may have `units` of `key`. */
  mayAsk(key: string, units: number, now: number): boolean {
    return !this.setup.link.isResting(now) && this.denials.waitMs(key, units, now) === 0;
  }

  /**
   * Counts what somebody wants, and asks for it.
   *
   * @returns false when there was nothing to ask
   */
  want(key: string, units: number): Promise<boolean> {
    this.open(key).wanted += units;
    return this.seek(key, units);
  }

  /** Who wanted has got it, or has left. */
  wantNoMore(key: string, units: number): void {
    this.open(key).wanted -= units;
    this.forgetIdle(key);
  }

  /** Occupies permits; the answer says until when they may be handed on. */
  occupy(key: string, units: number): number {
    const until = this.open(key).occupy(units);
    if (this.renewal.alarmId < 0) this.armRenewal();
    return until;
  }

  /** Takes back what a call has occupied. */
  vacate(key: string, units: number, { until, now }: { until: number; now: number }): void {
    this.open(key).inFlight -= units;
    if (now < until && !this.isClosed) this.keep(key, units, until);
    else void this.giveBack(key, units);
  }

  /** Puts another limit in force for what is asked from now on. */
  update(limit: number): void {
    this.limit = limit;
    this.denials.clear();
    for (const [key, { wanted }] of this.keys) if (wanted > 0) void this.seek(key, 1);
  }

  /** Gives back what is free, now and from now on. */
  async close(): Promise<void> {
    this.isClosed = true;
    const all = [...this.keys].map(([key, permits]) =>
      this.giveBack(key, permits.expire(Infinity)),
    );
    await Promise.all(all);
  }

  private open(key: string): KeyPermits {
    let permits = this.keys.get(key);
    if (permits === undefined) {
      const poll = (): void => void this.seek(key, 1);
      permits = new KeyPermits(poll, (now) => this.sweep(key, now));
      this.keys.set(key, permits);
    }
    return permits;
  }

  private forgetIdle(key: string): void {
    const permits = this.keys.get(key);
    if (permits?.isIdle !== true) return;
    const { runtime } = this.setup;
    runtime.disarm(permits.poll);
    runtime.disarm(permits.sweep);
    this.keys.delete(key);
  }

  private keep(key: string, units: number, until: number): void {
    const permits = this.open(key);
    permits.keep(units, until);
    this.setup.runtime.armAt(permits.sweep, permits.sweepAt);
  }

  private sweep(key: string, now: number): void {
    const permits = this.open(key);
    void this.giveBack(key, permits.expire(now));
    if (permits.sweepAt < Infinity) this.setup.runtime.armAt(permits.sweep, permits.sweepAt);
  }

  /** Asks for what is wanted of `key`, unless that is under way; `units` help whoever does not wait. */
  private seek(key: string, units: number): Promise<boolean> {
    const permits = this.open(key);
    // Later in this turn, so that whoever comes in it is asked for, too.
    permits.flight ??= Promise.resolve()
      .then(() => this.ask(key, permits, units))
      .finally(() => {
        permits.flight = undefined;
        this.afterStep(key, permits);
      });
    return permits.flight;
  }

  private async ask(key: string, permits: KeyPermits, units: number): Promise<boolean> {
    const { link, runtime, keepMs, pollMs } = this.setup;
    const atLeast = (this.waiters.nextWeight(key) ?? units) - permits.spare;
    const missing = permits.wanted - permits.spare;
    if (missing <= 0 || atLeast <= 0 || !this.mayAsk(key, atLeast, runtime.now())) return false;
    const wasDown = link.isDown;
    const take = (granted: number): void => this.keep(key, granted, runtime.now() + keepMs);
    permits.asked = Math.max(atLeast, Math.min(missing, this.limit));
    const granted = await link.ask(() => this.acquire(key, atLeast, permits.asked), take);
    permits.asked = 0;
    if (granted === undefined) permits.isUnsure = true;
    else if (granted > 0) take(granted);
    else this.denials.add(key, atLeast, pollMs * (0.5 + this.random()), runtime.now());
    // What was let in meanwhile is news to the store.
    if (granted !== undefined && wasDown) void this.renew();
    else if (this.renewal.alarmId < 0) this.armRenewal();
    return true;
  }

  private acquire(key: string, atLeast: number, units: number): Promise<number> {
    const { store, holder, leaseMs } = this.setup;
    return store.acquire({ holder, key, limit: this.limit, units, atLeast, leaseMs });
  }

  /** Lets pass who can, and asks again for who cannot. */
  private afterStep(key: string, permits: KeyPermits): void {
    const { link, runtime, pollMs } = this.setup;
    const now = runtime.now();
    this.waiters.pump();
    const weight = this.waiters.nextWeight(key);
    if (weight === undefined) {
      this.forgetIdle(key);
      return;
    }
    const missing = weight - permits.spare;
    if (missing > 0 && this.mayAsk(key, missing, now)) void this.seek(key, weight);
    else {
      const pauseMs = this.denials.waitMs(key, missing, now) || pollMs;
      runtime.armAt(permits.poll, Math.max(now + pauseMs, link.restsUntil));
    }
  }

  private async giveBack(key: string, units: number): Promise<void> {
    if (units <= 0) return;
    const { link, store, holder } = this.setup;
    const isTold =
      !link.isDown && (await link.tell(() => store.release({ holder, held: [{ key, units }] })));
    if (!isTold) this.doubt(key);
    this.forgetIdle(key);
  }

  /** The store may have other numbers, until the next renewal. */
  private doubt(key: string): void {
    this.open(key).isUnsure = true;
    if (this.renewal.alarmId < 0) this.armRenewal();
  }

  private armRenewal(): void {
    const { runtime, leaseMs, link } = this.setup;
    if (this.keys.size === 0) return;
    const at = Math.max(runtime.now() + leaseMs / RENEWALS, link.restsUntil);
    runtime.armAt(this.renewal, at);
  }

  /** Tells the store what is held, whatever it thinks. */
  private async renew(): Promise<void> {
    const { link, store, holder, leaseMs } = this.setup;
    const held: HeldLease[] = [];
    for (const [key, permits] of this.keys) {
      const units = permits.held + permits.asked;
      if (units === 0 && !permits.isUnsure) continue;
      held.push({ key, units });
      permits.isUnsure = permits.asked > 0; // it may be granted before this is heard, or after
    }
    if (held.length > 0) {
      const isTold = await link.tell(() => store.renew({ holder, held, leaseMs }));
      for (const { key } of held) {
        if (!isTold) this.doubt(key);
        this.forgetIdle(key);
      }
    }
    this.armRenewal();
  }
}

/**
 * What a shared limiter is granted: from leases first, then by the store, then, while the store is down,
 * by this process's own share.
 */

import type { Runtime } from '../../core/index.ts';
import type { Allowance } from '../limit.ts';
import { Denials } from './denials.ts';
import { Leases, nameOf } from './leases.ts';
import type { LimitStore, StoreAnswer, StoreAsk, StoreChange, StoreKey } from './limit-store.ts';
import type { Share, Shares, Verdict } from './shares.ts';
import { ownCall } from './shares.ts';
import type { StoreLink } from './store-link.ts';

/** What grants are made of. */
export interface GrantsSetup {
  readonly store: LimitStore;
  readonly link: StoreLink;
  readonly shares: Shares;
  readonly runtime: Runtime;
  readonly leaseUnits: number;
  readonly leaseMs: number;
}

/** What a call cost more, or less, than was granted `ageMs` ago. */
export interface Settled {
  readonly share: Share;
  readonly units: number;
  readonly ageMs: number;
}

/** Somebody in a line. */
interface Wanting {
  readonly shares: readonly Share[];
}

export class Grants {
  private readonly setup: GrantsSetup;
  private readonly leases: Leases;
  private readonly denials = new Denials();
  /** Steps under way by the keys they are for, while leases are in use: who comes meanwhile waits for them. */
  private readonly flights = new Map<string, Promise<unknown>>();

  constructor(setup: GrantsSetup) {
    const { runtime, leaseMs } = setup;
    this.setup = setup;
    this.leases = new Leases(runtime, leaseMs, (changes) => this.tell(changes));
  }

  /**
   * Grants, or says how long to wait.
   *
   * @param line who waits for the same, the asker first: one step asks for all of them
   */
  judge(
    shares: readonly Share[],
    now: number,
    line: Iterable<Wanting> = [],
  ): Verdict | Promise<Verdict> {
    for (const { part, of, cost } of shares) {
      const waitMs = this.denials.waitMs(nameOf(of), cost, now);
      if (waitMs > 0) return { shares, waitMs, by: part.name, from: 'store' };
    }
    if (shares.every(({ of, cost }) => this.leases.unitsOf(of, now) >= cost)) {
      for (const { of, cost } of shares) this.leases.spend(of, cost);
      return granted(shares);
    }
    const { link, leaseUnits } = this.setup;
    if (link.isResting(now)) return this.whileDown(shares);
    return leaseUnits === 0 ? this.ask(shares, now, line) : this.askOnce(shares, now, line);
  }

  /** What each limit has left, units leased here included. */
  async peek(shares: readonly Share[]): Promise<Allowance[]> {
    const { link, store, runtime } = this.setup;
    const now = runtime.now();
    const asks = shares.map(({ of, cost }) => ({ ...of, units: cost }));
    const states = link.isResting(now) ? undefined : await link.ask(() => store.peek(asks));
    if (states === undefined && link.whenDown === 'throw') throw link.error();
    return shares.map((share, i): Allowance => {
      const { part, of, cost } = share;
      const { name, unit = 'requests', rate } = part;
      const state = states?.[i];
      if (state === undefined) return { ...part.own.peek(ownCall(share)), name, unit };
      const leased = this.leases.unitsOf(of, now);
      return {
        name,
        unit,
        limit: rate.limit,
        windowMs: rate.windowMs,
        remaining: state.remaining + leased,
        resetMs: state.resetMs,
        retryAfterMs: leased >= cost ? 0 : state.waitMs,
      };
    });
  }

  /** Spends (`sign` 1) or gives back (-1) without asking; of the own share while the store is down. */
  async adjust(shares: readonly Share[], sign: 1 | -1): Promise<void> {
    const { link } = this.setup;
    const changes = shares.map(({ of, cost }) => ({ ...of, units: sign * cost, ageMs: 0 }));
    if (await this.tell(changes)) return;
    if (link.whenDown === 'throw') throw link.error();
    for (const share of shares) adjustOwn(share, sign * share.cost);
  }

  /** Spends or gives back what calls really cost, where it was granted. */
  settle(settled: readonly Settled[], from: Verdict['from']): void {
    if (from === 'share') for (const { share, units } of settled) adjustOwn(share, units);
    if (from !== 'store') return;
    const now = this.setup.runtime.now();
    const changes = settled.map(({ share: { of }, units, ageMs }): StoreChange => {
      const leased = Math.min(Math.max(0, units), this.leases.unitsOf(of, now));
      this.leases.spend(of, leased);
      return { ...of, units: units - leased, ageMs };
    });
    void this.tell(changes.filter(({ units }) => units !== 0));
  }

  /** There may be more than the store has said. */
  expectMore(): void {
    this.denials.clear();
  }

  /** Gives all leases back. */
  returnAll(): Promise<void> {
    return this.leases.returnAll();
  }

  /** Tells the store what was spent or is given back; false when it is down, which loses it. */
  private async tell(changes: readonly StoreChange[]): Promise<boolean> {
    const { link, store, runtime } = this.setup;
    if (link.isResting(runtime.now())) return false;
    if (changes.length === 0) return true;
    const isTold = await link.tell(() => store.adjust(changes));
    for (const change of changes) if (change.units < 0) this.denials.forget(nameOf(change));
    return isTold;
  }

  /** One step at a time for the same keys: it leases enough for those who come meanwhile. */
  private async askOnce(
    shares: readonly Share[],
    now: number,
    line: Iterable<Wanting>,
  ): Promise<Verdict> {
    const keys = shares.map(({ of }) => nameOf(of)).join('\u0000');
    const underWay = this.flights.get(keys);
    if (underWay !== undefined) {
      await underWay.catch(() => undefined);
      return this.judge(shares, this.setup.runtime.now(), line);
    }
    const flight = this.ask(shares, now, line);
    this.flights.set(keys, flight);
    try {
      return await flight;
    } finally {
      this.flights.delete(keys);
    }
  }

  private async ask(
    shares: readonly Share[],
    now: number,
    line: Iterable<Wanting>,
  ): Promise<Verdict> {
    const { link, store, leaseUnits } = this.setup;
    const wanted = wantedBy(line);
    // Held back while the store is asked, so that nobody else spends them.
    const leased = shares.map(({ of, cost }) => Math.min(cost, this.leases.unitsOf(of, now)));
    shares.forEach(({ of }, i) => this.leases.spend(of, leased[i] as number));
    const asks = shares.flatMap(({ of, cost }, i): StoreAsk | [] => {
      const atLeast = cost - (leased[i] as number);
      const units = Math.max(atLeast, leaseUnits, (wanted[i] ?? 0) - (leased[i] as number));
      return atLeast > 0 ? { ...of, atLeast, units } : [];
    });
    const answers = await link.ask(
      () => store.take(asks),
      // What an answer grants that comes too late is spent in the store: it serves those who come next.
      (late) => late.forEach((one, i) => this.keep(asks[i] as StoreAsk, one.granted)),
    );
    const slowest = answers === undefined ? 0 : slowestOf(answers);
    const waitMs = answers?.[slowest]?.waitMs ?? 0;
    if (answers === undefined || waitMs > 0) {
      shares.forEach(({ of }, i) => this.keep(of, leased[i] as number));
    }
    if (answers === undefined) return this.whileDown(shares);
    if (waitMs === 0) {
      asks.forEach((one, i) => this.keep(one, (answers[i]?.granted ?? 0) - one.atLeast));
      return granted(shares);
    }
    const by = asks[slowest] as StoreAsk;
    this.denials.add(nameOf(by), by.atLeast, waitMs, this.setup.runtime.now());
    return { shares, waitMs, by: by.limit, from: 'store' };
  }

  private keep(of: StoreKey, units: number): void {
    const { limit, key, rate } = of;
    this.leases.add({ limit, key, rate }, units);
  }

  private whileDown(shares: readonly Share[]): Verdict {
    const { link } = this.setup;
    if (link.whenDown === 'throw') throw link.error();
    return link.whenDown === 'admit'
      ? { shares, waitMs: 0, by: '', from: 'nobody' }
      : this.setup.shares.decideAlone(shares);
  }
}

function granted(shares: readonly Share[]): Verdict {
  return { shares, waitMs: 0, by: '', from: 'store' };
}

/** What all of a line cost each limit. */
function wantedBy(line: Iterable<Wanting>): number[] {
  const wanted: number[] = [];
  for (const { shares } of line) {
    shares.forEach(({ cost }, i) => (wanted[i] = (wanted[i] ?? 0) + cost));
  }
  return wanted;
}

function slowestOf(answers: readonly StoreAnswer[]): number {
  return answers.reduce((most, { waitMs }, i) => {
    return waitMs > (answers[most] as StoreAnswer).waitMs ? i : most;
  }, 0);
}

function adjustOwn(share: Share, units: number): void {
  const call = { key: share.of.key, cost: Math.abs(units) };
  if (units > 0) share.part.own.penalty(call);
  else share.part.own.reward(call);
}

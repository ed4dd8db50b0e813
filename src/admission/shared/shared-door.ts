/**
 * The door of a shared limiter: leases first, then the store, then what holds while the store is down.
 */

import type { Call, Door, Entry } from '../../core/index.ts';
import { ADMITTED, optionChecks, workCall } from '../../core/index.ts';
import { checkedCost } from '../cost.ts';
import { Gate } from '../gate.ts';
import type { KeyedLimiter } from '../keyed-limiter.ts';
import { keyedLimiter } from '../keyed-limiter.ts';
import type { Rate } from '../rate/rule.ts';
import { Denials } from './denials.ts';
import { Leases } from './leases.ts';
import type { StoreAnswer, StoreAsk } from './limit-store.ts';
import type { SharedEvents, SharedLimiterOptions, SharedSnapshot } from './shared-options.ts';
import { StoreLink } from './store-link.ts';

/** What a call costs one of the limits, and under which key. */
interface Share {
  readonly name: string;
  readonly rate: Rate;
  readonly key: string;
  readonly cost: number;
  /** Units of it that were leased before. */
  leased: number;
}

/** What was decided: to pass, or to wait for the named limit. */
interface Verdict {
  readonly waitMs: number;
  readonly by: string;
}

const GO: Verdict = Object.freeze({ waitMs: 0, by: '' });

export class SharedDoor extends Gate<SharedEvents> implements Door {
  readonly maxWaitMs: number | undefined;
  private readonly options: SharedLimiterOptions;
  private readonly leaseUnits: number;
  private readonly link: StoreLink;
  private readonly leases: Leases;
  private readonly denials = new Denials();
  /** By limit, this process's share of it, for when the store is down. */
  private readonly own: readonly KeyedLimiter[];
  /** Steps under way by the keys they are for, while leases are in use: who comes meanwhile waits for them. */
  private readonly flights = new Map<string, Promise<unknown>>();

  constructor(options: SharedLimiterOptions) {
    super('sharedLimiter', options);
    const check = optionChecks('sharedLimiter');
    const { limits, maxWaitMs, leaseMs = 1000 } = options;
    if (!(limits?.length > 0)) check.refuse('limits', 'one limit or more', limits);
    for (const method of ['take', 'giveBack']) {
      const given = options.store as unknown as Record<string, () => unknown> | undefined;
      check.callable(`store.${method}`, given?.[method] as () => unknown);
    }
    this.options = options;
    this.leaseUnits = check.nonNegative('leaseUnits', options.leaseUnits ?? 0);
    this.link = new StoreLink('sharedLimiter', this, options);
    this.maxWaitMs =
      maxWaitMs === undefined
        ? undefined
        : check.number('maxWaitMs', maxWaitMs, { min: 0, infinite: true });
    this.leases = new Leases(options.store, check.positive('leaseMs', leaseMs), (error) => {
      this.runtime.report(error, `${this.name}: giving a lease back`);
    });
    const { runtime } = this;
    const { peers } = this.link;
    this.own = limits.map(({ rate }) => keyedLimiter({ rate: rate.scaled(1 / peers), runtime }));
  }

  enter(call: Call, now: number): Entry | Promise<Entry> {
    return this.maxWaitMs === undefined
      ? this.decide(call, now)
      : this.wait(call, now, this.maxWaitMs);
  }

  /** Decides without waiting for the turn, only for the store where it must be asked. */
  decide(call: Call, now: number): Entry | Promise<Entry> {
    if (this.exempt?.(call) === true) return this.letPass();
    const verdict = this.judge(call, now);
    if (!('then' in verdict)) return this.entryOf(call, verdict);
    return verdict.then((one) => this.entryOf(call, one));
  }

  /** Decides, and where it may pass later, asks again then. */
  async wait(call: Call, now: number, maxWaitMs: number): Promise<Entry> {
    if (this.exempt?.(call) === true) return this.letPass();
    const until = Math.min(now + maxWaitMs, call.deadline ?? Infinity);
    for (let at = now; ; at = this.runtime.now()) {
      const verdict = await this.judge(call, at);
      const { waitMs } = verdict;
      if (waitMs === 0 || waitMs === Infinity || this.dryRun || at + waitMs > until) {
        return this.entryOf(call, verdict);
      }
      await this.runtime.sleep(Math.max(1, waitMs), workCall(call).signal);
    }
  }

  snapshot(): SharedSnapshot {
    return { name: this.name, ...this.link.counts(), ...this.counts() };
  }

  close(): Promise<void> {
    return this.leases.returnAll();
  }

  private entryOf(call: Call, { waitMs, by }: Verdict): Entry {
    if (waitMs === 0) {
      this.admitted++;
      return ADMITTED;
    }
    const message =
      waitMs === Infinity ? 'the cost never fits the shared limit' : 'the shared limit is spent';
    return this.turnAway(call, { code: 'ERR_RATE_LIMITED', message, policy: by }, waitMs);
  }

  private judge(call: Call, now: number): Verdict | Promise<Verdict> {
    const shares = this.sharesOf(call, now);
    const denied = shares.find(({ key, cost }) => this.denials.waitMs(key, cost, now) > 0);
    if (denied !== undefined) {
      const waitMs = this.denials.waitMs(denied.key, denied.cost, now);
      return { waitMs, by: denied.name };
    }
    if (shares.every(({ cost, leased }) => leased >= cost)) {
      for (const { key, cost } of shares) this.leases.spend(key, cost);
      return GO;
    }
    if (this.link.isResting(now)) return this.whileDown(shares);
    return this.leaseUnits === 0 ? this.ask(shares) : this.askOnce(call, shares);
  }

  private sharesOf(call: Call, now: number): Share[] {
    return this.options.limits.map(({ name, rate, unit, keyOf }) => {
      const cost = checkedCost(this.name, call, unit);
      const key = `${name}:${keyOf?.(call) ?? ''}`;
      return { name, rate, key, cost, leased: Math.min(cost, this.leases.unitsOf(key, now)) };
    });
  }

  /** One step at a time for the same keys: it leases enough for those who come meanwhile. */
  private async askOnce(call: Call, shares: readonly Share[]): Promise<Verdict> {
    const keys = shares.map(({ key }) => key).join('\u0000');
    const underWay = this.flights.get(keys);
    if (underWay !== undefined) {
      await underWay.catch(() => undefined);
      return this.judge(call, this.runtime.now());
    }
    const flight = this.ask(shares);
    this.flights.set(keys, flight);
    try {
      return await flight;
    } finally {
      this.flights.delete(keys);
    }
  }

  private async ask(shares: readonly Share[]): Promise<Verdict> {
    const wanting = shares.filter(({ cost, leased }) => cost > leased);
    const asks = wanting.map(({ key, rate, cost, leased }): StoreAsk => {
      const atLeast = cost - leased;
      return { key, rate, atLeast, units: Math.max(atLeast, this.leaseUnits) };
    });
    // Held back while the store is asked, so that nobody else spends them.
    for (const { key, leased } of shares) this.leases.spend(key, leased);
    const answers = await this.link.ask(
      () => this.options.store.take(asks),
      // What an answer grants that comes too late is spent in the store: it serves those who come next.
      (late) => this.keep(asks, late, 'all'),
    );
    if (answers === undefined || answers.some(({ waitMs }) => waitMs > 0)) this.restore(shares);
    if (answers === undefined) return this.whileDown(shares);
    const slowest = answers.reduce((most, { waitMs }, i) => {
      return waitMs > (answers[most] as StoreAnswer).waitMs ? i : most;
    }, 0);
    const { waitMs } = answers[slowest] as StoreAnswer;
    if (waitMs === 0) {
      this.keep(asks, answers, 'rest');
      return GO;
    }
    const { key, name, cost } = wanting[slowest] as Share;
    this.denials.add(key, cost, waitMs, this.runtime.now());
    return { waitMs, by: name };
  }

  private keep(
    asks: readonly StoreAsk[],
    answers: readonly StoreAnswer[],
    which: 'all' | 'rest',
  ): void {
    const now = this.runtime.now();
    asks.forEach(({ key, rate, atLeast }, i) => {
      const granted = answers[i]?.granted ?? 0;
      this.leases.add(key, rate, which === 'all' ? granted : granted - atLeast, now);
    });
  }

  private restore(shares: readonly Share[]): void {
    const now = this.runtime.now();
    for (const { key, rate, leased } of shares) this.leases.add(key, rate, leased, now);
  }

  private whileDown(shares: readonly Share[]): Verdict {
    const { whenDown } = this.link;
    if (whenDown === 'admit') return GO;
    if (whenDown === 'throw') throw this.link.error();
    const calls = shares.map(({ key, cost }, i): Call => {
      const limiter = this.own[i] as KeyedLimiter;
      // Dearer than the whole share: as dear as the share, or it would not pass until the store is back.
      return { key, cost: Math.min(cost, limiter.snapshot().limit) };
    });
    const waits = calls.map((call, i) => (this.own[i] as KeyedLimiter).peek(call).retryAfterMs);
    const waitMs = Math.max(...waits);
    if (waitMs > 0) return { waitMs, by: (shares[waits.indexOf(waitMs)] as Share).name };
    calls.forEach((call, i) => (this.own[i] as KeyedLimiter).tryTake(call));
    return GO;
  }
}

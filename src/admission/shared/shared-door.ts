/**
 * The door of a shared limiter: who passes, who waits in line, what is left, and what calls really cost.
 */

import type { Call, Door, Entry, Outcome, Pass } from '../../core/index.ts';
import { ADMITTED, optionChecks } from '../../core/index.ts';
import { Gate } from '../gate.ts';
import type { Allowance } from '../limit.ts';
import type { Rate } from '../rate/rule.ts';
import type { Settled } from './grants.ts';
import { Grants } from './grants.ts';
import type { SharedEvents, SharedLimiterOptions, SharedSnapshot } from './shared-options.ts';
import type { Share, Verdict } from './shares.ts';
import { Shares } from './shares.ts';
import { StoreLink } from './store-link.ts';
import { Turns } from './turns.ts';

export class SharedDoor extends Gate<SharedEvents> implements Door {
  readonly maxWaitMs: number | undefined;
  private readonly maxWaiting: number;
  private readonly link: StoreLink;
  private readonly shares: Shares;
  private readonly grants: Grants;
  private readonly turns: Turns;

  constructor(options: SharedLimiterOptions) {
    super('sharedLimiter', options);
    const check = optionChecks('sharedLimiter');
    const { limits, maxWaitMs, maxWaiting = 10_000, leaseMs = 1000 } = options;
    const { name, runtime } = this;
    const store = check.methods('store', options.store, ['take', 'adjust', 'peek']);
    this.link = new StoreLink('sharedLimiter', this, options);
    this.maxWaitMs =
      maxWaitMs === undefined
        ? undefined
        : check.number('maxWaitMs', maxWaitMs, { min: 0, infinite: true });
    this.maxWaiting = check.number('maxWaiting', maxWaiting, { min: 0, infinite: true });
    this.shares = new Shares({ name, limits, peers: this.link.peers, runtime });
    this.grants = new Grants({
      store,
      link: this.link,
      shares: this.shares,
      runtime,
      leaseUnits: check.nonNegative('leaseUnits', options.leaseUnits ?? 0),
      leaseMs: check.positive('leaseMs', leaseMs),
    });
    this.turns = new Turns(runtime);
    runtime.enrol({ waiting: () => this.describeWaiting() });
  }

  enter(call: Call, now: number): Entry | Promise<Entry> {
    return this.maxWaitMs === undefined
      ? this.decide(call, now)
      : this.wait(call, now, this.maxWaitMs);
  }

  /** Decides without waiting for the turn, only for the store where it must be asked. */
  decide(call: Call, now: number): Entry | Promise<Entry> {
    const foregone = this.foregone(call, now);
    if (foregone !== undefined) return foregone;
    const shares = this.shares.of(call);
    const first = this.turns.first(lineOf(shares));
    if (first !== undefined) return this.entryOf(call, behind(first.dueAt - now, shares));
    const verdict = this.grants.judge(shares, now);
    if (!('then' in verdict)) return this.entryOf(call, verdict);
    return verdict.then((one) => this.entryOf(call, one));
  }

  /** Decides, and where it may pass later, waits in line and asks again then. */
  async wait(call: Call, now: number, maxWaitMs: number): Promise<Entry> {
    const foregone = this.foregone(call, now);
    if (foregone !== undefined) return foregone;
    const until = Math.min(now + maxWaitMs, call.deadline ?? Infinity);
    const shares = this.shares.of(call);
    const line = lineOf(shares);
    let verdict = behind(0, shares);
    if (this.turns.size(line) === 0) verdict = await this.grants.judge(shares, now);
    if (this.isFinal(verdict, this.runtime.now(), until)) return this.entryOf(call, verdict);
    if (this.turns.size(line) >= this.maxWaiting) return this.entryOf(call, verdict);
    const turn = this.turns.join(line, call, shares);
    try {
      for (let at = this.runtime.now(); at < until; at = this.runtime.now()) {
        if (this.turns.first(line) !== turn) {
          await turn.wait(until);
          continue;
        }
        turn.shares = this.shares.of(call); // rates may have changed
        verdict = await this.grants.judge(turn.shares, at, this.turns.of(line));
        const asked = this.runtime.now();
        if (this.isFinal(verdict, asked, until)) break;
        await turn.wait(Math.min(until, asked + Math.max(1, verdict.waitMs)));
      }
      return this.entryOf(call, verdict);
    } finally {
      this.turns.leave(line, turn);
    }
  }

  /** What each limit has left. */
  peek(call: Call): Promise<readonly Allowance[]> {
    return this.grants.peek(this.shares.of(call));
  }

  /** Spends (`sign` 1) or gives back (-1) what `call` costs, without asking. */
  async adjust(call: Call, sign: 1 | -1): Promise<void> {
    const shares = this.shares.of(call);
    await this.grants.adjust(shares, sign);
    if (sign < 0) this.turns.wake();
  }

  update(rates: Readonly<Record<string, Rate>>): void {
    this.shares.update(rates);
    this.grants.expectMore();
    this.turns.wake();
  }

  /** A call has ended whose estimate was granted by `verdict`. */
  settle({ call, verdict, since }: SharedPass, outcome: Outcome, detail: unknown): void {
    const now = this.runtime.now();
    const settled: Settled[] = [];
    for (const share of verdict.shares) {
      const { part, cost: estimate } = share;
      const ended = { call, estimate, ranMs: now - since };
      const actual = part.settlement?.actual(ended, outcome, detail) ?? estimate;
      if (actual !== estimate)
        settled.push({ share, units: actual - estimate, ageMs: ended.ranMs });
    }
    if (settled.length === 0) return;
    this.grants.settle(settled, verdict.from);
    this.turns.wake();
  }

  snapshot(): SharedSnapshot {
    const { waiting } = this.turns;
    return { name: this.name, waiting, ...this.link.counts(), ...this.counts() };
  }

  close(): Promise<void> {
    return this.grants.returnAll();
  }

  private isFinal({ waitMs }: Verdict, now: number, until: number): boolean {
    return waitMs === 0 || waitMs === Infinity || this.dryRun || now + waitMs > until;
  }

  private entryOf(call: Call, verdict: Verdict): Entry {
    const { waitMs, by } = verdict;
    if (waitMs === 0) {
      this.admitted++;
      return this.shares.settles ? new SharedPass(this, call, verdict) : ADMITTED;
    }
    const message =
      waitMs === Infinity ? 'the cost never fits the shared limit' : 'the shared limit is spent';
    return this.turnAway(call, { code: 'ERR_RATE_LIMITED', message, policy: by }, waitMs);
  }

  private describeWaiting(): string | undefined {
    const { waiting } = this.turns;
    return waiting === 0 ? undefined : `${this.name}: ${waiting} waiting for their turn`;
  }
}

/** Who shares a line with whom: calls of the same keys. */
function lineOf(shares: readonly Share[]): string {
  return shares.map(({ of }) => of.key).join('\u0000');
}

/** The verdict on one who would stand behind others. */
function behind(waitMs: number, shares: readonly Share[]): Verdict {
  const [{ part }] = shares as [Share];
  return { shares, waitMs: Math.max(1, waitMs), by: part.name, from: 'store' };
}

/** Leave to go on at an estimate; `done` spends or gives back the difference. */
class SharedPass implements Pass {
  readonly ok = true;
  readonly untilSettled = true;
  readonly call: Call;
  readonly verdict: Verdict;
  readonly since: number;
  private door: SharedDoor | undefined;

  constructor(door: SharedDoor, call: Call, verdict: Verdict) {
    this.door = door;
    this.call = call;
    this.verdict = verdict;
    this.since = door.runtime.now();
  }

  done(outcome: Outcome, detail?: unknown): void {
    const { door } = this;
    if (door === undefined) return;
    this.door = undefined;
    door.settle(this, outcome, detail);
  }
}

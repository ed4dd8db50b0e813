/**
 * Several limits as one: the slowest decides, and nothing is spent unless all agree.
 */

import type { Call, Entry, Outcome, Pass } from '../core/index.ts';
import { ADMITTED } from '../core/index.ts';
import type { Entrance } from './entrance.ts';
import type { Ahead, Allowance, Limit, Reason } from './limit.ts';
import { nobody } from './limit.ts';

export class JointLimit implements Limit {
  private readonly members: readonly Entrance[];
  private readonly alone: Ahead;

  constructor(members: readonly Entrance[]) {
    this.members = members;
    this.alone = this.nobody();
  }

  nobody(): Ahead {
    return nobody(this.members.map(({ limit }) => limit.nobody()));
  }

  count(call: Call, ahead: Ahead, sign: 1 | -1): void {
    this.members.forEach(({ limit }, i) => limit.count(call, partOf(ahead, i), sign));
  }

  waitMs(call: Call, ahead: Ahead, now: number): number {
    let longest = 0;
    for (let i = 0; i < this.members.length; i++) {
      const member = this.members[i] as Entrance;
      longest = Math.max(longest, member.waitMsBeside(call, partOf(ahead, i), now));
    }
    return longest;
  }

  admit(call: Call, now: number): Pass {
    let held: Pass | undefined;
    for (let i = 0; i < this.members.length; i++) {
      // All have just agreed, so a refusal cannot come, and one in a dry run is leave to go.
      const member = this.members[i] as Entrance;
      const entry: Entry = member.admitBeside(call, partOf(this.alone, i), now);
      if (!entry.ok || entry === ADMITTED) continue;
      held = held === undefined ? entry : new BothPasses(held, entry);
    }
    return held ?? ADMITTED;
  }

  enter(call: Call, ahead: Ahead, now: number): Pass | number {
    const waitMs = this.waitMs(call, ahead, now);
    return waitMs === 0 ? this.admit(call, now) : waitMs;
  }

  explain(call: Call, waitMs: number, ahead: Ahead, now: number): Reason {
    const i = Math.max(0, this.binding(call, ahead, now));
    const member = this.members[i] as Entrance;
    return member.explainBeside(call, waitMs, partOf(ahead, i), now);
  }

  /** What the limit that binds has left; where none does, the one with the least of its whole. */
  peek(call: Call, ahead: Ahead, now: number): Allowance {
    const all = this.allowances(call, ahead, now);
    const binding = all[this.binding(call, ahead, now)];
    return binding ?? all.reduce((least, one) => (leftOf(one) < leftOf(least) ? one : least));
  }

  /** What each limit has left. */
  allowances(call: Call, ahead: Ahead, now: number): Allowance[] {
    return this.members.map(({ limit }, i) => limit.peek(call, partOf(ahead, i), now));
  }

  adjust(call: Call, sign: 1 | -1, now: number): void {
    for (const { limit } of this.members) limit.adjust(call, sign, now);
  }

  /** The limit that keeps the call waiting longest, -1 where none does. */
  private binding(call: Call, ahead: Ahead, now: number): number {
    const waits = this.members.map((one, i) => one.waitMsBeside(call, partOf(ahead, i), now));
    const longest = Math.max(...waits);
    return longest === 0 ? -1 : waits.indexOf(longest);
  }
}

function partOf(ahead: Ahead, i: number): Ahead {
  return ahead.parts[i] as Ahead;
}

function leftOf({ remaining, limit }: Allowance): number {
  return remaining / limit;
}

/** Two passes that end together. */
class BothPasses implements Pass {
  readonly ok = true;
  readonly untilSettled = true;
  private readonly one: Pass;
  private readonly other: Pass;

  constructor(one: Pass, other: Pass) {
    this.one = one;
    this.other = other;
  }

  done(outcome: Outcome, detail?: unknown, now?: number): void {
    try {
      this.other.done(outcome, detail, now);
    } finally {
      this.one.done(outcome, detail, now);
    }
  }
}

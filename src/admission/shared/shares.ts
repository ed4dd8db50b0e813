/**
 * The limits of a shared limiter: what a call costs each of them, and what this process may do on its
 * own while the store is down.
 */

import type { Call, Runtime } from '../../core/index.ts';
import { OptionError, optionChecks } from '../../core/index.ts';
import { checkedCost, namesCost } from '../cost.ts';
import type { KeyedLimiter } from '../keyed-limiter.ts';
import { keyedLimiter } from '../keyed-limiter.ts';
import { checkedRate } from '../rate/checked-rate.ts';
import type { Rate } from '../rate/rule.ts';
import { Settlement } from '../settlement.ts';
import type { StoreKey } from './limit-store.ts';
import type { SharedLimit } from './shared-options.ts';

/** One of the limits. */
export interface Part {
  readonly name: string;
  readonly unit: string | undefined;
  readonly keyOf: (call: Call) => string;
  /** How estimates become real costs; undefined where costs are known beforehand. */
  readonly settlement: Settlement | undefined;
  /** This process's share of it, for when the store is down. */
  readonly own: KeyedLimiter;
  rate: Rate;
}

/** What a call costs one of the limits. */
export interface Share {
  readonly part: Part;
  readonly of: StoreKey;
  readonly cost: number;
}

/** What was decided: to pass, or to wait for the named limit. */
export interface Verdict {
  readonly shares: readonly Share[];
  readonly waitMs: number;
  readonly by: string;
  /** Who granted it: the store, this process's own share, or nobody. */
  readonly from: 'store' | 'share' | 'nobody';
}

/** What the limits are made of. */
export interface SharesSetup {
  readonly name: string;
  readonly limits: readonly SharedLimit[];
  readonly peers: number;
  readonly runtime: Runtime;
}

export class Shares {
  readonly parts: readonly Part[];
  /** True where a pass has something to say when the call ends. */
  readonly settles: boolean;
  private readonly name: string;
  private readonly peers: number;

  constructor({ name, limits, peers, runtime }: SharesSetup) {
    const check = optionChecks('sharedLimiter');
    if (!Array.isArray(limits) || limits.length === 0) {
      check.refuse('limits', 'one limit or more', limits);
    }
    this.name = name;
    this.peers = peers;
    this.parts = limits.map((limit, i) => partOf(limit, { at: `limits[${i}]`, peers, runtime }));
    this.parts.forEach((part, i) => {
      if (this.parts.findIndex((other) => other.name === part.name) === i) return;
      check.refuse(`limits[${i}].name`, 'a name of its own', part.name);
    });
    this.settles = this.parts.some(({ settlement }) => settlement !== undefined);
  }

  /** What `call` costs each limit. */
  of(call: Call): Share[] {
    return this.parts.map((part) => {
      const { name, rate, unit, settlement, keyOf } = part;
      const cost =
        settlement === undefined || namesCost(call, unit)
          ? checkedCost(this.name, call, unit)
          : settlement.estimate(call, rate.limit);
      return { part, of: { limit: name, key: keyOf(call), rate }, cost };
    });
  }

  /** Puts other numbers in force. */
  update(rates: Readonly<Record<string, Rate>>): void {
    const subject = `${this.name}: update`;
    optionChecks(subject).known(
      rates,
      this.parts.map(({ name }) => name),
    );
    for (const part of this.parts) {
      const rate = rates[part.name];
      if (rate === undefined) continue;
      if (checkedRate(subject, part.name, rate).kind === part.rate.kind) continue;
      throw new OptionError(`${subject}.${part.name}`, `of kind '${part.rate.kind}'`, rate.kind);
    }
    for (const part of this.parts) {
      const { rate = part.rate } = { rate: rates[part.name] };
      part.rate = rate;
      part.own.update(rate.scaled(1 / this.peers));
    }
  }

  /** Decides by this process's own share of each limit. */
  decideAlone(shares: readonly Share[]): Verdict {
    let by = '';
    let longest = 0;
    for (const share of shares) {
      const waitMs = share.part.own.peek(ownCall(share)).retryAfterMs;
      if (waitMs <= longest) continue;
      longest = waitMs;
      by = share.part.name;
    }
    if (longest === 0) for (const share of shares) share.part.own.tryTake(ownCall(share));
    return { shares, waitMs: longest, by, from: 'share' };
  }
}

/** A share as a call of this process's own limiter. */
export function ownCall({ part, of, cost }: Share): Call {
  // Dearer than the whole share: as dear as the share, or it would not pass until the store is back.
  return { key: of.key, cost: Math.min(cost, part.own.snapshot().limit) };
}

function partOf(
  limit: SharedLimit,
  { at, peers, runtime }: { at: string; peers: number; runtime: Runtime },
): Part {
  const check = optionChecks('sharedLimiter');
  const of = (field: string): string => `${at}.${field}`;
  optionChecks(`sharedLimiter.${at}`).known(limit, ['name', 'rate', 'unit', 'keyOf', 'settle']);
  const { unit, keyOf = () => '', settle } = limit;
  const rate = checkedRate('sharedLimiter', of('rate'), limit.rate);
  return {
    name: check.text(of('name'), limit.name),
    unit: unit === undefined ? undefined : check.text(of('unit'), unit),
    keyOf: check.callable(of('keyOf'), keyOf),
    settlement: settle === undefined ? undefined : new Settlement(`sharedLimiter.${at}`, settle),
    own: keyedLimiter({ rate: rate.scaled(1 / peers), runtime }),
    rate,
  };
}

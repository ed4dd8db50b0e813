/**
 * Affinity: goes where part of the work is done already, a prompt cached, a session warm, unless the
 * wait there would cost more than it saves.
 *
 * Ours; close to the prefix-aware routers of LLM servers, which choose between "cached" and "least
 * loaded" by a threshold. Here both are one number, the expected time to the answer.
 */

import type { Call, Random } from '../../core/index.ts';
import { optionChecks } from '../../core/index.ts';
import type { BalancePolicy, CallEnd, Candidates, Chooser } from '../policy.ts';
import type { FleetFigures, PolicyReason } from '../policy.ts';
import { expectedMs } from './expectation.ts';
import { firstDraw, secondDraw } from './two-of.ts';

export interface AffinityOptions {
  /**
   * What a call could find warm, the most specific first, such as the prompt, its first thousand
   * tokens, the system prompt. @default the session, then the key
   */
  readonly keysOf?: (call: Call) => readonly string[];
  /** Part of the time a call saves where its most specific key is warm, 0–1. @default 0.7 */
  readonly saving?: number;
  /** Keys remembered in all, 1 or more; the longest unused goes first. @default 10_000 */
  readonly keys?: number;
  /** How long a key stays warm after its last use, ms. @default 300_000 */
  readonly warmMs?: number;
  /** What a failed call costs, in mean latencies; see `ewma`. @default 20 */
  readonly errorCost?: number;
}

/**
 * Picks the least `expected latency × (calls in flight + 1) × (1 − saving × match) ÷ weight` of the
 * endpoints where keys of the call are warm and of two drawn at random. The first of `n` keys matches
 * by 1, the second by (n − 1) ÷ n, and so on.
 *
 * @throws OptionError for an option out of range
 */
export function affinity(options: AffinityOptions = {}): BalancePolicy {
  const check = optionChecks('affinity');
  check.known(options, ['keysOf', 'saving', 'keys', 'warmMs', 'errorCost']);
  const rules: Rules = {
    keysOf: check.callable('keysOf', options.keysOf ?? sessionThenKey),
    saving: check.ratio('saving', options.saving ?? 0.7),
    keys: check.count('keys', options.keys ?? 10_000),
    warmMs: check.durationMs('warmMs', options.warmMs ?? 300_000),
    errorCost: check.nonNegative('errorCost', options.errorCost ?? 20),
  };
  return { name: 'affinity', start: (fleet, random) => new Affinity(fleet, random, rules) };
}

type Rules = Required<AffinityOptions>;

function sessionThenKey({ session, key }: Call): readonly string[] {
  return [session, key].filter((one) => one !== undefined);
}

/** Where a key is warm. */
interface Warmth {
  readonly slot: number;
  readonly until: number;
}

/** Most endpoints at which one key is remembered to be warm. */
const MOST_HOMES = 3;

class Affinity implements Chooser {
  private readonly fleet: FleetFigures;
  private readonly random: Random;
  private readonly rules: Rules;
  /** The latest last, so that the first one is the longest unused. */
  private readonly warm = new Map<string, readonly Warmth[]>();

  constructor(fleet: FleetFigures, random: Random, rules: Rules) {
    this.fleet = fleet;
    this.random = random;
    this.rules = rules;
  }

  pick(among: Candidates, call: Call, now: number): number {
    const keys = this.rules.keysOf(call);
    const first = firstDraw(among, this.random);
    const drawn = among.slots[first]!;
    const other = among.slots[secondDraw(among, first, this.random)]!;
    let best = drawn;
    let least = this.cost(drawn, this.match(drawn, keys, now), now);
    for (const slot of [other, ...this.homes(keys, now)]) {
      if (!among.has(slot)) continue;
      const cost = this.cost(slot, this.match(slot, keys, now), now);
      if (cost >= least) continue;
      best = slot;
      least = cost;
    }
    return best;
  }

  sent(slot: number, call: Call, now: number): void {
    for (const key of this.rules.keysOf(call)) this.remember(key, slot, now);
  }

  ended(slot: number, { failed, call }: CallEnd): void {
    if (!failed) return;
    for (const key of this.rules.keysOf(call)) {
      const homes = this.warm.get(key)?.filter((one) => one.slot !== slot) ?? [];
      if (homes.length === 0) this.warm.delete(key);
      else this.warm.set(key, homes);
    }
  }

  left(slot: number): void {
    for (const [key, homes] of this.warm) {
      const others = homes.filter((one) => one.slot !== slot);
      if (others.length === 0) this.warm.delete(key);
      else if (others.length < homes.length) this.warm.set(key, others);
    }
  }

  explain(slot: number, _among: Candidates, call: Call, now: number): PolicyReason {
    const match = this.match(slot, this.rules.keysOf(call), now);
    const latencyMs = expectedMs(this.fleet, slot, now, this.rules.errorCost);
    const active = this.fleet.active[slot]!;
    return { cost: this.cost(slot, match, now), parts: { match, latencyMs, active } };
  }

  private cost(slot: number, match: number, now: number): number {
    const { fleet, rules } = this;
    const waiting = expectedMs(fleet, slot, now, rules.errorCost) * (fleet.active[slot]! + 1);
    return (waiting * (1 - rules.saving * match)) / fleet.weight[slot]!;
  }

  private homes(keys: readonly string[], now: number): number[] {
    return keys.flatMap((key) =>
      (this.warm.get(key) ?? []).filter(({ until }) => until > now).map(({ slot }) => slot),
    );
  }

  /** How specific the most specific key is that is warm here, 0–1. */
  private match(slot: number, keys: readonly string[], now: number): number {
    const at = keys.findIndex((key) =>
      this.warm.get(key)?.some((one) => one.slot === slot && one.until > now),
    );
    return at < 0 ? 0 : (keys.length - at) / keys.length;
  }

  private remember(key: string, slot: number, now: number): void {
    const others = (this.warm.get(key) ?? []).filter((one) => one.slot !== slot);
    this.warm.delete(key);
    const latest = { slot, until: now + this.rules.warmMs };
    this.warm.set(key, [...others.slice(1 - MOST_HOMES), latest]);
    if (this.warm.size <= this.rules.keys) return;
    const [oldest] = this.warm.keys();
    this.warm.delete(oldest!);
  }
}

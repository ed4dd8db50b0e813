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
import { Draws } from './draws.ts';
import { expectedMs } from './expectation.ts';
import { Expectations } from './expectations.ts';
import { WarmKeys } from './warm-keys.ts';

export interface AffinityOptions {
  /**
   * What a call could find warm, the most specific first, such as the prompt, its first thousand
   * tokens, the system prompt. @default the session, then the key
   */
  readonly keysOf?: (call: Call) => readonly string[];
  /** Part of the time a call saves where its most specific key is warm, 0–1. @default 0.7 */
  readonly saving?: number;
  /** Keys remembered in all, 1 or more; the longest unused half goes when there are more. @default 10_000 */
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

const NO_KEYS: readonly string[] = [];

function sessionThenKey({ session, key }: Call): readonly string[] {
  if (session === undefined) return key === undefined ? NO_KEYS : [key];
  return key === undefined ? [session] : [session, key];
}

class Affinity implements Chooser {
  private readonly fleet: FleetFigures;
  private readonly rules: Rules;
  private readonly draws: Draws;
  private readonly expectations: Expectations;
  private readonly warm: WarmKeys;

  constructor(fleet: FleetFigures, random: Random, rules: Rules) {
    this.fleet = fleet;
    this.rules = rules;
    this.draws = new Draws(random);
    this.expectations = new Expectations(fleet, rules.errorCost);
    this.warm = new WarmKeys(rules.keys);
  }

  pick(among: Candidates, call: Call, now: number): number {
    const { expectations, draws, warm } = this;
    const { size, slots } = among;
    expectations.refresh(now, among);
    const first = draws.below(size);
    const other = slots[draws.other(first, size)]!;
    let best = slots[first]!;
    let least = expectations.costOf(best, now);
    const otherCost = expectations.costOf(other, now);
    if (otherCost < least) {
      least = otherCost;
      best = other;
    }
    const keys = this.rules.keysOf(call);
    for (let at = 0; at < keys.length; at++) {
      const homes = warm.find(keys[at]!);
      if (homes === undefined) continue;
      // A key further back matches less: an endpoint costs least by the first of its keys.
      const left = 1 - this.rules.saving * matchOf(at, keys.length);
      for (let n = 0; n < homes.length; n++) {
        const { slot, until } = homes[n]!;
        if (until <= now || !among.has(slot)) continue;
        const cost = expectations.costOf(slot, now) * left;
        if (cost >= least) continue;
        least = cost;
        best = slot;
      }
    }
    return best;
  }

  sent(slot: number, call: Call, now: number): void {
    const keys = this.rules.keysOf(call);
    for (let at = 0; at < keys.length; at++) {
      this.warm.note(keys[at]!, slot, now + this.rules.warmMs);
    }
  }

  ended(slot: number, { failed, call }: CallEnd): void {
    this.expectations.ended(slot);
    if (!failed) return;
    for (const key of this.rules.keysOf(call)) this.warm.forget(key, slot);
  }

  joined(slot: number): void {
    this.expectations.joined(slot);
  }

  left(slot: number): void {
    this.warm.leave(slot);
  }

  explain(slot: number, _among: Candidates, call: Call, now: number): PolicyReason {
    const { fleet, rules } = this;
    const match = this.match(slot, rules.keysOf(call), now);
    const latencyMs = expectedMs(fleet, slot, now, rules.errorCost);
    const active = fleet.active[slot]!;
    const cost = (latencyMs * (active + 1) * (1 - rules.saving * match)) / fleet.weight[slot]!;
    return { cost, parts: { match, latencyMs, active } };
  }

  /** How specific the most specific key is that is warm here, 0–1. */
  private match(slot: number, keys: readonly string[], now: number): number {
    const at = keys.findIndex((key) =>
      this.warm.find(key)?.some((home) => home.slot === slot && home.until > now),
    );
    return at < 0 ? 0 : matchOf(at, keys.length);
  }
}

function matchOf(at: number, keys: number): number {
  return (keys - at) / keys;
}

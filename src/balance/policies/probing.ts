/**
 * Probing: endpoints are asked how loaded they are, ahead of the calls that need to know.
 *
 * Source: B. Wydrowski et al., "Load is not what you should balance: Introducing Prequal", NSDI 2024:
 * asynchronous probes, a small pool of their answers, hot endpoints shunned by requests in flight, the
 * fastest of the others chosen. Our deviation: the RIF quantile is taken from the answers in a window.
 */

import type { Call, Random } from '../../core/index.ts';
import { optionChecks } from '../../core/index.ts';
import { quantileOf } from '../../model/index.ts';
import type { BalancePolicy, Candidates, Chooser, FleetFigures, PolicyReason } from '../policy.ts';
import { Draws } from './draws.ts';

/** What an endpoint says of itself. */
export interface ProbeAnswer {
  /** Calls it is serving, from all its clients. */
  readonly inFlight: number;
  /** How long it takes at about so many: the median of its recent calls that began so, ms. */
  readonly latencyMs: number;
}

export interface ProbingOptions {
  /** Asks the endpoint with this id, one question at a time. A throw, rubbish or silence is no answer, and no more. */
  readonly probe: (id: string) => ProbeAnswer | PromiseLike<ProbeAnswer>;
  /** Probes sent with each call, above 0; parts add up. @default 3 */
  readonly perCall?: number;
  /** Most answers kept, 2 or more. @default 16 */
  readonly poolSize?: number;
  /** How long an answer counts, ms. @default 1_000 */
  readonly maxAgeMs?: number;
  /** Endpoints above this quantile (0–1) of calls in flight are hot. @default 0.84 */
  readonly hotQuantile?: number;
}

/**
 * Picks by what endpoints report: among many independent clients, none of which sees the whole load.
 * Costs a few small requests a call, and endpoints that answer them.
 *
 * @throws OptionError for an option out of range
 */
export function probing(options: ProbingOptions): BalancePolicy {
  const check = optionChecks('probing');
  check.known(options, ['probe', 'perCall', 'poolSize', 'maxAgeMs', 'hotQuantile']);
  const rules: Rules = {
    probe: check.callable('probe', options.probe),
    perCall: check.positive('perCall', options.perCall ?? 3),
    poolSize: check.number('poolSize', options.poolSize ?? 16, { min: 2, integer: true }),
    maxAgeMs: check.positive('maxAgeMs', options.maxAgeMs ?? 1_000),
    hotQuantile: check.ratio('hotQuantile', options.hotQuantile ?? 0.84),
  };
  return { name: 'probing', start: (fleet, random) => new Prober(fleet, random, rules) };
}

type Rules = Required<ProbingOptions>;

/** An answer in the pool; `inFlight` grows with each use, since the call is one more. */
interface Answer {
  readonly slot: number;
  readonly id: string;
  readonly latencyMs: number;
  readonly at: number;
  inFlight: number;
  usesLeft: number;
}

/** Answers whose calls in flight make the quantile. */
const REMEMBERED = 128;

/** Extra probes sent for each that is used, so that the pool does not dry up. */
const SURPLUS = 1;

class Prober implements Chooser {
  private readonly fleet: FleetFigures;
  private readonly draws: Draws;
  private readonly rules: Rules;
  private pool: Answer[] = [];
  private readonly recent: number[] = [];
  private next = 0;
  private hotAbove = Infinity;
  private due = 0;
  private removals = 0;
  private clock = 0;
  /** When those were asked who have not answered, by slot. */
  private readonly askedAt = new Map<number, number>();

  constructor(fleet: FleetFigures, random: Random, rules: Rules) {
    this.fleet = fleet;
    this.draws = new Draws(random);
    this.rules = rules;
  }

  pick(among: Candidates, _call: Call, now: number): number {
    this.clock = now;
    this.send(among);
    this.pool = this.pool.filter(
      (one) => now - one.at <= this.rules.maxAgeMs && this.fleet.ids[one.slot] === one.id,
    );
    const usable = this.pool.filter((one) => among.has(one.slot));
    if (usable.length < 2) return this.blindly(among);
    const chosen = usable.reduce((best, one) => (this.isBetter(one, best) ? one : best));
    chosen.inFlight++;
    if (--chosen.usesLeft < 1) this.remove(chosen);
    this.removeOne();
    return chosen.slot;
  }

  explain(slot: number): PolicyReason {
    const known = this.pool.filter((one) => one.slot === slot);
    const best = known.sort((a, b) => b.at - a.at)[0];
    if (best === undefined) return { cost: Infinity, parts: { answers: 0 } };
    const { inFlight, latencyMs } = best;
    const isHot = inFlight > this.hotAbove;
    const parts = { answers: known.length, inFlight, latencyMs, hotAbove: this.hotAbove };
    return { cost: isHot ? 1e9 + inFlight : latencyMs, parts };
  }

  /** Cold before hot, the cold by latency, the hot by calls in flight. */
  private isBetter(one: Answer, other: Answer): boolean {
    const oneIsHot = one.inFlight > this.hotAbove;
    const otherIsHot = other.inFlight > this.hotAbove;
    if (oneIsHot !== otherIsHot) return otherIsHot;
    return oneIsHot ? one.inFlight < other.inFlight : one.latencyMs < other.latencyMs;
  }

  /** Too little is known: the fewer own calls in flight of two. */
  private blindly(among: Candidates): number {
    const { size, slots } = among;
    const first = this.draws.below(size);
    const a = slots[first]!;
    const b = slots[this.draws.other(first, size)]!;
    const { active } = this.fleet;
    return active[b]! < active[a]! ? b : a;
  }

  private send(among: Candidates): void {
    this.due += this.rules.perCall;
    for (; this.due >= 1; this.due--) {
      void this.ask(among.slots[this.draws.below(among.size)]!, among.size);
    }
  }

  private async ask(slot: number, endpoints: number): Promise<void> {
    const id = this.fleet.ids[slot];
    if (id === undefined) return;
    // One that has not answered yet is not asked again until its answer would be too old.
    if (this.clock - (this.askedAt.get(slot) ?? -Infinity) < this.rules.maxAgeMs) return;
    this.askedAt.set(slot, this.clock);
    const answer = await this.answerOf(id);
    this.askedAt.delete(slot);
    if (answer === undefined) return;
    const { inFlight, latencyMs } = answer;
    this.remember(inFlight);
    const usesLeft = this.uses(endpoints);
    this.pool.push({ slot, id, inFlight, latencyMs, at: this.clock, usesLeft });
    if (this.pool.length > this.rules.poolSize) this.pool.shift();
  }

  /** What an endpoint says; undefined where it throws or says nothing of use. */
  private async answerOf(id: string): Promise<ProbeAnswer | undefined> {
    try {
      const answer = await this.rules.probe(id);
      return answer.inFlight >= 0 && answer.latencyMs >= 0 ? answer : undefined;
    } catch {
      return undefined;
    }
  }

  /** How often an answer may be used: b_reuse of the paper. */
  private uses(endpoints: number): number {
    const { poolSize, perCall } = this.rules;
    const supply = (1 - Math.min(0.9, poolSize / endpoints)) * perCall - 1;
    return supply <= 0 ? 2 : Math.max(1, Math.round((1 + SURPLUS) / supply));
  }

  private remember(inFlight: number): void {
    this.recent[this.next++ % REMEMBERED] = inFlight;
    if (this.next % 16 !== 0) return;
    const sorted = this.recent.toSorted((a, b) => a - b);
    this.hotAbove = quantileOf(sorted, this.rules.hotQuantile);
  }

  /** One answer less with each call: the oldest and the worst in turn. */
  private removeOne(): void {
    if (this.pool.length < this.rules.poolSize / 2) return;
    if (this.removals++ % 2 === 0) {
      this.pool.shift();
      return;
    }
    this.remove(this.pool.reduce((worst, one) => (this.isBetter(one, worst) ? worst : one)));
  }

  private remove(answer: Answer): void {
    const at = this.pool.indexOf(answer);
    if (at >= 0) this.pool.splice(at, 1);
  }
}

/**
 * Reserve, then settle: what a call costs is known when it is over (tokens of a language model, rows of a
 * query, bytes of a download), while the limit must be asked before. So an estimate is spent first and
 * the difference later.
 *
 * The estimate is what the caller says, or else a high quantile of what calls of the same class have
 * really cost: over time the limit is neither overrun by calls that were taken too lightly nor left
 * half empty by fear of the dearest.
 */

import type { Call, Outcome, Pass } from '../core/index.ts';
import { optionChecks } from '../core/index.ts';
import type { MovingQuantile, RecentValues } from '../model/index.ts';
import { movingQuantile, quantileOf } from '../model/index.ts';

/** How the real cost of calls is found and learned. */
export interface SettleOptions {
  /**
   * Units really used, read from what the work answered (of a stream, its last item) or threw;
   * undefined leaves it at the estimate.
   */
  readonly actual: (detail: unknown, call: Call) => number | undefined;
  /** Which calls cost about the same; 1,000 classes are remembered. @default the call's kind */
  readonly classOf?: (call: Call) => string;
  /** The quantile of past costs, 0–1, that a call without a cost is taken to cost. @default 0.9 */
  readonly quantile?: number;
  /** What it is taken to cost at least until ten costs of its class are known. @default 1 */
  readonly initial?: number;
}

const REMEMBERED_COSTS = 128;
const REMEMBERED_CLASSES = 1000;
const ENOUGH_COSTS = 10;

/** What costs have been, and what waits at a price. */
export class Settlement {
  private readonly options: Required<SettleOptions>;
  private readonly costs: MovingQuantile = movingQuantile({ size: REMEMBERED_COSTS });
  /** By class, the one learned of last at the end. */
  private readonly classes = new Map<string, RecentValues>();
  /** Prices of calls that wait: what is counted in must be counted out, whatever is learned meanwhile. */
  private readonly quotes = new Map<Call, { units: number; holders: number }>();

  constructor(factory: string, options: SettleOptions) {
    const check = optionChecks(`${factory}.settle`);
    check.known(options, ['actual', 'classOf', 'quantile', 'initial']);
    this.options = {
      actual: check.callable('actual', options.actual),
      classOf: check.callable('classOf', options.classOf ?? (({ kind = '' }) => kind)),
      quantile: check.ratio('quantile', options.quantile ?? 0.9),
      initial: check.nonNegative('initial', options.initial ?? 1),
    };
  }

  /** What a call that names no cost is taken to cost: as its class has cost, which is at most `limit`. */
  estimate(call: Call, limit: number): number {
    const quote = this.quotes.size === 0 ? undefined : this.quotes.get(call);
    return quote?.units ?? Math.min(limit, this.learned(this.options.classOf(call)));
  }

  /** Holds `call` to a price while it waits. */
  hold(call: Call, units: number): void {
    const quote = this.quotes.get(call);
    if (quote === undefined) this.quotes.set(call, { units, holders: 1 });
    else quote.holders++;
  }

  /** It waits no longer. */
  release(call: Call): void {
    const quote = this.quotes.get(call);
    if (quote !== undefined && --quote.holders === 0) this.quotes.delete(call);
  }

  /** What it really cost, undefined when nobody can tell. */
  actual(call: Call, outcome: Outcome, detail: unknown): number | undefined {
    if (outcome === 'refused') return 0; // the work never ran
    if (outcome === 'cancelled') return undefined;
    const actual = this.options.actual(detail, call);
    if (actual === undefined || !(actual >= 0) || actual === Infinity) return undefined;
    if (outcome === 'success') this.learn(this.options.classOf(call), actual);
    return actual;
  }

  /** By class, what the next call is taken to cost. */
  estimates(): Record<string, number> {
    return Object.fromEntries([...this.classes.keys()].map((name) => [name, this.learned(name)]));
  }

  private learned(name: string): number {
    const { quantile, initial } = this.options;
    const seen = this.classes.get(name);
    if (seen === undefined) return initial;
    const usual = quantileOf(seen.sorted, quantile);
    return seen.sorted.length < ENOUGH_COSTS ? Math.max(initial, usual) : usual;
  }

  private learn(name: string, cost: number): void {
    const seen = this.classes.get(name) ?? this.costs.start();
    this.classes.delete(name);
    this.classes.set(name, this.costs.update(seen, cost));
    if (this.classes.size <= REMEMBERED_CLASSES) return;
    for (const oldest of this.classes.keys()) {
      this.classes.delete(oldest);
      return;
    }
  }
}

/** What a pass tells when its call has ended. */
export interface Settler {
  settle(pass: SettlingPass, outcome: Outcome, detail: unknown, now: number | undefined): void;
}

/** Leave to go on at an estimate; `done` spends or gives back the difference. */
export class SettlingPass implements Pass {
  readonly ok = true;
  readonly untilSettled = true;
  readonly call: Call;
  readonly estimate: number;
  readonly since: number;
  private settler: Settler | undefined;

  constructor(settler: Settler, call: Call, estimate: number, since: number) {
    this.settler = settler;
    this.call = call;
    this.estimate = estimate;
    this.since = since;
  }

  done(outcome: Outcome, detail?: unknown, now?: number): void {
    const { settler } = this;
    if (settler === undefined) return;
    this.settler = undefined;
    settler.settle(this, outcome, detail, now);
  }
}

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

/**
 * What a call has cost that was given up by its caller or its deadline while its work ran, so that nobody
 * knows: 'estimate' all of it; 'elapsed' the share of it for the time it ran, as long as calls of its class
 * usually run; or what a function says of the call and the milliseconds it ran, undefined for the estimate.
 */
export type CutOff = 'estimate' | 'elapsed' | ((call: Call, ranMs: number) => number | undefined);

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
  /**
   * What a call has cost that was cut off. The estimate keeps the limit in any case, and costs some of it
   * at worst; what is refused further in, or given up before its work began, costs nothing anyway.
   * @default 'estimate'
   */
  readonly cutOff?: CutOff;
}

const REMEMBERED_COSTS = 128;
const REMEMBERED_CLASSES = 1000;
const ENOUGH_COSTS = 10;

/** What calls of one class have cost, and how long they ran. */
interface Learned {
  readonly costs: RecentValues;
  readonly ranMs: RecentValues;
}

/** What costs have been, and what waits at a price. */
export class Settlement {
  private readonly options: Required<SettleOptions>;
  private readonly recent: MovingQuantile = movingQuantile({ size: REMEMBERED_COSTS });
  /** By class, the one learned of last at the end. */
  private readonly classes = new Map<string, Learned>();
  /** Prices of calls that wait: what is counted in must be counted out, whatever is learned meanwhile. */
  private readonly quotes = new Map<Call, { units: number; holders: number }>();

  constructor(factory: string, options: SettleOptions) {
    const check = optionChecks(`${factory}.settle`);
    check.known(options, ['actual', 'classOf', 'quantile', 'initial', 'cutOff']);
    const { cutOff = 'estimate' } = options;
    if (typeof cutOff !== 'function') check.oneOf('cutOff', cutOff, ['estimate', 'elapsed']);
    this.options = {
      actual: check.callable('actual', options.actual),
      classOf: check.callable('classOf', options.classOf ?? (({ kind = '' }) => kind)),
      quantile: check.ratio('quantile', options.quantile ?? 0.9),
      initial: check.nonNegative('initial', options.initial ?? 1),
      cutOff,
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

  /** What it really cost, the estimate when nobody can tell. */
  actual({ call, estimate, ranMs }: Ended, outcome: Outcome, detail: unknown): number {
    if (outcome === 'refused') return 0; // the work never ran
    if (outcome === 'cancelled') return this.cutOff(call, estimate, ranMs);
    const actual = this.options.actual(detail, call);
    if (!isCost(actual)) return estimate;
    if (outcome === 'success') this.learn(this.options.classOf(call), actual, ranMs);
    return actual;
  }

  /** By class, what the next call is taken to cost. */
  estimates(): Record<string, number> {
    return Object.fromEntries([...this.classes.keys()].map((name) => [name, this.learned(name)]));
  }

  private cutOff(call: Call, estimate: number, ranMs: number): number {
    const { cutOff, classOf } = this.options;
    if (cutOff === 'estimate') return estimate;
    if (cutOff !== 'elapsed') {
      const said = cutOff(call, ranMs);
      return isCost(said) ? said : estimate;
    }
    const { sorted = [] } = this.classes.get(classOf(call))?.ranMs ?? {};
    if (sorted.length < ENOUGH_COSTS) return estimate;
    return estimate * Math.min(1, ranMs / Math.max(quantileOf(sorted, 0.5), Number.MIN_VALUE));
  }

  private learned(name: string): number {
    const { quantile, initial } = this.options;
    const seen = this.classes.get(name)?.costs.sorted;
    if (seen === undefined) return initial;
    const usual = quantileOf(seen, quantile);
    return seen.length < ENOUGH_COSTS ? Math.max(initial, usual) : usual;
  }

  private learn(name: string, cost: number, ranMs: number): void {
    const { recent } = this;
    const { costs, ranMs: times } = this.classes.get(name) ?? {
      costs: recent.start(),
      ranMs: recent.start(),
    };
    this.classes.delete(name);
    this.classes.set(name, {
      costs: recent.update(costs, cost),
      ranMs: this.options.cutOff === 'elapsed' ? recent.update(times, ranMs) : times,
    });
    if (this.classes.size <= REMEMBERED_CLASSES) return;
    for (const oldest of this.classes.keys()) {
      this.classes.delete(oldest);
      return;
    }
  }
}

function isCost(cost: number | undefined): cost is number {
  return typeof cost === 'number' && cost >= 0 && cost < Infinity;
}

/** A call that has ended. */
export interface Ended {
  readonly call: Call;
  readonly estimate: number;
  readonly ranMs: number;
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

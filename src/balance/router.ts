/**
 * The way of a call to its endpoint: who may serve it (life, health, needs, filters, room), which group
 * it falls to, and whom the policy picks there.
 */

import type { Call, Random, Runtime } from '../core/index.ts';
import { narrowed } from './candidates.ts';
import type { EndpointRecord } from './endpoint-record.ts';
import type { Fleet } from './fleet.ts';
import type { Locality } from './locality.ts';
import type { Plan, PlanRules } from './plan.ts';
import { groupOf, planOf } from './plan.ts';
import type { Candidates, Chooser } from './policy.ts';
import type { Needs, RouteFilter } from './types.ts';

export interface RouterOptions<T> {
  readonly name: string;
  readonly runtime: Runtime;
  readonly fleet: Fleet<T>;
  readonly chooser: Chooser;
  readonly random: Random;
  readonly rules: PlanRules;
  readonly needs: ((kind: string | undefined) => Needs | undefined) | undefined;
  readonly filters: readonly RouteFilter<T>[];
}

/** Nobody may serve the call. */
export const NOBODY = -1;
/** Those who may are at their `maxInFlight`. */
export const FULL = -2;
/** The obstacle that passes by itself. */
export const AT_LIMIT = 'maxInFlight';

/** Classes of work whose plans are kept; past that, all are made anew. */
const MOST_PLANS = 256;

export class Router<T> {
  private readonly options: RouterOptions<T>;
  private readonly plans = new Map<string | undefined, Plan>();
  /** The plan of calls without needs; of all kinds, where there are no needs. */
  private common: Plan | undefined = undefined;
  /** Those whom every call may go to, where all make one group and nothing keeps any call from any of them. */
  private everybody: Candidates | undefined = undefined;
  private readonly chooser: Chooser;
  private readonly locality: Locality | undefined;

  constructor(options: RouterOptions<T>) {
    this.options = options;
    this.chooser = options.chooser;
    this.locality = options.rules.locality && this.guarded(options.rules.locality);
  }

  /** Whether plans age: learned quality, distances may have changed. */
  get isLive(): boolean {
    return this.options.needs !== undefined || this.locality?.isLive === true;
  }

  /** Endpoints, health or weights have changed. */
  invalidate(): void {
    this.common = undefined;
    this.everybody = undefined;
    this.plans.clear();
  }

  /** The slot for a call, `NOBODY` or `FULL`. */
  choose(call: Call, now: number, tried: ReadonlySet<number> | undefined): number {
    const { everybody } = this;
    if (everybody === undefined || tried !== undefined) return this.chooseByPlan(call, now, tried);
    return this.chooser.pick(everybody, call, now);
  }

  private chooseByPlan(call: Call, now: number, tried: ReadonlySet<number> | undefined): number {
    const plan = this.planFor(call.kind);
    const { groups } = plan;
    if (groups.length === 0) return NOBODY;
    const group = groups.length === 1 ? groups[0]! : groupOf(plan, this.draw(call));
    if (tried === undefined && this.options.filters.length === 0) {
      const slot = this.chooser.pick(group.among, call, now);
      if (!plan.isLimited || !this.isFull(slot)) return slot;
    }
    return this.chooseAmongFew(plan, group.among, { call, now, tried });
  }

  /** What the plan says of a class of work. */
  planFor(kind: string | undefined): Plan {
    if (this.options.needs === undefined) return (this.common ??= this.buildCommon());
    const known = this.plans.get(kind);
    if (known !== undefined) return known;
    if (this.plans.size >= MOST_PLANS) this.plans.clear();
    const plan = this.build(kind);
    this.plans.set(kind, plan);
    return plan;
  }

  /** What keeps an endpoint from a call, besides its state: a need, a filter, its `maxInFlight`. */
  obstacle(record: EndpointRecord<T>, call: Call): string | undefined {
    const need = this.missing(record, this.needsOf(call.kind), call.kind);
    if (need !== undefined) return `needs: ${need}`;
    const filter = this.options.filters.find((one) => !this.passes(one, record, call));
    if (filter !== undefined) return `filter: ${filter.name}`;
    return this.isFull(record.slot) ? AT_LIMIT : undefined;
  }

  private draw(call: Call): number {
    const hash = this.chooser.hashOf?.(call);
    return hash === undefined ? this.options.random() : hash / 2 ** 32;
  }

  /** Where not everybody in the group may serve: the group without them, else the others, else the spare. */
  private chooseAmongFew(plan: Plan, first: Candidates, asked: Asked): number {
    const { call, now, tried } = asked;
    const others = plan.groups.map(({ among }) => among).filter((among) => among !== first);
    const sets = [first, ...others, ...plan.spare];
    let sawFull = false;
    const fit = (slot: number): boolean => {
      if (!this.passesAll(slot, call)) return false;
      if (!this.isFull(slot)) return true;
      sawFull = true;
      return false;
    };
    const pick = (keep: (slot: number) => boolean): number => {
      for (const among of sets) {
        const left = narrowed(among, keep);
        if (left !== undefined) return this.chooser.pick(left, call, now);
      }
      return sawFull ? FULL : NOBODY;
    };
    if (tried === undefined) return pick(fit);
    const untried = pick((slot) => !tried.has(slot) && fit(slot));
    // Better the same endpoint again than none.
    return untried >= 0 ? untried : pick(fit);
  }

  /** A locality that throws is reported, and zones do not matter. */
  private guarded(locality: Locality): Locality {
    const { runtime, name } = this.options;
    return {
      ...locality,
      shares: (zones) => {
        try {
          return locality.shares(zones);
        } catch (error) {
          runtime.report(error, `${name}: locality ${locality.name}`);
          return undefined;
        }
      },
    };
  }

  private buildCommon(): Plan {
    const plan = this.build(undefined);
    const isPlain = plan.groups.length === 1 && !plan.isLimited;
    if (isPlain && this.options.filters.length === 0) this.everybody = plan.groups[0]!.among;
    return plan;
  }

  private build(kind: string | undefined): Plan {
    const { fleet, rules } = this.options;
    const needs = this.needsOf(kind);
    const records = [...fleet.byId.values()].filter(
      (record) => record.isOpen && this.missing(record, needs, kind) === undefined,
    );
    return planOf(records, fleet.weight, { ...rules, locality: this.locality });
  }

  private needsOf(kind: string | undefined): Needs | undefined {
    const { needs, runtime, name } = this.options;
    try {
      return needs?.(kind);
    } catch (error) {
      runtime.report(error, `${name}: needs`);
      return undefined;
    }
  }

  /** The first need an endpoint does not meet. */
  private missing(
    { slot, endpoint }: EndpointRecord<T>,
    needs: Needs | undefined,
    kind: string | undefined,
  ): string | undefined {
    if (needs === undefined) return undefined;
    const { capabilities = [], complexity = 0, quality = 0 } = needs;
    const lacked = capabilities.find((one) => endpoint.capabilities?.includes(one) === false);
    if (lacked !== undefined) return lacked;
    if (complexity > endpoint.maxComplexity) return 'complexity';
    const { fleet } = this.options;
    const learned = kind === undefined ? NaN : (fleet.learned(slot, kind)?.quality ?? NaN);
    const known = Number.isNaN(learned) ? fleet.quality[slot]! : learned;
    return quality > known ? 'quality' : undefined;
  }

  private passesAll(slot: number, call: Call): boolean {
    const record = this.options.fleet.records[slot]!;
    return this.options.filters.every((filter) => this.passes(filter, record, call));
  }

  private passes(filter: RouteFilter<T>, record: EndpointRecord<T>, call: Call): boolean {
    const { runtime, name } = this.options;
    try {
      return filter.keep(record.endpoint, call);
    } catch (error) {
      runtime.report(error, `${name}: filter ${filter.name}`);
      return true;
    }
  }

  private isFull(slot: number): boolean {
    const { fleet } = this.options;
    return fleet.active[slot]! >= fleet.records[slot]!.endpoint.maxInFlight;
  }
}

interface Asked {
  readonly call: Call;
  readonly now: number;
  readonly tried: ReadonlySet<number> | undefined;
}

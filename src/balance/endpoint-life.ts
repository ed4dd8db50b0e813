/**
 * The lives of endpoints: they come, warm up, fall ill, are ejected and return, and go. Nothing here
 * happens by a timer of its own: what is due is done when a call comes.
 */

import type { Emitter } from '../core/index.ts';
import type { BalancerRules } from './balancer-options.ts';
import type { DrainHost } from './drain.ts';
import { checkedChange } from './endpoint-change.ts';
import type { EndpointRecord, FullEndpoint } from './endpoint-record.ts';
import { checkedReport } from './endpoint-record.ts';
import { Fleet } from './fleet.ts';
import type { HealthHost } from './health-rounds.ts';
import { HealthChecks } from './health-rounds.ts';
import type { OutlierHost, OutlierRules } from './outlier-watch.ts';
import { OutlierWatch } from './outlier-watch.ts';
import type { CallEnd, Chooser } from './policy.ts';
import { Router } from './router.ts';
import type { Sessions } from './sessions.ts';
import { StateNews } from './state-news.ts';
import { slowStartFactor } from './slow-start.ts';
import { subsetOf } from './subset.ts';
import type { EndpointReport } from './endpoint.ts';
import type { BalancerChange, BalancerEvents } from './types.ts';

/** Steps in which a slow start raises the weight. */
const WARMING_STEPS = 50;

/** How often plans that age are made anew, ms. */
const LIVE_MS = 1_000;

export class EndpointLife<T> implements HealthHost<T>, OutlierHost<T>, DrainHost<T> {
  readonly fleet: Fleet<T>;
  readonly chooser: Chooser;
  readonly router: Router<T>;
  readonly runtime: BalancerRules<T>['runtime'];
  readonly name: string;
  /** When something is due. */
  refreshAt = 0;
  private readonly rules: BalancerRules<T>;
  private readonly events: Emitter<BalancerEvents>;
  private readonly news: StateNews;
  private readonly sessions: Sessions<T> | undefined;
  private readonly checks: HealthChecks<T> | undefined;
  private watch: OutlierWatch<T> | undefined;
  private wasPanicking = false;

  constructor(
    rules: BalancerRules<T>,
    events: Emitter<BalancerEvents>,
    sessions: Sessions<T> | undefined,
  ) {
    const { runtime, name, needs, filters } = rules;
    this.rules = rules;
    this.events = events;
    this.news = new StateNews(events);
    this.sessions = sessions;
    this.runtime = runtime;
    this.name = name;
    this.fleet = new Fleet<T>(rules.memoryMs);
    this.checks = rules.health && new HealthChecks<T>(rules.health, this);
    const random = runtime.random(`${name} picks`);
    this.chooser = rules.policy.start(this.fleet, random);
    this.router = new Router<T>({
      ...{ name, runtime, fleet: this.fleet, chooser: this.chooser },
      ...{ random, rules: rules.plan, needs, filters },
    });
    this.watchOutliers(rules.outliers);
  }

  records = (): readonly EndpointRecord<T>[] => this.fleet.all();

  /** Takes in the first endpoints, at full weight: nobody is there to carry the load for them. */
  join(endpoints: readonly FullEndpoint<T>[]): void {
    for (const endpoint of endpoints) this.add(endpoint);
    this.membersChanged();
  }

  /** Makes a change, all of it or nothing. @throws OptionError */
  update(change: BalancerChange<T>, now: number): void {
    const { whole, coming, going, weights, outliers } = checkedChange(change, this.fleet);
    // Nothing throws from here on.
    this.news.after(() => {
      if (whole !== undefined) this.replace(whole, now);
      for (const [record, weight] of weights) {
        this.fleet.reweigh(record, weight);
        this.chooser.reweighed?.(record.slot);
      }
      for (const endpoint of coming) this.warm(this.add(endpoint), now);
      for (const record of going) this.remove(record, 'it was removed');
      if (outliers !== undefined) this.watchOutliers(outliers || undefined);
      this.membersChanged();
    });
  }

  leave(record: EndpointRecord<T>, reason: string): void {
    if (record.isGone) return;
    this.remove(record, reason);
    this.membersChanged();
  }

  inFlight({ slot }: EndpointRecord<T>): number {
    return this.fleet.active[slot]!;
  }

  expire(record: EndpointRecord<T>, now: number): number {
    this.sessions?.expire(now);
    return this.sessions?.nextEnd(record) ?? Infinity;
  }

  report(record: EndpointRecord<T>, report: EndpointReport): void {
    const { utilisation, quality, capacity = record.capacity } = checkedReport(report);
    const { slot } = record;
    if (utilisation !== undefined) this.fleet.utilisation[slot] = utilisation;
    if (quality !== undefined) this.fleet.quality[slot] = quality;
    if (capacity === record.capacity) return;
    record.capacity = capacity;
    this.refreshAt = 0;
  }

  /** Does what is due by now. */
  refresh(now: number): void {
    this.news.after(() => {
      let next = this.watch?.tick(now) ?? Infinity;
      next = Math.min(next, this.weighAll(now));
      if (this.router.isLive) {
        this.router.invalidate();
        next = Math.min(next, now + LIVE_MS);
      }
      this.refreshAt = next;
    });
    this.notePanic();
  }

  learn(record: EndpointRecord<T>, end: CallEnd, quality: number | undefined): void {
    if (end.failed) record.failures++;
    if (record.isGone) return;
    this.fleet.learn(record.slot, end, quality);
    this.watch?.record(record, end.failed, end.now);
    this.chooser.ended?.(record.slot, end);
  }

  /** Changes an endpoint and tells whoever listens what that makes of it. */
  change(record: EndpointRecord<T>, reason: string, alter: () => void): void {
    const from = record.state;
    alter();
    this.router.invalidate();
    this.refreshAt = 0;
    this.news.add({ id: record.id, from, to: record.state, reason });
  }

  changed(record: EndpointRecord<T>, health: EndpointRecord<T>['health'], reason: string): void {
    const isBack = record.health === 'unhealthy' && health !== 'unhealthy';
    this.change(record, reason, () => {
      record.health = health;
      if (isBack) this.warm(record, this.runtime.now());
    });
  }

  answered(record: EndpointRecord<T>, report: EndpointReport): void {
    if (this.rules.health?.unejects === true) {
      this.watch?.takeBack(record, 'a check says it is well', this.runtime.now());
    }
    try {
      this.report(record, report);
    } catch (error) {
      this.runtime.report(error, `${this.name}: report of ${record.id}`);
    }
  }

  eject(record: EndpointRecord<T>, until: number, reason: string): void {
    this.change(record, reason, () => {
      record.ejectedUntil = until;
      record.ejections++;
    });
  }

  takeBack(record: EndpointRecord<T>, reason: string): void {
    this.change(record, reason, () => {
      record.ejectedUntil = 0;
      this.warm(record, this.runtime.now());
    });
  }

  suspected(record: EndpointRecord<T>, reason: string): void {
    if (this.events.has('suspect')) this.events.emit('suspect', { id: record.id, reason });
  }

  close(): void {
    this.checks?.close();
  }

  private add(endpoint: FullEndpoint<T>): EndpointRecord<T> {
    const record = this.fleet.add(endpoint);
    this.chooser.joined?.(record.slot);
    return record;
  }

  /** Begins a slow start, if there is to be one. */
  private warm(record: EndpointRecord<T>, now: number): void {
    record.isWarming = this.rules.slowStart !== undefined;
    record.startedAt = now;
  }

  private remove(record: EndpointRecord<T>, reason: string): void {
    if (record.isGone) return;
    this.change(record, reason, () => this.fleet.remove(record));
    this.checks?.stop(record);
    this.chooser.left?.(record.slot);
    record.drain?.look();
    this.sessions?.clear(record);
  }

  /** Makes the list what it is said to be. */
  private replace(whole: readonly FullEndpoint<T>[], now: number): void {
    const named = new Set(whole.map(({ id }) => id));
    for (const record of this.records()) {
      if (!named.has(record.id)) this.remove(record, 'it is not listed any more');
    }
    for (const endpoint of whole) {
      const record = this.fleet.byId.get(endpoint.id);
      if (record === undefined) {
        this.warm(this.add(endpoint), now);
        continue;
      }
      if (endpoint.quality !== record.endpoint.quality) {
        this.fleet.quality[record.slot] = endpoint.quality;
      }
      const { weight } = record.endpoint;
      this.fleet.redefine(record, endpoint);
      if (endpoint.weight !== weight) this.chooser.reweighed?.(record.slot);
    }
  }

  private membersChanged(): void {
    const { subset } = this.rules;
    const records = this.records();
    if (subset !== undefined) {
      const ids = records.map(({ id }) => id);
      const inside = new Set(subsetOf(ids, subset));
      for (const record of records) record.isInside = inside.has(record.id);
    }
    for (const record of records) {
      record.callsBefore = this.fleet.calls[record.slot]!;
      this.checks?.attend(record);
    }
    this.router.invalidate();
    this.refreshAt = 0;
  }

  private watchOutliers(rules: OutlierRules | undefined): void {
    const now = this.runtime.now();
    for (const record of this.records()) {
      this.watch?.takeBack(record, 'outliers are watched otherwise', now);
    }
    const random = this.runtime.random(`${this.name} ejections`);
    this.watch = rules && new OutlierWatch<T>(rules, this, random, now);
    this.refreshAt = 0;
  }

  /** Brings every weight in force up to date; when the next one will change. */
  private weighAll(now: number): number {
    const { slowStart } = this.rules;
    const { fleet } = this;
    let next = Infinity;
    let changed = false;
    for (const record of fleet.all()) {
      let factor = record.capacity;
      if (slowStart !== undefined && record.isWarming) {
        const sinceMs = now - record.startedAt;
        factor *= slowStartFactor(sinceMs, slowStart);
        if (sinceMs < slowStart.windowMs) next = now + slowStart.windowMs / WARMING_STEPS;
        else this.change(record, 'its slow start is over', () => (record.isWarming = false));
      }
      const weight = fleet.givenWeight[record.slot]! * factor;
      changed ||= weight !== fleet.weight[record.slot];
      fleet.weight[record.slot] = weight;
    }
    if (changed) this.router.invalidate();
    return next;
  }

  private notePanic(): void {
    const { isPanicking } = this.router.planFor(undefined);
    if (isPanicking === this.wasPanicking) return;
    this.wasPanicking = isPanicking;
    if (this.events.has('panic')) this.events.emit('panic', { isPanicking });
  }
}

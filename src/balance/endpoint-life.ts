/**
 * The lives of endpoints: they come, warm up, fall ill, are ejected and return, and go. Nothing here
 * happens by a timer of its own: what is due is done when a call comes.
 */

import type { Emitter, OptionChecks } from '../core/index.ts';
import { optionChecks } from '../core/index.ts';
import type { BalancerRules } from './balancer-options.ts';
import type { EndpointRecord, FullEndpoint } from './endpoint-record.ts';
import { fullEndpoints } from './endpoint-record.ts';
import { Fleet } from './fleet.ts';
import type { HealthHost } from './health-checks.ts';
import { HealthChecker } from './health-checks.ts';
import type { OutlierHost, OutlierRules } from './outlier-watch.ts';
import { outlierRules, OutlierWatch } from './outlier-watch.ts';
import type { CallEnd, Chooser } from './policy.ts';
import { Router } from './router.ts';
import { slowStartFactor } from './slow-start.ts';
import { subsetOf } from './subset.ts';
import type { EndpointReport, EndpointState } from './endpoint.ts';
import type { BalancerChange, BalancerEvents } from './types.ts';

/** Steps in which a slow start raises the weight. */
const WARMING_STEPS = 50;

/** How often needs are compared with learned quality, ms. */
const NEEDS_MS = 1_000;

export class EndpointLife<T> implements HealthHost<T>, OutlierHost<T> {
  readonly fleet: Fleet<T>;
  readonly chooser: Chooser;
  readonly router: Router<T>;
  readonly runtime: BalancerRules<T>['runtime'];
  readonly name: string;
  /** When something is due. */
  refreshAt = 0;
  private readonly rules: BalancerRules<T>;
  private readonly events: Emitter<BalancerEvents>;
  private readonly checkers = new Map<EndpointRecord<T>, HealthChecker<T>>();
  private watch: OutlierWatch<T> | undefined;
  private wasPanicking = false;

  constructor(rules: BalancerRules<T>, events: Emitter<BalancerEvents>) {
    const { runtime, name, needs, filters } = rules;
    this.rules = rules;
    this.events = events;
    this.runtime = runtime;
    this.name = name;
    this.fleet = new Fleet<T>(rules.memoryMs);
    const random = runtime.random(`${name} picks`);
    this.chooser = rules.policy.start(this.fleet, random);
    this.router = new Router<T>({
      ...{ name, runtime, fleet: this.fleet, chooser: this.chooser },
      ...{ random, rules: rules.plan, needs, filters },
    });
    this.watchOutliers(rules.outliers);
  }

  records = (): readonly EndpointRecord<T>[] => [...this.fleet.byId.values()];

  /** Takes in the first endpoints, at full weight: nobody is there to carry the load for them. */
  join(endpoints: readonly FullEndpoint<T>[]): void {
    for (const endpoint of endpoints) this.add(endpoint, -Infinity);
    this.membersChanged();
  }

  /** The endpoint of an id. @throws OptionError */
  known(check: OptionChecks, option: string, id: string): EndpointRecord<T> {
    return this.fleet.byId.get(id) ?? check.refuse(option, 'the id of an endpoint', id);
  }

  update(change: BalancerChange<T>, now: number): void {
    const check = optionChecks('balancer.update');
    check.known(change, ['endpoints', 'add', 'remove', 'reweight', 'outliers']);
    const { fleet } = this;
    const { endpoints, add = [], remove = [], reweight = {}, outliers } = change;
    const whole = endpoints && fullEndpoints(check, 'endpoints', endpoints, new Set());
    const named = new Set(whole?.map(({ id }) => id) ?? fleet.byId.keys());
    const coming = fullEndpoints(check, 'add', add, named);
    const leaving: unknown = remove;
    if (!Array.isArray(leaving)) check.refuse('remove', 'a list of ids', leaving);
    const going = remove.map((id) => this.known(check, 'remove', id));
    const weights = Object.entries(reweight).map(
      ([id, weight]) =>
        [this.known(check, 'reweight', id), check.positive(`reweight.${id}`, weight)] as const,
    );
    const watch = outliers && outlierRules(check, outliers);
    // Everything is in order: from here on nothing throws.
    if (whole !== undefined) this.replace(whole, named, now);
    for (const [record, weight] of weights) fleet.reweigh(record, weight);
    for (const endpoint of coming) this.add(endpoint, now);
    for (const record of going) this.leave(record, 'it was removed');
    if (outliers !== undefined) this.watchOutliers(watch || undefined);
    this.membersChanged();
  }

  leave(record: EndpointRecord<T>, reason: string): void {
    if (record.isGone) return;
    this.change(record, reason, () => this.fleet.remove(record));
    this.checkers.get(record)?.stop();
    this.checkers.delete(record);
    this.chooser.left?.(record.slot);
    record.drained?.();
    this.membersChanged();
  }

  report(record: EndpointRecord<T>, report: EndpointReport): void {
    const check = optionChecks('balancer.report');
    const { capacity, utilisation, quality } = report;
    if (utilisation !== undefined) {
      this.fleet.utilisation[record.slot] = check.ratio('utilisation', utilisation);
    }
    if (quality !== undefined) this.fleet.quality[record.slot] = check.ratio('quality', quality);
    if (capacity === undefined || capacity === record.capacity) return;
    record.capacity = check.positive('capacity', capacity);
    this.refreshAt = 0;
  }

  /** Does what is due by now. */
  refresh(now: number): void {
    let next = this.watch?.tick(now) ?? Infinity;
    next = Math.min(next, this.weighAll(now));
    if (this.router.hasNeeds) {
      this.router.invalidate();
      next = Math.min(next, now + NEEDS_MS);
    }
    this.refreshAt = next;
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
    const from = this.stateOf(record);
    alter();
    this.router.invalidate();
    this.refreshAt = 0;
    const to = this.stateOf(record);
    if (from === to || !this.events.has('state')) return;
    this.events.emit('state', { id: record.id, from, to, reason });
  }

  stateOf(record: EndpointRecord<T>): EndpointState {
    const { slowStart } = this.rules;
    const isWarming =
      slowStart !== undefined && this.runtime.now() - record.startedAt < slowStart.windowMs;
    return record.state(isWarming);
  }

  changed(record: EndpointRecord<T>, health: EndpointRecord<T>['health'], reason: string): void {
    const isBack = record.health === 'unhealthy' && health !== 'unhealthy';
    this.change(record, reason, () => {
      record.health = health;
      if (isBack) record.startedAt = this.runtime.now();
    });
  }

  answered(record: EndpointRecord<T>, report: EndpointReport | undefined): void {
    if (this.rules.health?.unejects === true)
      this.watch?.takeBack(record, 'a check says it is well');
    if (report === undefined) return;
    const { capacity, utilisation, quality } = report;
    try {
      this.report(record, {
        ...(capacity !== undefined && { capacity }),
        ...(utilisation !== undefined && { utilisation }),
        ...(quality !== undefined && { quality }),
      });
    } catch (error) {
      this.runtime.report(error, `${this.name}: report of ${record.id}`);
    }
  }

  ejected(record: EndpointRecord<T>, reason: string): void {
    const until = record.ejectedUntil;
    record.ejectedUntil = 0;
    this.change(record, reason, () => (record.ejectedUntil = until));
  }

  returned(record: EndpointRecord<T>, reason: string): void {
    record.startedAt = this.runtime.now();
    this.router.invalidate();
    this.refreshAt = 0;
    const to = this.stateOf(record);
    if (to === 'ejected' || !this.events.has('state')) return;
    this.events.emit('state', { id: record.id, from: 'ejected', to, reason });
  }

  suspected(record: EndpointRecord<T>, reason: string): void {
    if (this.events.has('suspect')) this.events.emit('suspect', { id: record.id, reason });
  }

  close(): void {
    for (const checker of this.checkers.values()) checker.stop();
    this.checkers.clear();
  }

  private add(endpoint: FullEndpoint<T>, startedAt: number): void {
    const { health, runtime, name } = this.rules;
    const record = this.fleet.add(endpoint);
    record.startedAt = startedAt;
    this.chooser.joined?.(record.slot);
    if (health === undefined) return;
    if (health.initially === 'unchecked') record.health = 'unknown';
    const random = runtime.random(`${name} checks`);
    this.checkers.set(record, new HealthChecker<T>(record, health, this, random));
  }

  /** Makes the list what it is said to be. */
  private replace(
    whole: readonly FullEndpoint<T>[],
    named: ReadonlySet<string>,
    now: number,
  ): void {
    for (const record of this.records()) {
      if (!named.has(record.id)) this.leave(record, 'it is not listed any more');
    }
    for (const endpoint of whole) {
      const record = this.fleet.byId.get(endpoint.id);
      if (record === undefined) {
        this.add(endpoint, now);
        continue;
      }
      record.endpoint = endpoint;
      this.fleet.reweigh(record, endpoint.weight);
    }
  }

  private membersChanged(): void {
    const { subset } = this.rules;
    const records = this.records();
    if (subset !== undefined) {
      const inside = new Set(
        subsetOf(
          records.map(({ id }) => id),
          subset,
        ),
      );
      for (const record of records) record.isInside = inside.has(record.id);
    }
    for (const record of records) record.callsSinceChange = 0;
    this.router.invalidate();
    this.refreshAt = 0;
  }

  private watchOutliers(rules: OutlierRules | undefined): void {
    for (const record of this.records())
      this.watch?.takeBack(record, 'outliers are watched otherwise');
    const random = this.runtime.random(`${this.name} ejections`);
    this.watch = rules && new OutlierWatch<T>(rules, this, random, this.runtime.now());
    this.refreshAt = 0;
  }

  /** Brings every weight in force up to date; when the next one will change. */
  private weighAll(now: number): number {
    const { slowStart } = this.rules;
    const { fleet } = this;
    let next = Infinity;
    let changed = false;
    for (const record of fleet.byId.values()) {
      const sinceMs = now - record.startedAt;
      let factor = record.capacity;
      if (slowStart !== undefined && sinceMs < slowStart.windowMs) {
        factor *= slowStartFactor(sinceMs, slowStart);
        next = now + slowStart.windowMs / WARMING_STEPS;
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

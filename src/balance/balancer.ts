/** The balancer: endpoints that come and go, a policy that picks, and what the ends of calls teach. */

import type { Call, Door, Outcome, Policy, Refusal, Runtime, Work } from '../core/index.ts';
import { emitter, flightRunner, optionChecks } from '../core/index.ts';
import type { Emitter } from '../core/index.ts';
import type { Tries } from './attempts.ts';
import { attempted } from './attempts.ts';
import type { BalancerRules } from './balancer-options.ts';
import { balancerRules, ownRunRules } from './balancer-options.ts';
import { Drain } from './drain.ts';
import type { EndpointRecord } from './endpoint-record.ts';
import { EndpointLife } from './endpoint-life.ts';
import type { Fleet } from './fleet.ts';
import { ActivePass } from './active-pass.ts';
import type { PassHost } from './active-pass.ts';
import { balanceOf, endpointSnapshot, reasons, returnsAfterMs, whyNobody } from './reports.ts';
import type { Router } from './router.ts';
import { AT_LIMIT, FULL, NOBODY } from './router.ts';
import { Sessions } from './sessions.ts';
import type { Balancer, BalancerEvents, BalancerExplanation, BalancerOptions } from './types.ts';
import type { BalancerChange, BalancerSnapshot, EndpointPass } from './types.ts';
import type { DrainReport, EndpointReport } from './endpoint.ts';
import type { RunOptions, Verdict } from './types.ts';

/**
 * Makes a balancer. Endpoints that fail more than the others are left alone for a while, unless told
 * otherwise; while most seem to fail, none is. State is local to the process. No timer but those of
 * active checks.
 *
 * ```ts
 * import { balancer } from 'tenfold';
 *
 * const api = balancer({ endpoints: ['https://a.example', 'https://b.example'] });
 * const answer: string = await api.run(async (call, url) => `from ${url}`);
 * ```
 *
 * @throws OptionError for an option out of range, a repeated id, a weight that is not above 0
 */
export function balancer<T = string>(options: BalancerOptions<T>): Balancer<T> {
  return new EndpointBalancer<T>(balancerRules(options));
}

const NO_CALL: Call = Object.freeze({});

/** The call, or none where there is none; null counts as none, as it does everywhere. */
function givenCall(call: Call | undefined): Call {
  if (typeof call === 'object') return call ?? NO_CALL;
  return call === undefined ? NO_CALL : optionChecks('balancer').refuse('call', 'a call', call);
}

class EndpointBalancer<T> implements Balancer<T>, PassHost<T> {
  readonly name: string;
  readonly runtime: Runtime;
  readonly on: Balancer<T>['on'];
  private readonly rules: BalancerRules<T>;
  private readonly events: Emitter<BalancerEvents>;
  readonly fleet: Fleet<T>;
  private readonly life: EndpointLife<T>;
  private readonly router: Router<T>;
  private readonly sessions: Sessions<T> | undefined;
  private readonly fly: Policy['run'];
  private refused = 0;
  /** How many endpoints are being drained. */
  private drains = 0;
  private isClosed = false;

  constructor(rules: BalancerRules<T>) {
    const { runtime, name } = rules;
    this.rules = rules;
    this.name = name;
    this.runtime = runtime;
    this.events = emitter(runtime, name);
    this.on = (event, listener) => this.events.on(event, listener);
    this.sessions = rules.sticky === undefined ? undefined : new Sessions<T>(rules.sticky);
    this.life = new EndpointLife<T>(rules, this.events, this.sessions);
    this.fleet = this.life.fleet;
    this.router = this.life.router;
    this.fly = flightRunner([], runtime);
    this.life.join(rules.endpoints);
  }

  tryEnter(call?: Call): EndpointPass<T> | Refusal {
    return this.enter(givenCall(call), this.runtime.now(), undefined);
  }

  run<R>(work: Work<R, T>, call?: Call, options?: RunOptions): Promise<R> {
    if (typeof work !== 'function') optionChecks('balancer.run').refuse('work', 'a function', work);
    givenCall(call);
    const rules = options === undefined ? this.rules.run : ownRunRules(options, this.rules.run);
    if (rules.retryOn === undefined && rules.hedge === undefined) return this.once(work, call);
    return this.fly(
      (inner) => attempted((one, tries) => this.once(work, one, tries), inner, rules),
      call,
    );
  }

  update(change: BalancerChange<T>): void {
    this.life.update(change, this.runtime.now());
  }

  report(id: string, report: EndpointReport): void {
    const check = optionChecks('balancer.report');
    check.known(report, ['capacity', 'utilisation', 'quality']);
    this.life.report(this.life.fleet.known(check, 'id', id), report);
  }

  drain(id: string, options: { readonly withinMs?: number } = {}): Promise<DrainReport> {
    const check = optionChecks('balancer.drain');
    check.known(options, ['withinMs']);
    const withinMs = check.number('withinMs', options.withinMs ?? Infinity, {
      ...{ min: 0, infinite: true },
    });
    const { life } = this;
    const record = life.fleet.known(check, 'id', id);
    if (!record.isDraining) {
      life.change(record, 'it is drained', () => (record.isDraining = true));
    }
    const drain = record.drain ?? this.drainOf(record);
    drain.endBy(this.runtime.now() + withinMs);
    return drain.over;
  }

  endSession(session: string): void {
    this.sessions?.end(session);
  }

  explain(given?: Call): BalancerExplanation {
    const call = givenCall(given);
    const now = this.runtime.now();
    this.life.refresh(now);
    const { life, router } = this;
    const { session } = call;
    const kept = session === undefined ? undefined : this.sessions?.find(session, now);
    const { fleet, chooser } = life;
    const endpoints = reasons({ fleet, chooser, router }, call, now);
    return { policy: this.rules.policy.name, sticky: kept?.id, endpoints };
  }

  snapshot(): BalancerSnapshot {
    const { life, rules } = this;
    const { fleet } = life;
    life.refresh(this.runtime.now());
    const records = [...fleet.byId.values()];
    const used = records.filter(({ isOpen, isWell }) => isOpen && isWell);
    const perWeight = (load: (record: EndpointRecord<T>) => number): number[] =>
      used.map((record) => load(record) / fleet.givenWeight[record.slot]!);
    return {
      name: this.name,
      policy: rules.policy.name,
      endpoints: records.map((record) => endpointSnapshot(fleet, record)),
      inFlight: balanceOf(perWeight(({ slot }) => fleet.active[slot]!)),
      calls: balanceOf(perWeight(({ slot, callsBefore }) => fleet.calls[slot]! - callsBefore)),
      isPanicking: this.router.planFor(undefined).isPanicking,
      refused: this.refused,
      sessions: this.sessions?.size ?? 0,
    };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.life.close();
    this.sessions?.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A call has ended: what its pass knows, and what that teaches. */
  end(pass: ActivePass<T>, outcome: Outcome, detail: unknown, now: number): void {
    const { slot, call, begunAt } = pass;
    const { fleet } = this;
    const { chooser } = this.life;
    const record = fleet.records[slot]!;
    fleet.end(slot, begunAt);
    let verdict: Verdict | undefined;
    if (outcome === 'success' || outcome === 'failure') {
      verdict = this.judge(detail, outcome);
      if (verdict !== 'ignored') {
        const failed = verdict === 'failure';
        const quality = failed ? undefined : this.quality(detail, call);
        const latencyMs = Math.max(0, now - begunAt);
        this.life.learn(record, { failed, latencyMs, call, now }, quality);
      }
    }
    if (this.sessions !== undefined && call.session !== undefined) {
      this.sessions.ended(call.session, record, verdict, now);
    }
    chooser.freed?.(slot);
    if (this.drains > 0) record.drain?.look(now);
  }

  private drainOf(record: EndpointRecord<T>): Drain<T> {
    const drain = new Drain<T>(record, this.life);
    this.drains++;
    void drain.over.then(() => this.drains--);
    return drain;
  }

  private once<R>(work: Work<R, T>, call: Call | undefined, tries?: Tries): Promise<R> {
    let target: T | undefined;
    const { name, runtime } = this;
    const door: Door = {
      name,
      kind: 'balancer',
      runtime,
      enter: (inner, now) => {
        const entry = this.enter(inner, now, tries?.slots);
        if (entry.ok) target = entry.target;
        else if (tries !== undefined) tries.isRefused = true;
        return entry;
      },
    };
    return flightRunner([door])((inner) => work(inner, target as T), call);
  }

  private enter(call: Call, now: number, tried: Set<number> | undefined): ActivePass<T> | Refusal {
    const { life } = this;
    if (this.isClosed) return this.refuse('it is closed');
    if (now >= life.refreshAt) life.refresh(now);
    const { sessions } = this;
    let slot: number = NOBODY;
    if (sessions !== undefined && call.session !== undefined) {
      slot = this.keptAt(sessions.find(call.session, now), call, tried);
      if (slot === FULL) return this.refuseFor(FULL, now);
    }
    if (slot === NOBODY) slot = this.router.choose(call, now, tried);
    if (slot < 0) return this.refuseFor(slot, now);
    const { fleet } = this;
    const { chooser } = life;
    if (sessions !== undefined && call.session !== undefined) {
      sessions.sent(call.session, fleet.records[slot]!, now);
    }
    tried?.add(slot);
    fleet.begin(slot, now);
    chooser.sent?.(slot, call, now);
    return new ActivePass<T>(this, slot, call, now);
  }

  /** The slot of a session's endpoint; FULL: wait for it; NOBODY: it may go anywhere. */
  private keptAt(
    kept: EndpointRecord<T> | undefined,
    call: Call,
    tried: ReadonlySet<number> | undefined,
  ): number {
    if (kept === undefined || tried?.has(kept.slot) === true) return NOBODY;
    const obstacle = this.router.obstacle(kept, call);
    if (obstacle === undefined) return kept.slot;
    return obstacle === AT_LIMIT ? FULL : NOBODY;
  }

  private judge(detail: unknown, outcome: 'success' | 'failure'): Verdict {
    try {
      return this.rules.classify(detail, outcome);
    } catch (error) {
      this.runtime.report(error, `${this.name}: classify`);
      return outcome;
    }
  }

  private quality(detail: unknown, call: Call): number | undefined {
    const { qualityOf } = this.rules;
    if (qualityOf === undefined) return undefined;
    try {
      const quality = qualityOf(detail, call);
      return quality !== undefined && quality >= 0 && quality <= 1 ? quality : undefined;
    } catch (error) {
      this.runtime.report(error, `${this.name}: qualityOf`);
      return undefined;
    }
  }

  private refuseFor(why: number, now: number): Refusal {
    if (why === FULL) {
      return this.refuse('who can serve the call is at its maxInFlight', 'ERR_CONCURRENCY_LIMITED');
    }
    const records = this.life.records();
    const message = whyNobody(records.map(({ state }) => state));
    return this.refuse(message, 'ERR_UNAVAILABLE', returnsAfterMs(records, now));
  }

  private refuse(
    message: string,
    code: Refusal['code'] = 'ERR_UNAVAILABLE',
    retryAfterMs = 0,
  ): Refusal {
    this.refused++;
    return { ok: false, code, policy: this.name, retryAfterMs, message };
  }
}

/** The pool at work: lends workers, checks them, takes them back, and drains. */

import type { Call, Lease, Outcome, Refusal, Runtime, SlotsLine } from '../core/index.ts';
import { OptionError, refusalError } from '../core/index.ts';
import type { Asking } from './acquire-line.ts';
import { AcquireLine } from './acquire-line.ts';
import { LeakWatch } from './leak-watch.ts';
import { PoolRefusals } from './refusals.ts';
import type { Roster } from './roster.ts';
import type { PoolLimits } from './sizing.ts';
import { sizeOf } from './sizing.ts';
import type { Demand } from './specialities.ts';
import type { Employer, StaffOptions } from './staff.ts';
import { Staff } from './staff.ts';
import type { PoolCloseReport, PoolSnapshot } from './types.ts';
import { WarmUp } from './warm-up.ts';
import type { Lender, Worker } from './worker.ts';
import { WorkerLease } from './worker.ts';
import type { WorkerCheckOptions } from './worker-check.ts';
import { WorkerCheck } from './worker-check.ts';

/** The options of a pool, checked and complete. */
export interface ElasticPoolOptions<R> extends StaffOptions<R>, WorkerCheckOptions<R> {
  /** Infinity: leaks are not looked for. */
  readonly leakAfterMs: number;
}

export class ElasticPool<R> implements Lender<R>, Employer<R> {
  private readonly runtime: Runtime;
  private readonly staff: Staff<R>;
  private readonly roster: Roster<R>;
  private readonly check: WorkerCheck<R>;
  private readonly own: AcquireLine<R>;
  private readonly no: PoolRefusals;
  private readonly leaks: LeakWatch<R> | undefined;
  private readonly name: string;
  private line: SlotsLine | undefined = undefined;
  private life: 'open' | 'closing' | 'closed' = 'open';
  private tellEmpty: (() => void) | undefined = undefined;
  private endGrace!: () => void;
  private readonly graceOver = new Promise<void>((resolve) => (this.endGrace = resolve));
  private readonly warmUp = new WarmUp();

  constructor(options: ElasticPoolOptions<R>) {
    const { runtime, name, leakAfterMs } = options;
    this.runtime = runtime;
    this.name = name;
    this.staff = new Staff<R>(options, this);
    this.roster = this.staff.roster;
    this.check = new WorkerCheck<R>(options, (error) => this.staff.maker.report(error, 'validate'));
    this.no = new PoolRefusals(name);
    this.own = new AcquireLine<R>(runtime, (deadline) => this.no.expiredError(deadline));
    this.leaks = leakAfterMs === Infinity ? undefined : new LeakWatch(runtime, leakAfterMs, name);
    runtime.enrol({ waiting: () => this.describe() });
    this.staff.adjust(runtime.now());
  }

  get size(): number {
    return this.roster.size;
  }

  /** Names what a call asks for; undefined where anybody will do for anything. */
  get lotOf(): ((call: Call) => string) | undefined {
    const { specialities } = this.staff;
    return specialities && ((call) => specialities.lotOf(call));
  }

  tryAcquire(call: Call, now: number): Lease<R> | Refusal | undefined {
    if (this.life !== 'open') return this.no.closed();
    const lot = this.staff.specialities?.lotOf(call) ?? '';
    // Who waits here already goes first.
    if (this.own.sizeOf(lot) > 0) return undefined;
    const place = this.leaks?.here();
    const answer = this.lend({ call, lot, place }, now) ?? this.brokenness(lot, now);
    // A line that was held back may ask again long after the workers idled away.
    if (answer === undefined) this.staff.adjust(now);
    return answer;
  }

  acquire(call: Call): Promise<Lease<R>> {
    if (this.life !== 'open') return Promise.reject(this.no.closedError());
    const now = this.runtime.now();
    const objection = this.no.objectionTo(call, now);
    if (objection !== undefined) return Promise.reject(objection.reason);
    const answer = this.tryAcquire(call, now);
    if (answer?.ok === true) return Promise.resolve(answer);
    if (answer !== undefined) return Promise.reject(refusalError(answer));
    const lot = this.staff.specialities?.lotOf(call) ?? '';
    const waiting = this.own.wait({ call, lot, place: this.leaks?.here() });
    this.staff.adjust(now);
    return waiting;
  }

  demandGrew(now: number): void {
    this.staff.adjust(now);
  }

  attach(line: SlotsLine): Disposable {
    if (this.line !== undefined) {
      throw new OptionError('pool.attach', 'called by one queue at a time', this.name);
    }
    this.line = line;
    return {
      [Symbol.dispose]: () => {
        if (this.line === line) this.line = undefined;
      },
    };
  }

  resize(limits: PoolLimits): void {
    this.staff.limits = limits;
    this.staff.adjust(this.runtime.now());
  }

  /** Lets a worker go for good, lent or not; after `noticeMs` it is destroyed all the same. */
  retire(resource: R, noticeMs: number): boolean {
    const worker = this.roster.find(resource);
    if (worker === undefined) return false;
    this.staff.retire(worker, this.runtime.now());
    if (worker.state === 'draining' && noticeMs < Infinity) {
      const ring = (now: number): void => this.takeDown(worker, now);
      this.runtime.arm({ alarmId: -1, background: true, ring }, noticeMs);
    }
    return true;
  }

  /** Resolves when there are as many workers as there should be at least. */
  async ready(): Promise<void> {
    if (this.life !== 'open') throw this.no.closedError();
    if (!this.isStaffed) await this.warmUp.wait();
  }

  takeBack(
    worker: Worker<R>,
    { outcome, detail }: { outcome: Outcome; detail: unknown },
    at: number | undefined,
  ): void {
    this.leaks?.returned(worker);
    if (worker.state === 'gone') return; // taken down while it was lent
    const now = at ?? this.runtime.now();
    this.staff.specialities?.count(worker.lot, -1);
    const isKept = worker.state === 'busy' && this.life === 'open';
    if (isKept && !this.staff.recycling.isDue(worker, outcome, detail)) this.offer(worker, now);
    else this.replace(worker, now);
    if (this.roster.lent === 0) this.tellEmpty?.();
  }

  snapshot(): PoolSnapshot {
    const { roster, staff } = this;
    return {
      ...staff.limits,
      ...roster.snapshot(this.runtime.now()),
      backlog: this.backlog,
      created: staff.maker.created,
      destroyed: staff.maker.destroyed,
      createFailures: staff.maker.failures,
      leaks: this.leaks?.open ?? 0,
    };
  }

  /** Lends nothing more; resolves when everything lent has come back and is down, or `end` was called. */
  async close(): Promise<PoolCloseReport> {
    const now = this.runtime.now();
    this.life = 'closing';
    this.staff.close(now);
    this.own.turnAway(() => this.no.closedError());
    this.warmUp.fail(() => this.no.closedError());
    this.line?.slotFreed(now);
    if (this.roster.lent > 0) {
      await Promise.race([new Promise<void>((back) => (this.tellEmpty = back)), this.graceOver]);
    }
    const report = { busy: this.roster.lent };
    this.life = 'closed';
    for (const worker of this.roster.inState('busy', 'draining')) {
      this.takeDown(worker, this.runtime.now());
    }
    await Promise.race([this.staff.maker.allDown(), this.graceOver]);
    return report;
  }

  /** Ends the grace: workers still lent are destroyed all the same. */
  end(): void {
    this.endGrace();
  }

  get backlog(): number {
    return this.own.size + (this.line?.backlog ?? 0);
  }

  demand(): Demand {
    const demand = new Map(this.own.waitingByLot());
    for (const [lot, waiting] of this.line?.waitingByLot?.() ?? []) {
      demand.set(lot, waiting + (demand.get(lot) ?? 0));
    }
    return demand;
  }

  hired(worker: Worker<R>, now: number): void {
    this.offer(worker, now);
    if (this.isStaffed) this.warmUp.done();
  }

  failed(lot: string, now: number): void {
    const broken = this.brokenness(lot, now);
    if (broken === undefined) return;
    this.own.turnAway(() => refusalError(broken), this.staff.areAlike ? undefined : lot);
    this.warmUp.fail(() => refusalError(broken));
    this.line?.slotFreed(now);
  }

  /** Lends a free worker that is fit, the one that came back last, if it need not be checked first. */
  private lend({ call, lot, place }: Asking, now: number): Lease<R> | undefined {
    for (let worker = this.fit(lot); worker !== undefined; worker = this.fit(lot)) {
      const answer = this.check.ask(worker, now);
      if (answer === true) {
        worker.uses++;
        worker.lot = lot;
        this.roster.move(worker, 'busy', now);
        this.staff.specialities?.count(lot, 1);
        this.staff.keepSpares(now);
        if (place !== undefined) this.leaks?.lent(worker, call, place);
        return new WorkerLease<R>(this, worker);
      }
      this.roster.move(worker, 'checking', now);
      if (answer === false) this.staff.destroy(worker, now);
      else void this.awaitCheck(worker, answer);
      this.staff.adjust(now);
    }
    return undefined;
  }

  /** A free worker for `lot`. */
  private fit(lot: string): Worker<R> | undefined {
    const { specialities } = this.staff;
    if (specialities === undefined) return this.roster.freshestIdle();
    if (this.roster.counts.idle === 0) return undefined;
    const size = sizeOf(this.staff.limits);
    return specialities.choose(this.roster, lot, { size, demand: this.demand() });
  }

  private async awaitCheck(worker: Worker<R>, answer: Promise<boolean>): Promise<void> {
    const isFit = await answer;
    if (worker.state !== 'checking') return;
    const now = this.runtime.now();
    worker.checkedAt = now;
    if (isFit) this.offer(worker, now);
    else this.replace(worker, now);
  }

  /** A worker is free: for those who wait here, then for the queue in front, then for later. */
  private offer(worker: Worker<R>, now: number): void {
    this.roster.move(worker, 'idle', now);
    if (this.own.size > 0) this.serveOwn(now);
    this.line?.slotFreed(now);
    this.staff.adjust(now);
  }

  private serveOwn(now: number): void {
    for (const waiter of this.own.heads()) {
      const lease = this.lend(waiter, now);
      if (lease !== undefined) this.own.serve(waiter, lease);
    }
  }

  /** A worker that is not to be lent again. */
  private replace(worker: Worker<R>, now: number): void {
    this.staff.destroy(worker, now);
    this.staff.adjust(now);
  }

  /** Destroys a worker that may still be lent. */
  private takeDown(worker: Worker<R>, now: number): void {
    if (worker.state !== 'busy' && worker.state !== 'draining') return;
    this.staff.specialities?.count(worker.lot, -1);
    this.replace(worker, now);
    if (this.roster.lent === 0) this.tellEmpty?.();
  }

  /** Waiting is in vain while `create` keeps failing and nobody is alive to come back. */
  private brokenness(lot: string, now: number): Refusal | undefined {
    const { maker } = this.staff;
    if (!this.staff.isHopeless(lot, now)) return undefined;
    const sort = this.staff.sortFor(lot);
    return this.no.broken(maker.failuresInRow(sort), maker.retryAt(sort) - now);
  }

  private get isStaffed(): boolean {
    const { min, max, target = min } = this.staff.limits;
    return this.roster.alive >= Math.max(min, Math.min(max, target));
  }

  private describe(): string | undefined {
    const underWay = this.life === 'open' ? 0 : this.staff.maker.busy;
    if (this.own.size === 0 && this.roster.lent === 0 && underWay === 0) return undefined;
    const { idle, starting } = this.roster.counts;
    const workers = `${this.roster.lent} busy, ${idle} idle, ${starting} starting`;
    const rest = underWay === 0 ? '' : `, ${underWay} not yet down`;
    return `pool ${this.name}: ${this.own.size} waiting, ${workers}${rest}`;
  }
}

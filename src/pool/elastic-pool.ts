/** The pool at work: makes, lends, checks, drains and destroys workers. */

import type { Call, Lease, Outcome, Refusal, Runtime, SlotsLine } from '../core/index.ts';
import { refusalError } from '../core/index.ts';
import { AcquireLine } from './acquire-line.ts';
import { PoolRefusals } from './refusals.ts';
import { Roster } from './roster.ts';
import type { PoolLimits } from './sizing.ts';
import { floorOf, sizeChange } from './sizing.ts';
import type { PoolCloseReport, PoolSnapshot } from './types.ts';
import type { Lender, Worker } from './worker.ts';
import { WorkerLease } from './worker.ts';
import { WorkerCheck } from './worker-check.ts';
import type { WorkerMakerOptions } from './worker-maker.ts';
import { WorkerMaker } from './worker-maker.ts';

/** The options of a pool, checked and complete. */
export interface ElasticPoolOptions<R> extends WorkerMakerOptions<R> {
  readonly validate: ((resource: R) => boolean | PromiseLike<boolean>) | undefined;
  readonly limits: PoolLimits;
  readonly idleMs: number;
}

export class ElasticPool<R> implements Lender<R> {
  private limits: PoolLimits;
  private readonly options: ElasticPoolOptions<R>;
  private readonly runtime: Runtime;
  private readonly maker: WorkerMaker<R>;
  private readonly check: WorkerCheck<R>;
  private readonly roster: Roster<R>;
  private readonly own: AcquireLine<R>;
  private readonly no: PoolRefusals;
  private line: SlotsLine | undefined = undefined;
  private life: 'open' | 'closing' | 'closed' = 'open';
  private tellEmpty: (() => void) | undefined = undefined;
  private readonly retry: Chore = chore((now) => this.adjust(now));
  private readonly eviction: Chore = chore((now) => this.evict(now));

  constructor(options: ElasticPoolOptions<R>) {
    const { runtime } = options;
    this.options = options;
    this.limits = options.limits;
    this.runtime = runtime;
    this.maker = new WorkerMaker<R>(options);
    this.check = new WorkerCheck<R>(options.validate, (error) =>
      this.maker.report(error, 'validate'),
    );
    this.roster = new Roster<R>(runtime.now());
    this.no = new PoolRefusals(options.name);
    this.own = new AcquireLine<R>(runtime, (deadline) => this.no.expiredError(deadline));
    runtime.enrol({ waiting: () => this.describe() });
    this.adjust(runtime.now());
  }

  get size(): number {
    return this.roster.size;
  }

  tryAcquire(_call: Call, now: number): Lease<R> | Refusal | undefined {
    if (this.life !== 'open') return this.no.closed();
    // Who waits here already goes first.
    if (this.own.size > 0) return undefined;
    return this.lend(now) ?? this.brokenness(now);
  }

  async acquire(call: Call): Promise<Lease<R>> {
    if (this.life !== 'open') throw this.no.closedError();
    const now = this.runtime.now();
    const answer = this.tryAcquire(call, now);
    if (answer?.ok === true) return answer;
    if (answer !== undefined) throw refusalError(answer);
    const waiting = this.own.wait(call);
    this.adjust(now);
    return waiting;
  }

  demandGrew(now: number): void {
    this.adjust(now);
  }

  attach(line: SlotsLine): Disposable {
    this.line = line;
    return {
      [Symbol.dispose]: () => {
        if (this.line === line) this.line = undefined;
      },
    };
  }

  resize(limits: PoolLimits): void {
    this.limits = limits;
    this.adjust(this.runtime.now());
  }

  takeBack(worker: Worker<R>, _outcome: Outcome, at: number | undefined): void {
    if (worker.state === 'gone') return; // taken at the end of a grace
    const now = at ?? this.runtime.now();
    if (worker.state === 'busy' && this.life === 'open') this.offer(worker, now);
    else this.destroy(worker, now);
    if (this.roster.lent === 0) this.tellEmpty?.();
  }

  snapshot(): PoolSnapshot {
    const { roster } = this;
    const { counts } = roster;
    roster.addUp(this.runtime.now());
    return {
      ...this.limits,
      size: roster.size,
      idle: counts.idle + counts.checking,
      busy: counts.busy,
      starting: counts.starting,
      draining: counts.draining,
      backlog: this.backlog,
      utilisation: roster.alive === 0 ? 0 : roster.lent / roster.alive,
      busyMs: roster.busyMs,
      aliveMs: roster.aliveMs,
      created: this.maker.created,
      destroyed: this.maker.destroyed,
      createFailures: this.maker.failures,
    };
  }

  /** Lends nothing more; resolves when everything lent has come back or `end` was called. */
  async close(): Promise<PoolCloseReport> {
    const now = this.runtime.now();
    this.life = 'closing';
    this.runtime.disarm(this.retry);
    this.runtime.disarm(this.eviction);
    for (const worker of this.roster.inState('starting', 'checking', 'idle')) {
      this.destroy(worker, now);
    }
    this.own.turnAway(() => this.no.closedError());
    this.line?.slotFreed(now);
    if (this.roster.lent > 0) await new Promise<void>((resolve) => (this.tellEmpty = resolve));
    const report = { busy: this.roster.lent };
    this.life = 'closed';
    for (const worker of this.roster.inState('busy', 'draining')) {
      this.destroy(worker, this.runtime.now());
    }
    return report;
  }

  /** Ends the grace: workers still lent are destroyed all the same. */
  end(): void {
    this.tellEmpty?.();
  }

  private get backlog(): number {
    return this.own.size + (this.line?.backlog ?? 0);
  }

  /** Lends the free worker that came back last, if it need not be checked first. */
  private lend(now: number): Lease<R> | undefined {
    for (
      let worker = this.roster.freshestIdle;
      worker !== undefined;
      worker = this.roster.freshestIdle
    ) {
      const answer = this.check.ask(worker, now);
      if (answer === true) {
        this.roster.move(worker, 'busy', now);
        return new WorkerLease<R>(this, worker);
      }
      this.roster.move(worker, 'checking', now);
      if (answer === false) this.destroy(worker, now);
      else void this.awaitCheck(worker, answer);
      this.adjust(now);
    }
    return undefined;
  }

  private async awaitCheck(worker: Worker<R>, answer: Promise<boolean>): Promise<void> {
    const isFit = await answer;
    if (worker.state !== 'checking') return;
    const now = this.runtime.now();
    worker.checkedAt = now;
    if (isFit) this.offer(worker, now);
    else this.destroy(worker, now);
    this.adjust(now);
  }

  /** A worker is free: for those who wait here, then for the queue in front, then for later. */
  private offer(worker: Worker<R>, now: number): void {
    this.roster.move(worker, 'idle', now);
    const lease = this.own.size > 0 ? this.lend(now) : undefined;
    if (lease !== undefined) this.own.serve(lease);
    this.line?.slotFreed(now);
    this.adjust(now);
  }

  /** Starts or takes away workers until there are as many as there should be. */
  private adjust(now: number): void {
    if (this.life !== 'open') return;
    const { counts } = this.roster;
    const change = sizeChange(this.limits, {
      idle: counts.idle + counts.checking,
      busy: counts.busy,
      starting: counts.starting,
      backlog: this.backlog,
    });
    if (change > 0) this.grow(change, now);
    else if (change < 0) this.shrink(-change, now);
    this.planEviction();
  }

  private grow(count: number, now: number): void {
    const wantedAgain = this.roster.inState('draining').slice(0, count);
    for (const worker of wantedAgain) this.roster.move(worker, 'busy', now);
    const missing = count - wantedAgain.length;
    if (missing === 0) return;
    if (now < this.maker.retryAt) {
      this.planRetry();
      return;
    }
    const most = Math.min(missing, this.maker.mostAtOnce - this.roster.counts.starting);
    for (let i = 0; i < most; i++) void this.start(now);
  }

  private async start(now: number): Promise<void> {
    const worker = this.roster.enter(now);
    const making = await this.maker.make(worker);
    if (making === 'unwanted') return;
    const ready = this.runtime.now();
    if (making === 'made') {
      worker.checkedAt = ready;
      this.offer(worker, ready);
      return;
    }
    this.roster.move(worker, 'gone', ready);
    const broken = this.brokenness(ready);
    if (broken !== undefined) {
      this.own.turnAway(() => refusalError(broken));
      this.line?.slotFreed(ready);
    }
    this.adjust(ready);
  }

  /** Waiting is in vain while `create` keeps failing and nobody is alive to come back. */
  private brokenness(now: number): Refusal | undefined {
    if (this.roster.alive > 0 || !this.maker.isBroken(now)) return undefined;
    return this.no.broken(this.maker.failuresInRow, this.maker.retryAt - now);
  }

  private shrink(count: number, now: number): void {
    for (const worker of this.roster.victims(count)) {
      if (worker.state === 'busy') this.roster.move(worker, 'draining', now);
      else this.destroy(worker, now);
    }
  }

  private destroy(worker: Worker<R>, now: number): void {
    this.roster.move(worker, 'gone', now);
    this.maker.discard(worker);
  }

  /** Destroys who has been idle for too long, down to the floor. */
  private evict(now: number): void {
    const spare = Math.max(0, this.size - floorOf(this.limits));
    const due = this.roster.inState('idle').filter((one) => now >= one.since + this.options.idleMs);
    for (const worker of due.slice(0, spare)) this.destroy(worker, now);
    this.planEviction();
  }

  private planEviction(): void {
    const { longestIdle } = this.roster;
    const { idleMs } = this.options;
    if (longestIdle === undefined || this.eviction.alarmId >= 0 || idleMs === Infinity) return;
    if (this.size > floorOf(this.limits)) {
      this.runtime.armAt(this.eviction, longestIdle.since + idleMs);
    }
  }

  private planRetry(): void {
    this.runtime.disarm(this.retry);
    // Somebody who waits keeps the process alive; the wish for a warm pool does not.
    this.retry.background = this.backlog === 0;
    this.runtime.armAt(this.retry, this.maker.retryAt);
  }

  private describe(): string | undefined {
    if (this.own.size === 0 && this.roster.lent === 0) return undefined;
    const { idle, starting } = this.roster.counts;
    const workers = `${this.roster.lent} busy, ${idle} idle, ${starting} starting`;
    return `pool ${this.options.name}: ${this.own.size} waiting, ${workers}`;
  }
}

/** An alarm of a pool's own; what waits for it decides whether it keeps the process alive. */
interface Chore {
  alarmId: number;
  background: boolean;
  ring(now: number): void;
}

function chore(ring: (now: number) => void): Chore {
  return { alarmId: -1, background: true, ring };
}

/**
 * The staff of a pool: hires, lets go and replaces workers until there are as many, and such, as there
 * should be. Lending them is not its business.
 */

import type { Alarm, Runtime } from '../core/index.ts';
import { Recycling } from './recycling.ts';
import type { RecycleRules } from './recycling.ts';
import { Roster } from './roster.ts';
import type { PoolLimits } from './sizing.ts';
import { floorOf, sizeChange, sizeOf } from './sizing.ts';
import type { Demand, SpecialityRules } from './specialities.ts';
import { Specialities, takeOne, total } from './specialities.ts';
import type { Worker } from './worker.ts';
import type { WorkerMakerOptions } from './worker-maker.ts';
import { WorkerMaker } from './worker-maker.ts';

export interface StaffOptions<R> extends WorkerMakerOptions<R> {
  readonly limits: PoolLimits;
  readonly spares: number;
  readonly idleMs: number;
  readonly recycle: RecycleRules<R>;
  /** Undefined where anybody will do for anything. */
  readonly specialities: SpecialityRules<R> | undefined;
  readonly victim: ((a: R, b: R) => number) | undefined;
  readonly veto: (resource: R) => boolean;
}

/** What the staff asks and tells the pool. */
export interface Employer<R> {
  /** Calls that wait for a worker. */
  readonly backlog: number;
  /** The same by speciality, of those that could start now. */
  demand(): Demand;
  /** `worker` has been made. */
  hired(worker: Worker<R>, now: number): void;
  /** No worker for `lot` could be made, once more. */
  failed(lot: string, now: number): void;
}

export class Staff<R> {
  readonly roster: Roster<R>;
  readonly maker: WorkerMaker<R>;
  readonly specialities: Specialities<R> | undefined;
  readonly recycling: Recycling<R>;
  limits: PoolLimits;
  private readonly options: StaffOptions<R>;
  private readonly runtime: Runtime;
  private readonly employer: Employer<R>;
  private isClosed = false;
  /** When the next attempt after a failure is due, in ms, while one is planned. */
  private retryAt = 0;
  private readonly retry: Chore = chore((now) => this.adjust(now));
  private readonly eviction: Chore = chore((now) => this.evict(now));

  constructor(options: StaffOptions<R>, employer: Employer<R>) {
    const { runtime, specialities } = options;
    this.options = options;
    this.limits = options.limits;
    this.runtime = runtime;
    this.employer = employer;
    this.specialities = specialities && new Specialities<R>(specialities);
    this.maker = new WorkerMaker<R>(options, (worker) =>
      worker.madeFor === undefined ? true : this.canDo(worker, worker.madeFor),
    );
    this.recycling = new Recycling<R>(options.recycle, runtime.random('pool lifetime'), (error) =>
      this.maker.report(error, 'recycle'),
    );
    this.roster = new Roster<R>(runtime.now(), {
      victim: options.victim && ((a, b) => this.firstToGo(a, b)),
      mayGo: (resource) => !this.isVetoed(resource),
      grewOld: (worker, now) => this.retire(worker, now),
    });
  }

  canDo(worker: Worker<R>, lot: string): boolean {
    return this.specialities?.canDo(worker, lot) ?? true;
  }

  /** The size that shares are shares of. */
  get fullSize(): number {
    return sizeOf(this.limits);
  }

  /** Starts or takes away workers until there are as many as there should be. */
  adjust(now: number): void {
    if (this.isClosed) return;
    const { counts, size } = this.roster;
    const isFull = size >= this.fullSize && counts.idle === 0;
    if (isFull && size === this.fullSize) return; // the common case of a busy pool
    const lack = isFull ? undefined : this.lack();
    const missing = total(lack);
    const change = sizeChange(this.limits, {
      idle: counts.idle + counts.checking,
      busy: counts.busy,
      starting: counts.starting,
      // Where not everybody can do everything, those who wait count by what they lack.
      backlog: this.areAlike ? this.employer.backlog : 0,
      spares: this.options.spares,
      lack: missing,
    });
    if (change > 0) this.grow(change, now, lack);
    else if (change < 0) this.shrink(-change, now);
    if (lack !== undefined && change >= 0) this.exchange(now, lack);
    this.planEviction();
  }

  /** A worker was lent. */
  keepSpares(now: number): void {
    if (this.options.spares > 0) this.adjust(now);
  }

  /** What workers are missing for; undefined where anybody will do. */
  private lack(): Map<string, number> | undefined {
    return this.specialities?.lack(this.employer.demand(), this.roster.all());
  }

  /** Lets `worker` go for good: at once, or when it comes back. */
  retire(worker: Worker<R>, now: number): void {
    worker.isRetired = true;
    if (worker.state === 'busy') this.roster.move(worker, 'draining', now);
    else if (worker.state !== 'draining' && worker.state !== 'gone') this.destroy(worker, now);
    this.adjust(now);
  }

  destroy(worker: Worker<R>, now: number): void {
    this.roster.move(worker, 'gone', now);
    if (worker.alarmId >= 0) this.runtime.disarm(worker);
    this.maker.discard(worker);
  }

  /** True where every worker can do everything. */
  get areAlike(): boolean {
    return this.specialities?.areTold !== true;
  }

  /** What a worker for `lot` is made for; '' for anything. */
  sortFor(lot: string): string {
    return this.areAlike ? '' : lot;
  }

  /** True while waiting for `lot` is in vain: making workers keeps failing, and nobody alive can do it. */
  isHopeless(lot: string, now: number): boolean {
    const sort = this.sortFor(lot);
    if (!this.maker.isBroken(sort, now)) return false;
    if (sort === '') return this.roster.alive === 0;
    const alive = this.roster.inState('idle', 'checking', 'busy');
    return !alive.some((worker) => this.canDo(worker, lot));
  }

  /** Hires nobody any more, and lets go of all who are not lent. */
  close(now: number): void {
    this.isClosed = true;
    this.runtime.disarm(this.retry);
    this.runtime.disarm(this.eviction);
    for (const worker of this.roster.inState('starting', 'checking', 'idle')) {
      this.destroy(worker, now);
    }
  }

  private grow(count: number, now: number, lack: Map<string, number> | undefined): void {
    const wantedAgain = this.roster
      .inState('draining')
      .filter((worker) => !worker.isRetired)
      .slice(0, count);
    for (const worker of wantedAgain) this.roster.move(worker, 'busy', now);
    for (let i = wantedAgain.length; i < count; i++) {
      if (!this.hire(now, lack)) return;
    }
  }

  /** Begins to make one worker; false when none may be begun now. */
  private hire(now: number, lack: Map<string, number> | undefined): boolean {
    const lot = this.pick(now, lack);
    if (lot === undefined) return false;
    void this.start(now, lot === '' ? undefined : lot);
    return true;
  }

  /** What to make a worker for, of those that may be begun now; '' for anything. */
  private pick(now: number, lack: Map<string, number> | undefined): string | undefined {
    const workers = lack === undefined ? [] : this.roster.all();
    for (;;) {
      const lot = lack && this.specialities?.next(lack, workers, this.fullSize);
      if (this.mayBegin(lot ?? '', now)) {
        takeOne(lack, lot ?? '');
        return lot ?? '';
      }
      lack?.delete(lot ?? '');
      if (lack === undefined || lack.size === 0) return undefined;
    }
  }

  private mayBegin(lot: string, now: number): boolean {
    if (now < this.maker.retryAt(lot)) {
      this.planRetry(this.maker.retryAt(lot));
      return false;
    }
    if (this.maker.failuresInRow(lot) === 0) return true;
    // After a failure one goes first, to see whether it can be done.
    return !this.roster.inState('starting').some((worker) => (worker.madeFor ?? '') === lot);
  }

  private async start(now: number, speciality: string | undefined): Promise<void> {
    const worker = this.roster.enter(now, speciality);
    const making = await this.maker.make(worker);
    if (making === 'unwanted') return;
    const ready = this.runtime.now();
    if (making === 'made') {
      worker.checkedAt = ready;
      const lifetimeMs = this.recycling.lifetimeMs();
      if (lifetimeMs < Infinity) this.runtime.armAt(worker, ready + lifetimeMs);
      this.employer.hired(worker, ready);
      return;
    }
    this.roster.move(worker, 'gone', ready);
    this.employer.failed(speciality ?? '', ready);
    this.adjust(ready);
  }

  private shrink(count: number, now: number): void {
    for (const worker of this.roster.victims(count)) {
      if (worker.state === 'busy') this.roster.move(worker, 'draining', now);
      else this.destroy(worker, now);
    }
  }

  /** There is no room for those who are missing: idle workers whom nobody waits for make way. */
  private exchange(now: number, lack: Map<string, number>): void {
    if (lack.size === 0) return;
    const demand = [...this.employer.demand().keys()];
    const useless = this.roster
      .inState('idle')
      .filter((worker) => !demand.some((lot) => this.canDo(worker, lot)))
      .filter((worker) => !this.isVetoed(worker.resource as R));
    for (const worker of useless) {
      if (lack.size === 0 || !this.hire(now, lack)) return;
      this.destroy(worker, now);
    }
  }

  /** Destroys who has been idle for too long, down to the floor. */
  private evict(now: number): void {
    const spare = Math.max(0, this.roster.size - this.floor);
    const due = this.roster.inState('idle').filter((one) => now >= one.since + this.options.idleMs);
    for (const worker of due.slice(0, spare)) this.destroy(worker, now);
    this.planEviction();
  }

  private planEviction(): void {
    const { longestIdle } = this.roster;
    const { idleMs } = this.options;
    if (longestIdle === undefined || this.eviction.alarmId >= 0 || idleMs === Infinity) return;
    if (this.roster.size > this.floor) {
      this.runtime.armAt(this.eviction, longestIdle.since + idleMs);
    }
  }

  private get floor(): number {
    const { busy } = this.roster.counts;
    return floorOf(this.limits, { busy, spares: this.options.spares });
  }

  private planRetry(at: number): void {
    this.retryAt = this.retry.alarmId < 0 ? at : Math.min(at, this.retryAt);
    this.runtime.disarm(this.retry);
    // Somebody who waits keeps the process alive; the wish for a warm pool does not.
    this.retry.background = this.employer.backlog === 0;
    this.runtime.armAt(this.retry, this.retryAt);
  }

  private firstToGo(a: R, b: R): number {
    try {
      return this.options.victim?.(a, b) ?? 0;
    } catch (error) {
      this.maker.report(error, 'victim');
      return 0;
    }
  }

  private isVetoed(resource: R): boolean {
    try {
      return this.options.veto(resource);
    } catch (error) {
      this.maker.report(error, 'veto');
      return true;
    }
  }
}

/** An alarm of a pool's own; what waits for it decides whether it keeps the process alive. */
interface Chore extends Alarm {
  background: boolean;
}

function chore(ring: (now: number) => void): Chore {
  return { alarmId: -1, background: true, ring };
}

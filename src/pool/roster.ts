/** The roster of a pool: which workers there are, in which state, and for how long they were used. */

import type { PoolSnapshot } from './types.ts';
import type { WorkerState } from './worker.ts';
import { Worker } from './worker.ts';

type RosterSnapshot = Pick<
  PoolSnapshot,
  'size' | 'idle' | 'busy' | 'starting' | 'draining' | 'utilisation' | 'busyMs' | 'aliveMs'
>;

/** What a roster is told. */
export interface RosterRules<R> {
  /** Who of two goes first; undefined: the longest idle. */
  readonly victim: ((a: R, b: R) => number) | undefined;
  readonly mayGo: (resource: R) => boolean;
  readonly grewOld: (worker: Worker<R>, now: number) => void;
}

export class Roster<R> {
  readonly counts: StateCounts = new StateCounts();
  /** Worker-milliseconds up to the last change: lent, and ready or lent. */
  busyMs = 0;
  aliveMs = 0;
  private countedAt: number;
  private readonly workers = new Set<Worker<R>>();
  /** Free workers, in the order in which they became free. */
  private readonly idle: Worker<R>[] = [];
  private readonly rules: RosterRules<R>;

  constructor(now: number, rules: RosterRules<R>) {
    this.countedAt = now;
    this.rules = rules;
  }

  /** Workers at work, to be kept or not. */
  get lent(): number {
    return this.counts.busy + this.counts.draining;
  }

  /** Workers ready to work or at work. */
  get alive(): number {
    return this.counts.idle + this.counts.checking + this.lent;
  }

  /** Workers there or on their way, but for those being drained. */
  get size(): number {
    return this.alive - this.counts.draining + this.counts.starting;
  }

  /**
   * Who came back last, of those that are fit: it goes out first, so that the others idle on and can be
   * let go.
   */
  freshestIdle(isFit?: (worker: Worker<R>) => boolean): Worker<R> | undefined {
    return isFit === undefined ? this.idle.at(-1) : this.idle.findLast(isFit);
  }

  get longestIdle(): Worker<R> | undefined {
    return this.idle[0];
  }

  /** Puts down a new worker, which is starting. */
  enter(now: number, madeFor: string | undefined): Worker<R> {
    this.addUp(now);
    const worker = new Worker<R>(now, madeFor, this.rules.grewOld);
    this.workers.add(worker);
    this.counts.add('starting', 1);
    return worker;
  }

  /** Every change of a worker's state goes through here. */
  move(worker: Worker<R>, state: WorkerState, now: number): void {
    this.addUp(now);
    if (worker.state === 'idle') this.leaveIdle(worker);
    if (state === 'idle') this.idle.push(worker);
    if (state === 'gone') this.workers.delete(worker);
    this.counts.add(worker.state, -1);
    this.counts.add(state, 1);
    worker.state = state;
    worker.since = now;
  }

  /** Workers in any of the given states, oldest first. */
  inState(...states: readonly WorkerState[]): Worker<R>[] {
    return [...this.workers].filter((worker) => states.includes(worker.state));
  }

  /** Everybody. */
  all(): Worker<R>[] {
    return [...this.workers];
  }

  find(resource: R): Worker<R> | undefined {
    for (const worker of this.workers) {
      if (worker.isMade && worker.resource === resource) return worker;
    }
    return undefined;
  }

  /**
   * Who goes first when there are too many: the last to start, then the idle, then the busy, of either
   * by the rule of the user, by default the longest idle, and nobody that is vetoed.
   */
  victims(count: number): Worker<R>[] {
    const free = this.ruled([...this.idle, ...this.inState('checking')]);
    const starting = this.inState('starting').reverse();
    const first = [...starting, ...free].slice(0, count);
    if (first.length === count) return first;
    return [...first, ...this.ruled(this.inState('busy'))].slice(0, count);
  }

  private leaveIdle(worker: Worker<R>): void {
    if (this.idle.at(-1) === worker) this.idle.pop();
    else this.idle.splice(this.idle.indexOf(worker), 1);
  }

  private ruled(workers: Worker<R>[]): Worker<R>[] {
    const { victim, mayGo } = this.rules;
    const mayAll = workers.filter((worker) => mayGo(worker.resource as R));
    if (victim === undefined) return mayAll;
    return mayAll.sort((a, b) => victim(a.resource as R, b.resource as R));
  }

  snapshot(now: number): RosterSnapshot {
    this.addUp(now);
    const { counts, size, alive, lent, busyMs, aliveMs } = this;
    const { busy, starting, draining } = counts;
    const idle = counts.idle + counts.checking;
    const utilisation = alive === 0 ? 0 : lent / alive;
    return { size, idle, busy, starting, draining, utilisation, busyMs, aliveMs };
  }

  /** Brings the sums up to `now`. */
  private addUp(now: number): void {
    const elapsed = Math.max(0, now - this.countedAt);
    this.busyMs += this.lent * elapsed;
    this.aliveMs += this.alive * elapsed;
    this.countedAt += elapsed;
  }
}

/** How many workers are in each state; of fields, since a look-up by a name that varies is slow. */
class StateCounts {
  starting = 0;
  checking = 0;
  idle = 0;
  busy = 0;
  draining = 0;

  add(state: WorkerState, by: 1 | -1): void {
    switch (state) {
      case 'starting':
        this.starting += by;
        break;
      case 'checking':
        this.checking += by;
        break;
      case 'idle':
        this.idle += by;
        break;
      case 'busy':
        this.busy += by;
        break;
      case 'draining':
        this.draining += by;
        break;
      case 'gone': // nobody counts them
    }
  }
}

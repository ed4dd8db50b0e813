/** The roster of a pool: which workers there are, in which state, and for how long they were used. */

import type { WorkerState } from './worker.ts';
import { Worker } from './worker.ts';

export class Roster<R> {
  readonly counts: Record<WorkerState, number> = {
    starting: 0,
    checking: 0,
    idle: 0,
    busy: 0,
    draining: 0,
    gone: 0,
  };
  /** Worker-milliseconds up to the last change: lent, and ready or lent. */
  busyMs = 0;
  aliveMs = 0;
  private countedAt: number;
  private readonly workers = new Set<Worker<R>>();
  /** Free workers, in the order in which they became free. */
  private readonly idle: Worker<R>[] = [];

  constructor(now: number) {
    this.countedAt = now;
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

  /** Who came back last: it goes out first, so that the others idle on and can be let go. */
  get freshestIdle(): Worker<R> | undefined {
    return this.idle.at(-1);
  }

  get longestIdle(): Worker<R> | undefined {
    return this.idle[0];
  }

  /** Puts down a new worker, which is starting. */
  enter(now: number): Worker<R> {
    this.addUp(now);
    const worker = new Worker<R>(now);
    this.workers.add(worker);
    this.counts.starting++;
    return worker;
  }

  /** Every change of a worker's state goes through here. */
  move(worker: Worker<R>, state: WorkerState, now: number): void {
    this.addUp(now);
    if (worker.state === 'idle') this.idle.splice(this.idle.lastIndexOf(worker), 1);
    if (state === 'idle') this.idle.push(worker);
    if (state === 'gone') this.workers.delete(worker);
    this.counts[worker.state]--;
    this.counts[state]++;
    worker.state = state;
    worker.since = now;
  }

  /** Workers in any of the given states, oldest first. */
  inState(...states: readonly WorkerState[]): Worker<R>[] {
    return [...this.workers].filter((worker) => states.includes(worker.state));
  }

  /** Who goes first when there are too many: the last to start, the longest idle, then the busy. */
  victims(count: number): Worker<R>[] {
    return [
      ...this.inState('starting').reverse(),
      ...this.idle,
      ...this.inState('checking'),
      ...this.inState('busy'),
    ].slice(0, count);
  }

  /** Brings the sums up to `now`. */
  addUp(now: number): void {
    const elapsed = Math.max(0, now - this.countedAt);
    this.busyMs += this.lent * elapsed;
    this.aliveMs += this.alive * elapsed;
    this.countedAt += elapsed;
  }
}

/**
 * What workers can do and what work asks for, and how much of the pool each speciality is sure of.
 *
 * A speciality below its guaranteed share gets the next worker it can use; one at or above it gets a
 * worker only while nobody below its own waits who could use that worker. So nothing idles while
 * somebody waits, and whoever comes back gets his share as soon as work ends.
 */

import type { Call } from '../core/index.ts';
import type { Roster } from './roster.ts';
import type { Worker } from './worker.ts';

/** What specialities are about, checked and complete. */
export interface SpecialityRules<R> {
  readonly of: (call: Call) => string | undefined;
  /** Undefined: everybody can do everything. */
  readonly canDo: ((resource: R, speciality: string) => boolean) | undefined;
  readonly shares: ReadonlyMap<string, number>;
  /** Receives what `of` and `canDo` throw: such a call asks for nothing, such a worker cannot. */
  readonly report: (error: unknown, callback: string) => void;
}

/** How many wait for each speciality. */
export type Demand = ReadonlyMap<string, number>;

export class Specialities<R> {
  private readonly rules: SpecialityRules<R>;
  /** Workers lent, by what for. */
  private readonly lent = new Map<string, number>();

  constructor(rules: SpecialityRules<R>) {
    this.rules = rules;
  }

  /** What `call` asks for; '' when anybody will do. */
  lotOf(call: Call): string {
    try {
      return this.rules.of(call) ?? '';
    } catch (error) {
      this.rules.report(error, 'of');
      return '';
    }
  }

  /** False where everybody can do everything. */
  get areTold(): boolean {
    return this.rules.canDo !== undefined;
  }

  /** Whether `worker` can do what `lot` asks for; the user is asked once for each. */
  canDo(worker: Worker<R>, lot: string): boolean {
    const { canDo } = this.rules;
    if (lot === '' || canDo === undefined) return true;
    let answer = worker.abilities.get(lot);
    if (answer === undefined) {
      answer = this.ask(canDo, worker.resource as R, lot);
      worker.abilities.set(lot, answer);
    }
    return answer;
  }

  /** Whether `worker` may be lent for `lot` now, in a pool of `size`. */
  private mayTake(
    worker: Worker<R>,
    lot: string,
    { size, demand }: { size: number; demand: Demand },
  ): boolean {
    if (this.rules.shares.size === 0 || this.isBelow(lot, size)) return true;
    for (const other of demand.keys()) {
      if (other !== lot && this.isBelow(other, size) && this.canDo(worker, other)) return false;
    }
    return true;
  }

  /** A free worker for `lot`: one made for it, or else any that can do it, if others can spare it. */
  choose(
    roster: Roster<R>,
    lot: string,
    state: { readonly size: number; readonly demand: Demand },
  ): Worker<R> | undefined {
    const may = (worker: Worker<R>): boolean =>
      this.canDo(worker, lot) && this.mayTake(worker, lot, state);
    const own = roster.freshestIdle((worker) => worker.madeFor === lot && may(worker));
    return own ?? roster.freshestIdle(may);
  }

  /** A worker is lent (1) for `lot` or has come back (-1). */
  count(lot: string, by: 1 | -1): void {
    const count = (this.lent.get(lot) ?? 0) + by;
    if (count === 0) this.lent.delete(lot);
    else this.lent.set(lot, count);
  }

  /**
   * What workers are missing for: those who wait, less those that are free or on their way for them.
   * Whoever can do everything is no lack.
   */
  lack(demand: Demand, workers: readonly Worker<R>[]): Map<string, number> {
    const lack = new Map<string, number>();
    if (!this.areTold) return lack;
    for (const [lot, waiting] of demand) {
      const coming = workers.filter((worker) => this.willServe(worker, lot)).length;
      if (waiting > coming) lack.set(lot, waiting - coming);
    }
    return lack;
  }

  /**
   * What the next worker should be made for: the greatest lack, of those below their share first; with
   * no lack, whoever has fewest of the workers that its share gives it.
   */
  next(
    lack: ReadonlyMap<string, number>,
    workers: readonly Worker<R>[],
    size: number,
  ): string | undefined {
    if (!this.areTold) return undefined;
    const below = [...lack].filter(([lot]) => this.isBelow(lot, size));
    const greatest = (below.length > 0 ? below : [...lack]).toSorted((a, b) => b[1] - a[1])[0];
    if (greatest !== undefined) return greatest[0];
    const due = [...this.rules.shares.keys()].map((lot): [string, number] => {
      const own = workers.filter((worker) => worker.madeFor === lot).length;
      return [lot, this.guaranteed(lot, size) - own];
    });
    const [most] = due.filter(([, missing]) => missing > 0).toSorted((a, b) => b[1] - a[1]);
    return most?.[0];
  }

  /** Whether `worker`, idle or starting, is or will be of use to `lot`. */
  private willServe(worker: Worker<R>, lot: string): boolean {
    if (worker.state === 'starting') return lot === '' || worker.madeFor === lot;
    return worker.state !== 'busy' && worker.state !== 'draining' && this.canDo(worker, lot);
  }

  private isBelow(lot: string, size: number): boolean {
    return (this.lent.get(lot) ?? 0) < this.guaranteed(lot, size);
  }

  /** Workers a speciality is sure of in a pool of `size`. */
  private guaranteed(lot: string, size: number): number {
    return Math.floor((this.rules.shares.get(lot) ?? 0) * size + 1e-9);
  }

  private ask(canDo: (resource: R, lot: string) => boolean, resource: R, lot: string): boolean {
    try {
      return canDo(resource, lot);
    } catch (error) {
      this.rules.report(error, 'canDo');
      return false;
    }
  }
}

/** How many workers are missing in all. */
export function total(lack: ReadonlyMap<string, number> | undefined): number {
  let sum = 0;
  for (const missing of lack?.values() ?? []) sum += missing;
  return sum;
}

/** One worker less is missing for `lot`. */
export function takeOne(lack: Map<string, number> | undefined, lot: string): void {
  const missing = lack?.get(lot) ?? 0;
  if (missing > 1) lack?.set(lot, missing - 1);
  else lack?.delete(lot);
}

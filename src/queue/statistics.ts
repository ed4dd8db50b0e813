/** What a queue has done: times of waiting and running, and counts by priority and by tenant. */

import type { Outcome } from '../core/index.ts';
import type { Recorder } from '../model/index.ts';
import { recorder } from '../model/index.ts';
import type { Entry } from './order/entry.ts';

/** How many entries came, and how they ended. */
export interface EntryCounts {
  /** Came into the queue, or were turned away at once. */
  readonly entered: number;
  readonly started: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Given up by their callers, in line or at work. */
  readonly cancelled: number;
  /** Turned away: full, evicted, dropped, closed. */
  readonly refused: number;
  /** Turned away because their deadline passed, or would. */
  readonly expired: number;
}

/** The books of a queue. */
export interface QueueStatistics {
  /** Milliseconds from coming to starting, of everything started. */
  readonly wait: Recorder;
  /** Milliseconds from starting to settling. */
  readonly run: Recorder;
  readonly total: EntryCounts;
  /** By priority; beyond 1,000 priorities the rest is under NaN. */
  readonly byPriority: ReadonlyMap<number, EntryCounts>;
  /** By tenant; '' without one; beyond 1,000 tenants the rest is under '…'. */
  readonly byTenant: ReadonlyMap<string, EntryCounts>;
}

export type Counted = keyof EntryCounts;
type Counts = { -readonly [K in Counted]: number };

/** Names counted one by one, so that a stream of made-up tenants cannot fill the memory. */
const MOST_NAMES = 1000;

/** Keeps the books. */
export class Bookkeeper implements QueueStatistics {
  readonly wait: Recorder = recorder();
  readonly run: Recorder = recorder();
  readonly total: Counts = nothing();
  readonly byPriority: Map<number, Counts> = new Map<number, Counts>();
  readonly byTenant: Map<string, Counts> = new Map<string, Counts>();

  count(entry: Entry, what: Counted): void {
    this.total[what]++;
    page(this.byPriority, entry.priority, NaN)[what]++;
    page(this.byTenant, entry.call.tenant ?? '', '…')[what]++;
  }

  started(entry: Entry, now: number): void {
    this.count(entry, 'started');
    this.wait.record(Math.max(0, now - entry.arrivedAt));
  }

  ended(entry: Entry, outcome: Outcome, runMs: number): void {
    this.count(entry, ENDINGS[outcome]);
    this.run.record(Math.max(0, runMs));
  }
}

const ENDINGS: Readonly<Record<Outcome, Counted>> = Object.freeze({
  success: 'succeeded',
  failure: 'failed',
  cancelled: 'cancelled',
  refused: 'failed',
});

function page<K>(pages: Map<K, Counts>, name: K, rest: K): Counts {
  let counts = pages.get(name);
  if (counts === undefined) {
    const key = pages.size < MOST_NAMES ? name : rest;
    counts = pages.get(key) ?? nothing();
    pages.set(key, counts);
  }
  return counts;
}

function nothing(): Counts {
  return {
    entered: 0,
    started: 0,
    succeeded: 0,
    failed: 0,
    cancelled: 0,
    refused: 0,
    expired: 0,
  };
}

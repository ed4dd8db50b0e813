/** The public shape of a work queue. */

import type { Call, Policy, Runtime, Slots, Staged, Work } from '../core/index.ts';
import type { Explanation } from './explain.ts';
import type { WorkEnd } from './line-parts.ts';
import type { WhenFull } from './overflow.ts';
import type { OverloadOptions } from './overload.ts';
import type { DeadLetter, TaskRetryOptions } from './retry.ts';
import type { QueueStatistics } from './statistics.ts';
import type { Task, TaskCall } from './task.ts';

/** What tells flows apart: a field of the call, or a function of it. */
export type FlowKey = 'tenant' | 'key' | 'kind' | 'session' | ((call: Call) => string | undefined);

/** How tenants, or other flows, share. */
export interface FairOptions {
  /** What tells flows apart; several nest, outermost first: `['tenant', userOf]`. @default 'tenant' */
  readonly by?: FlowKey | readonly FlowKey[];
  /** A flow's share against its neighbours, above 0; floor 0 is the outermost. @default 1 for all */
  readonly weight?: (flow: string, floor: number) => number;
  /**
   * What is shared out. `stated`: `Call.cost`. `time`: the milliseconds work really took. A function
   * says what ended work really cost (tokens used, seats × time); until then its flow is charged its
   * mean so far. @default 'stated'
   */
  readonly cost?: 'stated' | 'time' | ((end: WorkEnd) => number);
  /** Entry of `Call.cost` that counts, where costs are stated. @default the number itself */
  readonly unit?: string;
  /** How many entries of one outermost flow may run at once. @default Infinity */
  readonly concurrency?: number;
  /**
   * `above`: priority first, fairness among equals. `within`: fairness first, priority among a flow's
   * own. @default 'above', and 'within' with `ageing`
   */
  readonly priorities?: 'above' | 'within';
}

/** How waiting makes more urgent. */
export interface AgeingOptions {
  /** Waiting so long is worth one level of priority, in ms. @default Infinity: nothing */
  readonly msPerLevel?: number;
  /** Whoever has waited so long goes before everybody who has not, in ms. @default Infinity: never */
  readonly overdueAfterMs?: number;
}

/** Limits for entries that share a `Call.key`. Those without a key have none. */
export interface PerKeyOptions {
  /** How many of one key may run at once, 1 or more. @default 1 */
  readonly concurrency?: number;
  /** One after another in order of arrival, whatever their priorities. @default false */
  readonly ordered?: boolean;
}

export interface WorkQueueOptions<R = undefined> {
  /** How many may run at once: a whole number of 1 or more, Infinity, or a pool (any `Slots`) to run on. */
  readonly concurrency: number | Slots<R>;
  /** Counts `concurrency` in this unit of `Call.cost`, so that one call may take several. @default calls */
  readonly unit?: string;
  /** How many may wait; 0 or more, and 1 or more where newcomers wait outside. @default Infinity */
  readonly capacity?: number;
  /** Who has to go when more wait than may. @default 'refuse' */
  readonly whenFull?: WhenFull;
  /**
   * Who has waited so long is turned away (`ERR_EXPIRED`), in ms above 0: patience of the queue's own,
   * beside the calls' deadlines. What is tried again is past it. @default Infinity
   */
  readonly maxWaitMs?: number;
  /** Refuses on arrival what would start after its deadline, as far as can be told. @default true */
  readonly refuseHopeless?: boolean;
  /** @default no ageing: strict priorities */
  readonly ageing?: AgeingOptions;
  /** Shares slots fairly between tenants. @default first come, first served */
  readonly fair?: FairOptions;
  /** @default no limits per key */
  readonly perKey?: PerKeyOptions;
  /** What to do about a queue that stands. @default nothing */
  readonly overload?: OverloadOptions;
  /**
   * A limiter on starts (a policy of `tenfold/admission`): the line waits until it lets go on. What
   * costs more than may ever pass is turned away with the limiter's refusal.
   */
  readonly rate?: Staged;
  /** Tries failed tasks again. `run` in a composed policy is not a task. @default no */
  readonly retry?: TaskRetryOptions;
  /** Asks preemptible work to pause for more urgent work. @default false */
  readonly preemption?: boolean;
  /** Keeps books: times and counts. @default false */
  readonly statistics?: boolean;
  /**
   * How long short tasks may hold the event loop, in ms: they are started for half of it, which leaves
   * the rest to what has been started and to a collection of garbage. @default 10
   */
  readonly yieldAfterMs?: number;
  /** Names the queue in refusals and reports. @default 'queue' */
  readonly name?: string;
  readonly runtime?: Runtime;
}

/** What `update` may change. */
export interface WorkQueueLimits {
  /** How many may run at once; only where `concurrency` is a number. Fewer interrupts nobody. */
  readonly concurrency?: number;
  /** How many may wait. Whoever waits already stays. */
  readonly capacity?: number;
  /** Shares of flows; what is in line keeps its turn. */
  readonly weight?: (flow: string, floor: number) => number;
}

/** A queue at one moment. */
export interface WorkQueueSnapshot {
  /** Entries in line, and outside for lack of room. */
  readonly waiting: number;
  /** Tasks whose time has not come, or that wait to be tried again. */
  readonly delayed: number;
  readonly running: number;
  /** Slots there are, free or not. */
  readonly concurrency: number;
  readonly capacity: number;
  readonly isPaused: boolean;
  /** True while `overload` finds that the queue stands. */
  readonly isOverloaded: boolean;
  /** Since construction: entries, those started, turned away for lack of room, too late. */
  readonly entered: number;
  readonly started: number;
  readonly refused: number;
  readonly expired: number;
}

export interface QueueCloseOptions {
  /** How long the queue may go on working off what waits, in ms. @default Infinity: to the end */
  readonly graceMs?: number;
}

/** Something a closed queue did not do. */
export interface LeftEntry {
  readonly id: number;
  readonly state: 'waiting' | 'delayed';
  readonly call: Call;
}

/** What a closed queue could not do. */
export interface QueueCloseReport {
  /** Entries that still waited; each was rejected with `ERR_CLOSED`. */
  readonly left: readonly LeftEntry[];
  /** Entries that still ran when the grace was over; they were not interrupted. */
  readonly running: number;
}

/** A priority queue of work. As a policy it holds its slot until the work has settled. */
export interface WorkQueue<R = undefined> extends Policy, Staged, AsyncDisposable {
  readonly name: string;
  /** Runs `work` when its turn comes, and answers with what it returns. */
  run<T>(work: Work<T, R>, call?: TaskCall): Promise<T>;
  run<T>(work: Work<T>, call?: TaskCall): Promise<T>;
  /** Puts `work` in line and answers at once with a handle on it. Never throws for a refusal. */
  add<T>(work: Work<T, R>, call?: TaskCall): Task<T>;
  /** Starts nothing more, of the whole queue or of one outermost flow; what runs goes on. */
  pause(flow?: string): void;
  resume(flow?: string): void;
  /** Resolves when nothing waits, is delayed or runs. */
  idle(): Promise<void>;
  /** Resolves when nothing waits. */
  empty(): Promise<void>;
  /** Resolves when fewer than `count` wait: for producers that hold themselves back. */
  whenBelow(count: number): Promise<void>;
  /** Why a task is where it is; an id is searched among what waits. */
  explain(task: Task<unknown> | number): Explanation | undefined;
  /** Tasks that failed for good, oldest first; empty without `retry`. */
  deadLetters(): readonly DeadLetter[];
  /** The books; undefined without `statistics`. */
  readonly statistics: QueueStatistics | undefined;
  update(limits: WorkQueueLimits): void;
  snapshot(): WorkQueueSnapshot;
  /**
   * Takes nothing more (`ERR_CLOSED`), works off what waits, and says what was left when the grace was
   * over. Tasks whose time has not come are left; what fails is still tried again within the grace. May
   * be called again; the shortest grace counts.
   */
  close(options?: QueueCloseOptions): Promise<QueueCloseReport>;
}

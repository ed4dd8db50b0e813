/** The public shape of a balancer. */

import type { Call, Entry, EventSource, Pass, Policy, Runtime, Work } from '../core/index.ts';
import type { DrainReport, Endpoint, EndpointInput } from './endpoint.ts';
import type { EndpointReport, EndpointState } from './endpoint.ts';
import type { HealthOptions } from './health-checks.ts';
import type { Locality } from './locality.ts';
import type { OutlierOptions } from './outlier-watch.ts';
import type { BalancePolicy, PolicyReason } from './policy.ts';
import type { SlowStartOptions } from './slow-start.ts';
import type { SubsetOptions } from './subset.ts';

/** What a class of work (`call.kind`) needs of an endpoint. */
export interface Needs {
  /** Each must be among the endpoint's capabilities. @default none */
  readonly capabilities?: readonly string[];
  /** At most the endpoint's `maxComplexity`. @default 0 */
  readonly complexity?: number;
  /** At least this quality, 0–1, learned for the class of work or declared. @default 0 */
  readonly quality?: number;
}

/** A filter of one's own: asked for every endpoint at every call. */
export interface RouteFilter<T> {
  /** Names the filter in `explain` and in refusals. */
  readonly name: string;
  keep(endpoint: Endpoint<T>, call: Call): boolean;
}

/** What the end of a call means for its endpoint. `ignored` counts neither way. */
export type Verdict = 'success' | 'failure' | 'ignored';

/** How sticky sessions are kept. */
export interface StickyOptions {
  /** A session without a call in flight for so long may go elsewhere, ms. @default 3_600_000 */
  readonly idleMs?: number;
  /** Sessions remembered, 1 or more; the longest idle goes first. @default 100_000 */
  readonly sessions?: number;
}

/** How one call is attempted more than once, each time at an endpoint not yet tried. */
export interface RunOptions {
  /**
   * Whether an end is followed by another attempt, at once.
   *
   * @param outcome `success`: `detail` is the value; `failure`: `detail` is the error
   * @default none is
   */
  readonly retryOn?: (detail: unknown, outcome: 'success' | 'failure') => boolean;
  /** Attempts by `retryOn` in all, the first included; 1 or more. @default 2 */
  readonly attempts?: number;
  /** A policy that runs its work more than once: `hedge(…)`, or `retry(…)` with back-off and budget. */
  readonly hedge?: Policy;
}

export interface BalancerOptions<T> extends RunOptions {
  /** Who can serve; may be empty and change at any time. @default [] */
  readonly endpoints?: readonly EndpointInput<T>[];
  /** How one is chosen. @default ewma() */
  readonly policy?: BalancePolicy;
  /** How long latencies and errors are remembered: after so many ms they count 37 %. @default 5_000 */
  readonly memoryMs?: number;
  /**
   * What the end of a call means for its endpoint.
   *
   * @default the outcome, except that a value whose `status` is 500 or more is a failure
   */
  readonly classify?: (detail: unknown, outcome: 'success' | 'failure') => Verdict;
  /** Judges the quality of a result, 0–1, for `needs` and `scored`. @default not learned */
  readonly qualityOf?: (detail: unknown, call: Call) => number | undefined;
  /** Raises the weight of those who come, or come back, slowly. @default none: full weight at once */
  readonly slowStart?: SlowStartOptions;
  /** Leaves endpoints alone that fail more than the others; `false`: never. @default as documented there */
  readonly outliers?: OutlierOptions | false;
  /** Asks endpoints how they are. @default nobody is asked */
  readonly health?: HealthOptions<T>;
  /** Part of a priority, 0–1, below which health is ignored, as something else must be wrong; 0: never. @default 0.5 */
  readonly panicRatio?: number;
  /** What is done in panic: all endpoints are used, or calls refused. @default 'all' */
  readonly inPanic?: 'all' | 'refuse';
  /** How much more than its share the healthy part of a priority can take, 1 or more. @default 1.4 */
  readonly overprovisioning?: number;
  /** Which zones get how much: `zoneAware`, `zoneWeighted`, `nearest`. @default zones do not matter */
  readonly locality?: Locality;
  /** Uses a part of the endpoints only, another one in each client. @default all */
  readonly subset?: SubsetOptions;
  /** Keeps calls of one `call.session` at one endpoint. @default sessions do not matter */
  readonly sticky?: StickyOptions;
  /** What each class of work needs. @default nothing */
  readonly needs?: (kind: string | undefined) => Needs | undefined;
  /** Filters of one's own, O(endpoints) at each call. @default none */
  readonly filters?: readonly RouteFilter<T>[];
  /** Names the balancer in refusals, events and reports. @default 'balancer' */
  readonly name?: string;
  readonly runtime?: Runtime;
}

/** A change of endpoints; all of it or nothing. */
export interface BalancerChange<T> {
  /** The whole list as it is from now on: those not named go, those unknown come. */
  readonly endpoints?: readonly EndpointInput<T>[];
  readonly add?: readonly EndpointInput<T>[];
  /** Ids. What they serve goes on to its end. */
  readonly remove?: readonly string[];
  /** New weights by id, 1e-6 to 1e6. */
  readonly reweight?: Readonly<Record<string, number>>;
  /** Other rules for outliers; `false` also takes everybody back. */
  readonly outliers?: OutlierOptions | false;
}

/** Leave to use one endpoint; end it with `done`, exactly once. */
export interface EndpointPass<T> extends Pass {
  readonly endpoint: string;
  readonly target: T;
}

export interface EndpointSnapshot {
  readonly id: string;
  readonly state: EndpointState;
  readonly zone: string;
  readonly priority: number;
  /** In force: as given × as reported × slow start. */
  readonly weight: number;
  readonly inFlight: number;
  readonly sessions: number;
  /** Since it came: calls sent, and those that failed. */
  readonly calls: number;
  readonly failures: number;
  /** Moving averages. */
  readonly latencyMs: number;
  readonly errorRatio: number;
  /** How often it was ejected since it came. */
  readonly ejections: number;
}

/** How evenly something is spread over endpoints, for their weights. */
export interface BalanceFigures {
  /** The most loaded over the mean; 1 is even. */
  readonly peakToMean: number;
  /** Jain's index: 1 is even, 1 ÷ n is all at one. */
  readonly jain: number;
}

export interface BalancerSnapshot {
  readonly name: string;
  readonly policy: string;
  readonly endpoints: readonly EndpointSnapshot[];
  /** Of calls in flight ÷ weight, over endpoints in use. */
  readonly inFlight: BalanceFigures;
  /** Of calls sent since the last change of endpoints ÷ weight, over endpoints in use. */
  readonly calls: BalanceFigures;
  /** Whether health is ignored in some priority now. */
  readonly isPanicking: boolean;
  readonly refused: number;
  readonly sessions: number;
}

/** Why an endpoint would or would not be chosen. */
export interface EndpointReason {
  readonly id: string;
  readonly state: EndpointState;
  /** How likely its group (priority, health, zone) is drawn, 0–1; 0 when it cannot be chosen. */
  readonly share: number;
  /** What keeps it out: its state, a need, a filter, its `maxInFlight`; undefined when nothing does. */
  readonly excludedBy: string | undefined;
  /** What the policy thinks of it; undefined when it cannot be chosen. */
  readonly reason: PolicyReason | undefined;
}

export interface BalancerExplanation {
  readonly policy: string;
  /** The endpoint the call's session is kept at. */
  readonly sticky: string | undefined;
  /** In the order in which the policy prefers them; those that cannot be chosen last. */
  readonly endpoints: readonly EndpointReason[];
}

export interface BalancerEvents {
  /** An endpoint stands otherwise than before. */
  state: {
    readonly id: string;
    readonly from: EndpointState;
    readonly to: EndpointState;
    readonly reason: string;
  };
  /** So few are well that health is ignored, or no longer. */
  panic: { readonly isPanicking: boolean };
  /** An endpoint would have been ejected, had `enforce` been true. */
  suspect: { readonly id: string; readonly reason: string };
}

/** Chooses an endpoint for each call, and learns how it went. */
export interface Balancer<T> extends EventSource<BalancerEvents>, AsyncDisposable {
  readonly name: string;
  /**
   * Chooses an endpoint now; never throws for a refusal. Call `done` on the pass when the call has
   * ended.
   *
   * @returns a pass with the endpoint, or a refusal: `ERR_UNAVAILABLE` when nobody can serve the call,
   *   `ERR_CONCURRENCY_LIMITED` when all who can have `maxInFlight` calls
   * @throws OptionError for a call that is no object
   */
  tryEnter(call?: Call): EndpointPass<T> | Exclude<Entry, Pass>;
  /**
   * Runs `work` with an endpoint's target.
   *
   * @throws RejectedError with the codes of `tryEnter`; OptionError for work that is no function, a call
   *   that is no object
   */
  run<R>(work: Work<R, T>, call?: Call, options?: RunOptions): Promise<R>;
  /** Changes endpoints or rules. @throws OptionError, and then nothing has changed */
  update(change: BalancerChange<T>): void;
  /** Notes what an endpoint says of itself. @throws OptionError for an unknown id */
  report(id: string, report: EndpointReport): void;
  /**
   * Sends no new calls to an endpoint but those of its sessions, and removes it when calls and
   * sessions have ended, or `withinMs` has passed: of several drains of one endpoint, the shortest
   * time. Resolves, too, when it is removed meanwhile. @throws OptionError for an unknown id
   */
  drain(id: string, options?: { readonly withinMs?: number }): Promise<DrainReport>;
  /** Forgets a session, which may go anywhere from now on. */
  endSession(session: string): void;
  /** Why each endpoint would or would not be chosen for `call` now; changes nothing. O(endpoints). */
  explain(call?: Call): BalancerExplanation;
  snapshot(): BalancerSnapshot;
  /** Refuses further calls (`ERR_UNAVAILABLE`) and stops asking endpoints; calls in flight go on. */
  close(): Promise<void>;
}

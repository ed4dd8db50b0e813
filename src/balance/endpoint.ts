/** What a balancer is told of an endpoint, and how one can stand. */

/** One of several that can do the same work. */
export interface Endpoint<T> {
  /** Its name, unique and not empty. */
  readonly id: string;
  /** What work is handed: a URL, a client, an agent. */
  readonly target: T;
  /** Its capacity relative to the others, 1e-6 to 1e6. @default 1 */
  readonly weight?: number;
  /** Endpoints of priority 0 are used first; the next ones take what those cannot. @default 0 */
  readonly priority?: number;
  /** Where it is, for a `locality`. @default '' */
  readonly zone?: string;
  /** Where its zone is. @default '' */
  readonly region?: string;
  /** Most calls in flight from here, 1 or more. @default Infinity */
  readonly maxInFlight?: number;
  /** What it can do, for `needs`. @default anything */
  readonly capabilities?: readonly string[];
  /** The most complex work it can do, in any scale, for `needs`. @default Infinity */
  readonly maxComplexity?: number;
  /** Quality of its results, 0–1, until it is learned. @default 1 */
  readonly quality?: number;
}

/** An endpoint, or just a target that is its own name. */
export type EndpointInput<T> = Endpoint<T> | (T & string);

/** What an endpoint says of itself, beyond being well. */
export interface EndpointReport {
  /** Factor on its weight, 1e-6 to 1e6: its capacity as it sees it. */
  readonly capacity?: number;
  /** Share of its capacity that is taken, 0–1. */
  readonly utilisation?: number;
  /** Quality of its results, 0–1. */
  readonly quality?: number;
}

/**
 * How an endpoint stands. `unchecked`: asked, and not answered yet; `warming`: in slow start;
 * `outside`: not in this client's subset.
 */
export type EndpointState =
  | 'ready'
  | 'warming'
  | 'degraded'
  | 'unchecked'
  | 'unhealthy'
  | 'ejected'
  | 'draining'
  | 'outside'
  | 'gone';

/** What was left when a drain was over. */
export interface DrainReport {
  /** Calls still in flight and sessions still open when it was let go; both 0 unless that was early. */
  readonly inFlight: number;
  readonly sessions: number;
}

/**
 * Read/write splitting: writes go to the primary, reads to the least loaded replica that is recent
 * enough and meant for them; a session reads what it has written.
 */
import type { Call, Lease, OptionChecks, Runtime, Work } from '../core/index.ts';
import { optionChecks, RejectedError, stackless, systemRuntime, workCall } from '../core/index.ts';
import { later, type LogPosition, sessionPositions } from './session-positions.ts';

/** A replica. */
export interface Replica {
  readonly id: string;
  /** Reads it takes relative to the others, above 0. @default 1 */
  readonly weight?: number;
  /**
   * Kinds of work (`call.kind`) it is kept for: agents, analytics, reports. Such a replica takes no
   * other reads, and these kinds go nowhere else while one is fit. @default all kinds nobody is kept for
   */
  readonly purposes?: readonly string[];
}

/** Options of {@link replicaSet}. */
export interface ReplicaSetOptions {
  /** Id of the node that takes writes. */
  readonly primary: string;
  readonly replicas: readonly Replica[];
  /** Replicas further behind take no reads, ms. @default 1_000 */
  readonly maxLagMs?: number;
  /** A replica whose last report is older takes no reads, ms. @default 10_000 */
  readonly reportTtlMs?: number;
  /** After a write without a position the session reads from the primary for so long, ms. @default 5_000 */
  readonly stickMs?: number;
  /** Sessions remembered; the one longest unused is forgotten first. @default 10_000 */
  readonly sessions?: number;
  /** Whether the primary takes reads no replica is fit for; otherwise they are refused. @default true */
  readonly primaryReads?: boolean;
  /** The position a write reached, told from its result. @default unknown */
  readonly positionOf?: (result: unknown) => LogPosition | undefined;
  /** @default systemRuntime() */
  readonly runtime?: Runtime;
}

/** What one read asks for beyond the set's own limits. */
export interface ReadNeeds {
  /** Longest lag for this read, ms; 0 is the primary. @default the set's */
  readonly maxLagMs?: number;
  /** The replica must have seen this position, and what the session wrote or read last. @default only that */
  readonly minPosition?: LogPosition;
}

/** What is known of a replica now. */
export interface ReplicaState {
  readonly id: string;
  readonly reading: number;
  /** Undefined before the first report. */
  readonly lagMs: number | undefined;
  readonly position: LogPosition | undefined;
}

/** A primary and its replicas. Sessions are local to the process. */
export interface ReplicaSet {
  /** Notes how far behind a replica is, by its own account; call it as often as you measure. */
  report(id: string, state: { readonly lagMs: number; readonly position?: LogPosition }): void;
  /** Notes that a session wrote, where that did not go through `write`. */
  wrote(session: string, position?: LogPosition): void;
  /** Leases the node for a read; undefined when none is fit and the primary takes no reads. */
  tryAcquireRead(call?: Call, needs?: ReadNeeds): Lease<string> | undefined;
  /** Runs `work` with the id of a node fit for reading. @throws RejectedError (`ERR_UNAVAILABLE`) */
  read<T>(work: Work<T, string>, call?: Call, needs?: ReadNeeds): Promise<T>;
  /** Runs `work` with the id of the primary, and remembers for `call.session` that it wrote. */
  write<T>(work: Work<T, string>, call?: Call): Promise<T>;
  snapshot(): { readonly primary: string; readonly replicas: readonly ReplicaState[] };
}

/**
 * Makes a replica set. A replica takes no reads before its first report.
 *
 * ```ts
 * import { replicaSet } from 'tenfold/shard';
 *
 * const db = replicaSet({ primary: 'pg-0', replicas: [{ id: 'pg-1' }, { id: 'pg-2' }] });
 * db.report('pg-1', { lagMs: 40 });
 * const node = await db.read((_, id) => id, { session: 'user 7' });
 * console.log(node); // pg-1
 * ```
 *
 * @throws OptionError for an option out of range
 */
export function replicaSet(options: ReplicaSetOptions): ReplicaSet {
  return new LocalReplicaSet(options);
}

interface Follower extends Required<Pick<Replica, 'id' | 'weight'>> {
  readonly purposes: readonly string[];
  reading: number;
  lagMs: number | undefined;
  position: LogPosition | undefined;
  reportedAt: number;
}

class LocalReplicaSet implements ReplicaSet {
  private readonly options: Required<Omit<ReplicaSetOptions, 'replicas'>>;
  private readonly followers: readonly Follower[];
  private readonly kept: ReadonlySet<string>;
  private readonly sessions: ReturnType<typeof sessionPositions>;
  /** Where the search begins, so that equals take turns. */
  private turn = 0;

  constructor(options: ReplicaSetOptions) {
    const check = optionChecks('replicaSet');
    const known = ['maxLagMs', 'reportTtlMs', 'stickMs', 'sessions', 'primaryReads'] as const;
    check.known(options, ['primary', 'replicas', ...known, 'positionOf', 'runtime']);
    this.options = {
      primary: check.text('primary', options.primary),
      maxLagMs: check.durationMs('maxLagMs', options.maxLagMs ?? 1_000),
      reportTtlMs: check.durationMs('reportTtlMs', options.reportTtlMs ?? 10_000),
      stickMs: check.nonNegative('stickMs', options.stickMs ?? 5_000),
      sessions: check.count('sessions', options.sessions ?? 10_000),
      primaryReads: options.primaryReads ?? true,
      positionOf: options.positionOf ?? (() => undefined),
      runtime: options.runtime ?? systemRuntime(),
    };
    if (!Array.isArray(options.replicas)) check.refuse('replicas', 'a list', options.replicas);
    const ids = new Set([options.primary]);
    this.followers = options.replicas.map((replica, at) => {
      const id = check.text(`replicas[${at}].id`, replica.id);
      if (ids.has(id)) check.refuse(`replicas[${at}].id`, 'unique, and not the primary', id);
      ids.add(id);
      const weight = check.positive(`replicas[${at}].weight`, replica.weight ?? 1);
      const unknown = { lagMs: undefined, position: undefined, reportedAt: -Infinity };
      const { purposes = [] } = replica;
      if (!Array.isArray(purposes)) check.refuse(`replicas[${at}].purposes`, 'a list', purposes);
      return { id, weight, purposes, reading: 0, ...unknown };
    });
    this.kept = new Set(this.followers.flatMap(({ purposes }) => purposes));
    this.sessions = sessionPositions(this.options.sessions);
  }

  report(id: string, { lagMs, position }: { lagMs: number; position?: LogPosition }): void {
    const check = optionChecks('replicaSet.report');
    const follower = this.followers.find((one) => one.id === id);
    if (follower === undefined) return check.refuse('id', 'the id of a replica', id);
    const seen = positionIn(check, position);
    follower.lagMs = check.nonNegative('lagMs', lagMs);
    follower.position = seen ?? follower.position;
    follower.reportedAt = this.options.runtime.now();
  }

  wrote(session: string, position?: LogPosition): void {
    positionIn(optionChecks('replicaSet.wrote'), position);
    const { runtime, stickMs } = this.options;
    const until = position === undefined ? runtime.now() + stickMs : 0;
    this.sessions.wrote(session, position, until);
  }

  tryAcquireRead(call: Call = {}, needs: ReadNeeds = {}): Lease<string> | undefined {
    const follower = this.choose(call, needs);
    if (follower === undefined) {
      return this.options.primaryReads ? lease(this.options.primary, () => undefined) : undefined;
    }
    follower.reading++;
    if (call.session !== undefined) this.sessions.read(call.session, follower);
    return lease(follower.id, () => follower.reading--);
  }

  async read<T>(work: Work<T, string>, call?: Call, needs?: ReadNeeds): Promise<T> {
    const leased = this.tryAcquireRead(call, needs);
    if (leased === undefined) throw unavailable();
    try {
      return await work(workCall(call), leased.resource);
    } finally {
      leased.release();
    }
  }

  async write<T>(work: Work<T, string>, call?: Call): Promise<T> {
    const session = call?.session;
    const { primary, positionOf } = this.options;
    let result: T | undefined;
    try {
      return (result = await work(workCall(call), primary));
    } finally {
      // A write that failed may have been committed all the same.
      if (session !== undefined)
        this.wrote(session, result === undefined ? undefined : positionOf(result));
    }
  }

  snapshot(): { primary: string; replicas: ReplicaState[] } {
    const replicas = this.followers.map(({ id, reading, lagMs, position }) => ({
      ...{ id, reading, lagMs, position },
    }));
    return { primary: this.options.primary, replicas };
  }

  private choose(call: Call, needs: ReadNeeds): Follower | undefined {
    const now = this.options.runtime.now();
    const session = call.session === undefined ? undefined : this.sessions.of(call.session);
    if (session !== undefined && now < session.primaryUntil) return undefined;
    const maxLagMs = needs.maxLagMs ?? this.options.maxLagMs;
    const position = later(needs.minPosition, session?.position);
    const isFit = (one: Follower): boolean =>
      this.suits(one, call.kind) &&
      now - one.reportedAt <= this.options.reportTtlMs &&
      one.lagMs !== undefined &&
      maxLagMs > 0 &&
      one.lagMs <= maxLagMs &&
      (position === undefined || (one.position !== undefined && one.position >= position));
    const sticky = this.followers.find(({ id }) => id === session?.replica);
    if (sticky !== undefined && isFit(sticky)) return sticky;
    return this.leastLoaded(isFit);
  }

  /** A replica kept for kinds of work takes these only; other kinds go to those kept for none. */
  private suits({ purposes }: Follower, kind: string | undefined): boolean {
    if (kind !== undefined && this.kept.has(kind)) return purposes.includes(kind);
    return purposes.length === 0;
  }

  private leastLoaded(isFit: (one: Follower) => boolean): Follower | undefined {
    const { followers } = this;
    this.turn = (this.turn + 1) % Math.max(1, followers.length);
    let best: Follower | undefined;
    for (let step = 0; step < followers.length; step++) {
      const one = followers[(this.turn + step) % followers.length]!;
      if (!isFit(one)) continue;
      if (best === undefined || (one.reading + 1) / one.weight < (best.reading + 1) / best.weight) {
        best = one;
      }
    }
    return best;
  }
}

/** A position as text would compare by characters: '9' after '10'. */
function positionIn(check: OptionChecks, position: unknown): LogPosition | undefined {
  const isPosition = typeof position === 'bigint' || Number.isFinite(position);
  if (position !== undefined && !isPosition)
    check.refuse('position', 'a number or bigint', position);
  return position as LogPosition | undefined;
}

function lease(resource: string, end: () => void): Lease<string> {
  let held = true;
  const release = (): void => {
    if (held) end();
    held = false;
  };
  return {
    ok: true,
    resource,
    release,
    [Symbol.dispose]: release,

    [Symbol.asyncDispose]: async () => release(),
  };
}

function unavailable(): RejectedError {
  const message = 'replicaSet: no replica is fit for the read';
  return stackless(() => new RejectedError('ERR_UNAVAILABLE', message, { policy: 'replicaSet' }));
}

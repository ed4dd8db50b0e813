/** The figures of one run, from its log. */
import { type Recorder, recorder } from 'tenfold/model';
import { deadlineOf, type Outcome, OUTCOME, type RunLog } from './run-log.ts';
import type { Traffic } from './traffic.ts';
import type { WorkerUse } from './worker-meter.ts';

/** The figures of one run; `--json` prints them as they are. */
export interface RunResult {
  readonly scale: number;
  readonly wiring: string;
  /** Most workers, where a budget allows less than usual; null elsewhere. */
  readonly budget: number | null;
  readonly offered: number;
  /** Answered at all, in time or late. */
  readonly answered: number;
  readonly late: number;
  readonly rejected: number;
  readonly expired: number;
  readonly failed: number;
  /** Answers within the deadline ÷ offered. */
  readonly goodput: number;
  /** Of the answered requests, from arrival to answer. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly workers: WorkerUse;
  /** Hours that callers waited together for what was refused, lost or late in the end. */
  readonly vainHours: number;
  /** Goodput by service. */
  readonly services: Readonly<Record<string, number>>;
  /** Goodput of the smallest tenants, who together send a quarter of the requests. */
  readonly smallTenants: number;
  /** Refusals, expiries and failures by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** When the last request was settled, ms from the start of the trace. */
  readonly drainedAtMs: number;
}

/** Goodput of a part of the requests. */
interface Part {
  offered: number;
  inTime: number;
}

/** Sums up a run that has drained. */
export function runResult(
  run: { readonly traffic: Traffic; readonly log: RunLog },
  facts: Pick<RunResult, 'wiring' | 'workers' | 'drainedAtMs'> & {
    readonly budget: number | undefined;
  },
): RunResult {
  const { traffic, log } = run;
  const { latency, outcomes, services, small, vainMs } = tally(traffic, log);
  const [p50 = NaN, p95 = NaN, p99 = NaN] = latency.quantiles([0.5, 0.95, 0.99]);
  const count = (outcome: Outcome): number => outcomes[outcome] ?? 0;
  const inTime = services.reduce((sum, part) => sum + part.inTime, 0);
  return {
    scale: traffic.scale,
    wiring: facts.wiring,
    budget: facts.budget ?? null,
    offered: traffic.count,
    answered: count(OUTCOME.answered),
    late: count(OUTCOME.answered) - inTime,
    rejected: count(OUTCOME.rejected),
    expired: count(OUTCOME.expired),
    failed: count(OUTCOME.failed),
    goodput: inTime / traffic.count,
    latencyMs: { p50, p95, p99 },
    workers: facts.workers,
    vainHours: vainMs / 3_600_000,
    services: Object.fromEntries(
      traffic.services.map(({ name }, s) => [name, goodput(services[s])]),
    ),
    smallTenants: goodput(small),
    reasons: Object.fromEntries([...log.reasons].sort(([a], [b]) => (a < b ? -1 : 1))),
    drainedAtMs: facts.drainedAtMs,
  };
}

interface Tally {
  readonly latency: Recorder;
  /** Requests by code of their outcome. */
  readonly outcomes: Uint32Array;
  readonly services: readonly Part[];
  readonly small: Part;
  vainMs: number;
}

function tally(traffic: Traffic, log: RunLog): Tally {
  const sums: Tally = {
    latency: recorder(),
    outcomes: new Uint32Array(5),
    services: traffic.services.map(() => ({ offered: 0, inTime: 0 })),
    small: { offered: 0, inTime: 0 },
    vainMs: 0,
  };
  const firstSmall = firstSmallTenant(traffic);
  log.outcome.forEach((outcome, i) => {
    const afterMs = log.settledAfterMs[i] ?? NaN;
    const good = isInTime(traffic, log, i);
    sums.outcomes[outcome] = (sums.outcomes[outcome] ?? 0) + 1;
    if (outcome === OUTCOME.answered) sums.latency.record(afterMs);
    if (!good) sums.vainMs += afterMs;
    add(sums.services[traffic.service[i] ?? 0], good);
    if ((traffic.tenant[i] ?? 0) >= firstSmall) add(sums.small, good);
  });
  return sums;
}

/** Whether a request was answered within its deadline. */
export function isInTime(traffic: Traffic, log: RunLog, i: number): boolean {
  if (log.outcome[i] !== OUTCOME.answered) return false;
  return (log.settledAfterMs[i] ?? Infinity) <= deadlineOf(traffic, i);
}

/** Tenants from this one on send a quarter of all requests. Tenants are numbered by share. */
function firstSmallTenant(traffic: Traffic): number {
  const counts: number[] = [];
  for (const tenant of traffic.tenant) counts[tenant] = (counts[tenant] ?? 0) + 1;
  let sum = 0;
  for (let tenant = counts.length - 1; tenant >= 0; tenant--) {
    sum += counts[tenant] ?? 0;
    if (sum >= traffic.count / 4) return tenant;
  }
  return 0;
}

function add(part: Part | undefined, good: boolean): void {
  if (part === undefined) return;
  part.offered++;
  if (good) part.inTime++;
}

function goodput(part: Part | undefined): number {
  return part === undefined || part.offered === 0 ? 0 : part.inTime / part.offered;
}

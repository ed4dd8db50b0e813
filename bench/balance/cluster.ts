// Forty servers of four slots, lognormal service times of 10 ms, many clients that know nothing of one
// another, each with its own balancer; in virtual time, exact for a seed.
import type { Alarm } from '../../src/core/index.ts';
import { exponential, lognormal, zipf } from '../../src/core/index.ts';
import type { BalancePolicy, BalancerOptions, ProbeAnswer } from '../../src/balance/index.ts';
import { balancer } from '../../src/balance/index.ts';
import { virtualRuntime, type VirtualRuntime } from '../../src/sim/index.ts';

/** What happens to the servers. */
export interface Scenario {
  readonly clients: number;
  /** Part of the nominal capacity that arrives, 0–1. */
  readonly load: number;
  /** How many times as long a server takes at a time. */
  readonly slowness?: (server: number, now: number) => number;
  /** Servers that fail every call at once. */
  readonly failing?: number;
  /** How often a random server stops for a second, per second. */
  readonly stallsPerSecond?: number;
}

export interface Outcome {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** Failed calls over all calls. */
  readonly errorRatio: number;
}

const SERVERS = 40;
const SLOTS = 4;
const MEAN_MS = 10;
const SIGMA = 0.5;
const STALL_MS = 1_000;
const WARM_UP_MS = 3_000;

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  homogeneous: { clients: 8, load: 0.7 },
  'slow hosts': { clients: 8, load: 0.7, slowness: (server) => (server % 5 === 0 ? 4 : 1) },
  '40 clients': { clients: 40, load: 0.7, slowness: (server) => (server % 5 === 0 ? 4 : 1) },
  stalls: { clients: 8, load: 0.6, stallsPerSecond: 1 },
  alternating: {
    clients: 8,
    load: 0.5,
    slowness: (server, now) => ((server + Math.floor(now / 2_000)) % 2 === 0 ? 2 : 1),
  },
  'failing host': { clients: 8, load: 0.7, failing: 1 },
};

/** Runs a scenario with a policy; `policyOf` is given what a probing policy asks. */
export async function simulate(
  scenario: Scenario,
  policyOf: (probe: (id: string) => Promise<ProbeAnswer>) => BalancePolicy | undefined,
  run: {
    readonly seed: number;
    readonly durationMs: number;
    readonly balancing?: Partial<BalancerOptions<Server>>;
  },
): Promise<Outcome> {
  const runtime = virtualRuntime({ seed: run.seed });
  const servers = Array.from({ length: SERVERS }, (_, at) => new Server(at, scenario, runtime));
  const random = runtime.random('arrivals');
  const keys = zipf(10_000, 0.8);
  const clients = Array.from({ length: scenario.clients }, (_, client) => {
    const policy = policyOf(async (id) => {
      await runtime.sleep(1);
      return servers[Number(id)]!.report();
    });
    return balancer<Server>({
      endpoints: servers.map((server) => ({ id: String(server.index), target: server })),
      ...{ runtime, name: `client ${client}`, ...(policy !== undefined && { policy }) },
      ...run.balancing,
    });
  });
  const latencies: number[] = [];
  let calls = 0;
  let errors = 0;

  const arrive = (now: number): void => {
    const lb = clients[Math.floor(random() * clients.length)]!;
    const pass = lb.tryEnter({ key: `key ${keys(random)}` });
    if (!pass.ok) throw new Error(pass.message);
    pass.target.take(now, (ok, at) => {
      pass.done(ok ? 'success' : 'failure', undefined, at);
      if (now < WARM_UP_MS) return;
      calls++;
      if (ok) latencies.push(at - now);
      else errors++;
    });
  };
  const gapMs = MEAN_MS / (SERVERS * SLOTS * scenario.load);
  const arrivals: Alarm = {
    alarmId: -1,
    ring: (now) => {
      arrive(now);
      if (now < run.durationMs) runtime.armAt(arrivals, now + exponential(random, gapMs));
    },
  };
  runtime.armAt(arrivals, 0);
  const stalls = runtime.random('stalls');
  const stallEveryMs = 1_000 / (scenario.stallsPerSecond ?? 0);
  for (let at = stallEveryMs; at < run.durationMs; at += stallEveryMs) {
    const server = servers[Math.floor(stalls() * SERVERS)]!;
    runtime.armAt({ alarmId: -1, ring: (now) => server.stall(now + STALL_MS) }, at);
  }
  await runtime.advance(run.durationMs);

  const sorted = Float64Array.from(latencies).sort();
  const quantile = (q: number): number => sorted[Math.floor(sorted.length * q)] ?? NaN;
  return {
    ...{ p50: quantile(0.5), p99: quantile(0.99), p999: quantile(0.999) },
    errorRatio: errors / calls,
  };
}

type Done = (ok: boolean, now: number) => void;

interface Job {
  readonly done: Done;
  readonly arrivedAt: number;
  readonly inFlightThen: number;
}

/** Serves a few calls at a time, the others in the order they came. */
export class Server {
  readonly index: number;
  private readonly scenario: Scenario;
  private readonly runtime: VirtualRuntime;
  private readonly random: () => number;
  private readonly queue: Job[] = [];
  private busy = 0;
  private stalledUntil = 0;
  /** The latest calls: how many were there when they came, how long they took. */
  private readonly recent: { readonly inFlight: number; readonly ms: number }[] = [];

  constructor(index: number, scenario: Scenario, runtime: VirtualRuntime) {
    this.index = index;
    this.scenario = scenario;
    this.runtime = runtime;
    this.random = runtime.random(`server ${index}`);
  }

  take(now: number, done: Done): void {
    if (this.index < (this.scenario.failing ?? 0)) {
      this.after(now + 1, (at) => done(false, at));
      return;
    }
    this.queue.push({ done, arrivedAt: now, inFlightThen: this.busy + this.queue.length });
    this.serve(now);
  }

  stall(until: number): void {
    this.stalledUntil = until;
    this.after(until, (now) => this.serve(now));
  }

  /** What a probe is told: calls here, and the median latency of calls that met about as many. */
  report(): ProbeAnswer {
    const inFlight = this.busy + this.queue.length;
    const near = this.recent
      .toSorted((a, b) => Math.abs(a.inFlight - inFlight) - Math.abs(b.inFlight - inFlight))
      .slice(0, 16)
      .map(({ ms }) => ms)
      .sort((a, b) => a - b);
    return { inFlight, latencyMs: near[near.length >> 1] ?? 0 };
  }

  private serve(now: number): void {
    while (this.busy < SLOTS && this.queue.length > 0 && now >= this.stalledUntil) {
      const job = this.queue.shift()!;
      this.busy++;
      const slowness = this.scenario.slowness?.(this.index, now) ?? 1;
      const median = MEAN_MS / Math.exp(SIGMA ** 2 / 2);
      this.after(now + lognormal(this.random, median, SIGMA) * slowness, (at) => this.end(job, at));
    }
  }

  private end(job: Job, now: number): void {
    // A server that stands still answers when it goes on.
    if (now < this.stalledUntil) {
      this.after(this.stalledUntil, (at) => this.end(job, at));
      return;
    }
    this.busy--;
    this.recent.push({ inFlight: job.inFlightThen, ms: now - job.arrivedAt });
    if (this.recent.length > 64) this.recent.shift();
    job.done(true, now);
    this.serve(now);
  }

  private after(at: number, then: (now: number) => void): void {
    this.runtime.armAt({ alarmId: -1, ring: then }, at);
  }
}

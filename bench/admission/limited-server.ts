// A server behind a concurrency limiter, in virtual time: what the limits are compared on.
import type { ConcurrencyLimit } from '../../src/admission/index.ts';
import { concurrencyLimiter } from '../../src/admission/index.ts';
import type { Alarm } from '../../src/core/index.ts';
import { exponential, lognormal, TimeoutError } from '../../src/core/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { FailsafeAdaptive } from './rivals/failsafe-adaptive.ts';

/** A stretch of time in which server and load stay as they are. */
export interface Phase {
  readonly name: string;
  readonly seconds: number;
  /** Calls the server works on at once; the others queue inside it, where nobody sees them. */
  readonly workers: number;
  /** Median time a call takes a worker, in ms. */
  readonly serviceMs: number;
  /** Arrivals per second, at random (Poisson). */
  readonly arrivals: number;
}

export interface Scenario {
  readonly name: string;
  readonly phases: readonly Phase[];
  /** An answer after this is worth nothing, in ms. */
  readonly patienceMs: number;
  /** How much slower each call in the server's queue makes all others, as a ratio. @default 0 */
  readonly contentionRatio?: number;
  /** Deviation of the logarithm of service times. @default 0.5 */
  readonly sigma?: number;
}

/** What became of the calls that arrived in one phase. */
export interface PhaseResult {
  readonly name: string;
  /** Answers in time per second, over what was possible: the lesser of load and capacity. */
  readonly goodput: number;
  /** Of calls let in, in ms. */
  readonly p99Ms: number;
  readonly p50Ms: number;
  readonly refused: number;
  /** Mean of the limit. */
  readonly limit: number;
}

/** A limit under test. */
export interface Gate {
  readonly limit: number;
  readonly inFlight: number;
  /** Lets one in, who says later whether he was in time; undefined when there is no room. */
  tryEnter(): ((isInTime: boolean) => void) | undefined;
}

/** Our limiter with one of its limits. */
export function ours(limit: () => number | ConcurrencyLimit): (runtime: VirtualRuntime) => Gate {
  return (runtime) => {
    const limiter = concurrencyLimiter({ limit: limit(), runtime });
    const timeout = new TimeoutError('too late', 0);
    return {
      get limit() {
        return limiter.snapshot().limit;
      },
      get inFlight() {
        return limiter.snapshot().inFlight;
      },
      tryEnter() {
        const entry = limiter.tryEnter();
        if (!entry.ok) return undefined;
        return (isInTime) => (isInTime ? entry.done('success') : entry.done('failure', timeout));
      },
    };
  };
}

/** The limiter of failsafe-go. */
export function failsafe(runtime: VirtualRuntime): Gate {
  const limiter = new FailsafeAdaptive();
  return {
    get limit() {
      return limiter.limit;
    },
    get inFlight() {
      return limiter.inFlight;
    },
    tryEnter() {
      const from = runtime.now();
      const inFlight = limiter.tryAcquire();
      if (inFlight === 0) return undefined;
      return (isInTime) => limiter.record(runtime.now(), runtime.now() - from, inFlight, !isInTime);
    },
  };
}

export async function simulate(
  scenario: Scenario,
  gateOf: (runtime: VirtualRuntime) => Gate,
  seed: number,
  log?: (line: string) => void,
): Promise<PhaseResult[]> {
  const runtime = virtualRuntime({ seed });
  const gate = gateOf(runtime);
  const server = new Server(runtime, scenario);
  const arrivals = runtime.random('arrivals');
  const results: PhaseResult[] = [];
  await runtime.run(async () => {
    for (const phase of scenario.phases) {
      server.workers = phase.workers;
      server.serviceMs = phase.serviceMs;
      server.startMore();
      const until = runtime.now() + phase.seconds * 1000;
      const latencies: number[] = [];
      let inTime = 0;
      let refused = 0;
      let limits = 0;
      let calls = 0;
      let nextLog = runtime.now();
      for (;;) {
        const pauseMs = exponential(arrivals, 1000 / phase.arrivals);
        if (runtime.now() + pauseMs > until) break;
        await runtime.sleep(pauseMs);
        calls++;
        limits += gate.limit;
        if (log !== undefined && runtime.now() >= nextLog) {
          nextLog += 1000;
          log(`${(runtime.now() / 1000).toFixed(0)} limit ${gate.limit} inFlight ${gate.inFlight}`);
        }
        const arrivedAt = runtime.now();
        const leave = gate.tryEnter();
        if (leave === undefined) {
          refused++;
          continue;
        }
        server.serve(() => {
          const tookMs = runtime.now() - arrivedAt;
          latencies.push(tookMs);
          const isInTime = tookMs <= scenario.patienceMs;
          if (isInTime) inTime++;
          leave(isInTime);
        });
      }
      await runtime.sleep(Math.max(0, until - runtime.now()));
      latencies.sort((a, b) => a - b);
      const meanMs = phase.serviceMs * Math.exp((scenario.sigma ?? 0.5) ** 2 / 2);
      const possible = Math.min(phase.arrivals, (phase.workers / meanMs) * 1000);
      results.push({
        name: phase.name,
        goodput: inTime / phase.seconds / possible,
        p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
        p50Ms: latencies[latencies.length >> 1] ?? 0,
        refused: refused / calls,
        limit: limits / calls,
      });
    }
  });
  return results;
}

/** So many workers and an endless queue before them. */
class Server {
  workers = 0;
  serviceMs = 0;
  private readonly runtime: VirtualRuntime;
  private readonly random: () => number;
  private readonly sigma: number;
  private readonly contentionRatio: number;
  private readonly queue: (() => void)[] = [];
  private busy = 0;

  constructor(runtime: VirtualRuntime, { sigma = 0.5, contentionRatio = 0 }: Scenario) {
    this.runtime = runtime;
    this.random = runtime.random('service');
    this.sigma = sigma;
    this.contentionRatio = contentionRatio;
  }

  serve(done: () => void): void {
    this.queue.push(done);
    this.startMore();
  }

  startMore(): void {
    while (this.busy < this.workers && this.queue.length > 0) {
      const done = this.queue.shift() as () => void;
      this.busy++;
      const job: Alarm = {
        alarmId: -1,
        ring: () => {
          this.busy--;
          done();
          this.startMore();
        },
      };
      const slowdown = 1 + this.contentionRatio * this.queue.length;
      this.runtime.arm(job, slowdown * lognormal(this.random, this.serviceMs, this.sigma));
    }
  }
}

const full = { workers: 20, serviceMs: 45, arrivals: 360 };

/** Capacity is about 392 a second with 20 workers of 51 ms in the mean. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'half the workers, and back',
    patienceMs: 300,
    phases: [
      { name: 'full', seconds: 60, ...full },
      { name: 'halved', seconds: 60, ...full, workers: 10 },
      { name: 'back', seconds: 60, ...full },
    ],
  },
  {
    name: 'twice as slow, and back',
    patienceMs: 300,
    phases: [
      { name: 'full', seconds: 60, ...full },
      { name: 'slow', seconds: 60, ...full, serviceMs: 90 },
      { name: 'back', seconds: 60, ...full },
    ],
  },
  {
    name: 'overloaded from the start',
    patienceMs: 300,
    phases: [
      { name: 'overload', seconds: 120, ...full, workers: 10 },
      { name: 'recovered', seconds: 60, ...full },
    ],
  },
  {
    name: 'four minutes at twice the load',
    patienceMs: 300,
    phases: [
      { name: 'calm', seconds: 30, ...full, arrivals: 200 },
      { name: 'first two', seconds: 120, ...full, arrivals: 780 },
      { name: 'next two', seconds: 120, ...full, arrivals: 780 },
    ],
  },
  {
    name: 'half a load, nothing wrong',
    patienceMs: 300,
    phases: [{ name: 'calm', seconds: 60, ...full, arrivals: 196 }],
  },
  {
    name: 'a server that chokes on its own queue',
    patienceMs: 300,
    contentionRatio: 0.01,
    phases: [
      { name: 'calm', seconds: 30, ...full, arrivals: 300 },
      { name: 'twice the load', seconds: 60, ...full, arrivals: 780 },
      { name: 'calm again', seconds: 30, ...full, arrivals: 300 },
    ],
  },
  {
    name: 'two hundred workers, ten times the load at once',
    patienceMs: 300,
    phases: [
      { name: 'calm', seconds: 20, workers: 200, serviceMs: 45, arrivals: 600 },
      { name: 'storm', seconds: 20, workers: 200, serviceMs: 45, arrivals: 6000 },
      { name: 'halved', seconds: 20, workers: 100, serviceMs: 45, arrivals: 6000 },
    ],
  },
  {
    name: 'service times with a heavy tail',
    patienceMs: 1000,
    sigma: 1.3,
    phases: [
      { name: 'full', seconds: 60, workers: 20, serviceMs: 22, arrivals: 360 },
      { name: 'halved', seconds: 60, workers: 10, serviceMs: 22, arrivals: 360 },
      { name: 'back', seconds: 60, workers: 20, serviceMs: 22, arrivals: 360 },
    ],
  },
  {
    name: 'a few slow agents',
    patienceMs: 15_000,
    phases: [
      { name: 'full', seconds: 600, workers: 16, serviceMs: 2_000, arrivals: 7 },
      { name: 'halved', seconds: 600, workers: 8, serviceMs: 2_000, arrivals: 7 },
      { name: 'back', seconds: 600, workers: 16, serviceMs: 2_000, arrivals: 7 },
    ],
  },
];

/** What every wiring offers to the run, and the facts it is sized from. */
import type { Call, Policy } from 'tenfold';
import type { Service } from './services.ts';
import type { PoolSize } from './sizing.ts';
import type { Traffic } from './traffic.ts';
import type { WorkerMeter } from './worker-meter.ts';

/** A wired platform. */
export interface Platform {
  /** What guards the requests of a service. */
  policyFor(service: Service): Policy;
  readonly workers: WorkerMeter;
  /** What the platform is told of request `i`, which arrives at `now`. */
  callFor(traffic: Traffic, i: number, now: number): Call;
  /** Requests in the queue. */
  waiting(): number;
  close(): Promise<void>;
}

/** What an engineer knows of the traffic of today, and decides from it. */
export interface PlatformFacts {
  /** The fixed pool for the traffic of today. */
  readonly pool: PoolSize;
  /** Most workers an elastic pool may have. */
  readonly maxWorkers: number;
  /** Mean number of requests in service. */
  readonly meanErlang: number;
  /** Mean time of a request, ms. */
  readonly meanServiceMs: number;
  /** Tokens, context and generated, that one busy worker deals with in a second. */
  readonly tokensPerWorkerSecond: number;
  readonly services: readonly Service[];
  readonly workerStartMs: number;
}

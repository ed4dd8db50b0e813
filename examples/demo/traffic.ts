/**
 * The traffic of one load level: every recorded request n times, each copy moved a little, never
 * compressed in time; and for every copy, by seed, whose request it is. Drawn once per level, so that all wirings meet the very same requests.
 */
import { seededRandom } from 'tenfold/core';
import { amplify } from 'tenfold/sim';
import { type ModelSpeed, serviceTime } from './service-time.ts';
import type { Service } from './services.ts';
import type { Trace } from './trace.ts';

/** Requests in order of arrival, as columns. */
export interface Traffic {
  readonly scale: number;
  readonly count: number;
  readonly at: Float64Array;
  readonly service: Uint8Array;
  readonly services: readonly Service[];
  /** Context and generated tokens together. */
  readonly tokens: Float64Array;
  /** Time a healthy model takes, ms. */
  readonly serviceMs: Float64Array;
  readonly tenant: Uint16Array;
}

/** The service of a request. */
export function serviceOf(traffic: Traffic, i: number): Service {
  return traffic.services[traffic.service[i] ?? 0] as Service;
}

/** How traffic is drawn. */
export interface TrafficOptions {
  readonly scale: number;
  readonly jitterMs: number;
  readonly seed: number;
  readonly speed: ModelSpeed;
}

/** Tenants of the platform. */
export const TENANTS = 50;
/** Exponent of the Zipf law of their shares: the k-th tenant sends 1/k of what the first does. */
const SKEW = 1;

/** Time a healthy model takes for every request of a trace, ms. */
export function serviceTimes(trace: Trace, speed: ModelSpeed): Float64Array {
  return Float64Array.from({ length: trace.count }, (_, i) =>
    serviceTime(speed, {
      contextTokens: trace.contextTokens[i] ?? 0,
      generatedTokens: trace.generatedTokens[i] ?? 0,
    }),
  );
}

/** Draws the traffic of one load level. */
export function trafficOf(trace: Trace, options: TrafficOptions): Traffic {
  const { scale, jitterMs, seed, speed } = options;
  const stream = (name: string): (() => number) => seededRandom(`${seed}/${scale}/${name}`);
  const { times, origins } = amplify(trace.at, {
    factor: scale,
    jitterMs,
    random: stream('jitter'),
  });
  const base = serviceTimes(trace, speed);
  const drawTenant = zipf(TENANTS, SKEW, stream('tenant'));
  const column = (from: ArrayLike<number>): Float64Array =>
    Float64Array.from(origins, (origin) => from[origin] ?? 0);
  const context = column(trace.contextTokens);
  return {
    scale,
    count: times.length,
    at: times,
    service: Uint8Array.from(origins, (origin) => trace.service[origin] ?? 0),
    services: trace.services,
    tokens: column(trace.generatedTokens).map((generated, i) => generated + (context[i] ?? 0)),
    serviceMs: column(base),
    tenant: Uint16Array.from(origins, () => drawTenant()),
  };
}

/** Draws 0 … n−1 with probabilities proportional to 1/(k+1)^skew. */
export function zipf(n: number, skew: number, random: () => number): () => number {
  const bounds = zipfShares(n, skew);
  for (let k = 1; k < n; k++) bounds[k] = (bounds[k] ?? 0) + (bounds[k - 1] ?? 0);
  return () => {
    const draw = random();
    const found = bounds.findIndex((bound) => draw < bound);
    return found < 0 ? n - 1 : found;
  };
}

/** The share of each of n tenants, the largest first; they add up to 1. */
export function zipfShares(n: number, skew: number): number[] {
  const weights = Array.from({ length: n }, (_, k) => 1 / (k + 1) ** skew);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

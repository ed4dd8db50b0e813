/** What an engineer reads off the traffic of today before wiring anything. */
import type { DemoOptions } from './options.ts';
import type { PlatformFacts } from './platform.ts';
import { fixedPoolFor } from './sizing.ts';
import type { Trace } from './trace.ts';
import { serviceTimes } from './traffic.ts';

/** Elastic pools may grow to so many times the pool for the traffic of today. */
const ELASTICITY = 10;

/** The facts of a trace. */
export function factsOf(trace: Trace, options: DemoOptions): PlatformFacts {
  const serviceMs = serviceTimes(trace, options.speed);
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  const tokens = sum(trace.contextTokens) + sum(trace.generatedTokens);
  const pool = fixedPoolFor(trace, serviceMs);
  return {
    pool,
    maxWorkers: Math.max(pool.workers, options.maxWorkers ?? pool.workers * ELASTICITY),
    meanErlang: sum(serviceMs) / Math.max(1, trace.at[trace.count - 1] ?? 1),
    meanServiceMs: sum(serviceMs) / trace.count,
    tokensPerWorkerSecond: (tokens * 1_000) / sum(serviceMs),
    services: trace.services,
    workerStartMs: options.workerStartMs,
  };
}

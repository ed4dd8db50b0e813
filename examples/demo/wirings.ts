/**
 * The three wirings, built from the public parts of the library. Each is what a competent engineer
 * would set up with these parts; none is set up to fail.
 */
import type { Call, Policy, Runtime } from 'tenfold';
import { circuitBreaker, compose, timeout, workQueue } from 'tenfold';
import { bucket, keyedLimiter } from 'tenfold/admission';
import { workCall } from 'tenfold/core';
import type { Guard } from './guards.ts';
import type { Platform, PlatformFacts } from './platform.ts';
import type { Service } from './services.ts';
import { serviceOf } from './traffic.ts';
import { elasticPool, fixedPool, type WorkerPool } from './worker-pool.ts';

/** The wirings by name. */
export type WiringName = 'bare' | 'elastic' | 'guarded';

/** Where and how a wiring is built. */
export interface WiringContext {
  readonly runtime: Runtime;
  /** Guards left out of the guarded wiring. */
  readonly without: ReadonlySet<Guard>;
}

/** Builds a wiring. */
export function wiring(name: WiringName, facts: PlatformFacts, context: WiringContext): Platform {
  switch (name) {
    case 'bare':
      return queueOn(fixedPool(facts, context.runtime), context.runtime);
    case 'elastic':
      return queueOn(elasticPool(facts, context.runtime), context.runtime);
    case 'guarded':
      return guarded(facts, context);
  }
}

/** An unbounded queue, first in, first out, on a pool of workers. */
function queueOn(workers: WorkerPool, runtime: Runtime): Platform {
  const queue = workQueue({ concurrency: workers.pool, runtime });
  workers.follow(() => queue.snapshot().waiting);
  return {
    policyFor: () => queue,
    workers: workers.meter,
    callFor: () => ({}),
    waiting: () => queue.snapshot().waiting,
    close: () => workers.close(queue),
  };
}

/** All guards, less those in `without`. */
function guarded(facts: PlatformFacts, { runtime, without }: WiringContext): Platform {
  const has = (guard: Guard): boolean => !without.has(guard);
  const workers = has('scaling') ? elasticPool(facts, runtime) : fixedPool(facts, runtime);
  const queue = workQueue({
    concurrency: workers.pool,
    capacity: has('bound') ? longestUsefulQueue(facts) : Infinity,
    runtime,
  });
  workers.follow(() => queue.snapshot().waiting);
  const limits = tenantLimits(facts, runtime);
  const breaker = circuitBreaker({ runtime });
  // Services differ in nothing but the time their work may take: they share all the rest.
  const policies = new Map(
    facts.services.map((service) => [
      service,
      compose(
        ...(has('admission') ? [limits] : []),
        queue,
        begun,
        ...(has('breaker') ? [breaker] : []),
        ...(has('timeout') ? [timeout({ ms: workBudget(service), runtime })] : []),
      ),
    ]),
  );
  return {
    policyFor: (service) => policies.get(service) ?? queue,
    workers: workers.meter,
    callFor: (traffic, i, now): Call => {
      const service = serviceOf(traffic, i);
      return {
        tenant: `tenant-${traffic.tenant[i]}`,
        cost: { tokens: traffic.tokens[i] ?? 0 },
        priority: has('priority') ? service.priority : 0,
        deadline: has('deadline') ? now + waitBudget(service) : undefined,
      };
    },
    waiting: () => queue.snapshot().waiting,
    close: () => workers.close(queue),
  };
}

/** Of the time a request has, a third may go by in the queue and two thirds are for the work. */
const WAIT_SHARE = 1 / 3;

/** How long a request may wait; after that it is not worth beginning. */
function waitBudget(service: Service): number {
  return service.deadlineMs * WAIT_SHARE;
}

/** How long the work on a request may take. */
function workBudget(service: Service): number {
  return service.deadlineMs * (1 - WAIT_SHARE);
}

/** The deadline of a call is the latest time to begin. Once the work has begun, it has been met. */
const begun: Policy = {
  run: async (work, call) => work(workCall({ ...call, deadline: undefined }), undefined),
};

/** Share of the whole platform that one tenant may use for long, and how long it may use all of it. */
const TENANT_SHARE = 0.25;
const TENANT_BURST_SECONDS = 10;

/** A token bucket per tenant: nobody takes more than a quarter of the platform for long. */
function tenantLimits(facts: PlatformFacts, runtime: Runtime): Policy {
  const platformTokensPerSecond = facts.maxWorkers * facts.tokensPerWorkerSecond;
  return keyedLimiter({
    rate: bucket({
      capacity: platformTokensPerSecond * TENANT_BURST_SECONDS,
      refillPerSecond: platformTokensPerSecond * TENANT_SHARE,
    }),
    unit: 'tokens',
    keyOf: (call) => call.tenant ?? '',
    runtime,
  });
}

/** What the full pool can begin while the most patient may wait; whoever stands behind that expires. */
function longestUsefulQueue(facts: PlatformFacts): number {
  const longestWaitMs = Math.max(...facts.services.map(waitBudget));
  return Math.ceil((facts.maxWorkers * longestWaitMs) / facts.meanServiceMs);
}

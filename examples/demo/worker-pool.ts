/** The workers of a wiring: a pool of fixed size, or one that follows the load. */
import type { Runtime } from 'tenfold';
import { pool, scalingEngine } from 'tenfold';
import type { Pool } from 'tenfold/pool';
import type { WorkQueue } from 'tenfold/queue';
import { backlog, controller } from 'tenfold/scale';
import type { PlatformFacts } from './platform.ts';
import { type WorkerMeter, workerMeter } from './worker-meter.ts';

/** An agent worker; all it needs here is to exist. */
export interface Worker {
  readonly startedAt: number;
}

/** A pool, and who looks after its size. */
export interface WorkerPool {
  readonly pool: Pool<Worker>;
  readonly meter: WorkerMeter;
  /** Tells the pool where its demand waits. Call once. */
  follow(waiting: () => number): void;
  /** Ends scaling, queue and pool. */
  close(queue: WorkQueue<Worker>): Promise<void>;
}

/** The pool for the traffic of today. Its workers are running when the trace begins. */
export function fixedPool(facts: PlatformFacts, runtime: Runtime): WorkerPool {
  const size = facts.pool.workers;
  return metered({ min: size, max: size, startMs: 0, runtime });
}

/** A pool that a scaling engine sizes by what runs and what waits. */
export function elasticPool(facts: PlatformFacts, runtime: Runtime): WorkerPool {
  const min = facts.pool.workers;
  const max = facts.maxWorkers;
  const workers = metered({ min, max, startMs: facts.workerStartMs, runtime });
  let scaler: AsyncDisposable | undefined;
  return {
    ...workers,
    follow(waiting) {
      scaler = controller({
        engine: scalingEngine({
          bounds: { min, max },
          policies: {
            demand: backlog({
              backlog: 'waiting',
              running: 'busy',
              serviceMs: facts.meanServiceMs,
            }),
          },
        }),
        sources: {
          waiting: { read: waiting },
          busy: { read: () => workers.pool.snapshot().busy },
        },
        actuator: {
          current: () => {
            const { idle, busy, starting, draining } = workers.pool.snapshot();
            return { current: idle + busy + starting, ready: idle + busy, starting, draining };
          },
          apply: (units) => workers.pool.resize({ target: units }),
        },
        runtime,
      });
    },
    async close(queue) {
      await scaler?.[Symbol.asyncDispose]();
      await workers.close(queue);
    },
  };
}

function metered(options: {
  readonly min: number;
  readonly max: number;
  readonly startMs: number;
  readonly runtime: Runtime;
}): WorkerPool {
  const { min, max, startMs, runtime } = options;
  const meter = workerMeter(runtime);
  // The first workers are there before the trace begins; later ones take their time.
  let ready = min;
  const workers = pool<Worker>({
    create: async ({ signal }) => {
      meter.change(1);
      try {
        if (ready > 0) ready--;
        else await runtime.sleep(startMs, signal);
        return { startedAt: runtime.now() };
      } catch (error) {
        meter.change(-1);
        throw error;
      }
    },
    destroy: () => meter.change(-1),
    min,
    max,
    runtime,
  });
  return {
    pool: workers,
    meter,
    follow: () => undefined,
    async close(queue) {
      await queue.close();
      await workers.close();
    },
  };
}

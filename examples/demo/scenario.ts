/** Everything the runs of one demo have in common; plain data, so that other processes can have it. */
import type { DemoOptions } from './options.ts';
import type { PlatformFacts } from './platform.ts';
import type { PlannedRun } from './plan.ts';
import { type FinishedRun, type RunProgress, runWiring } from './run.ts';
import { REFERENCE_BATCH } from './service-time.ts';
import type { Trace } from './trace.ts';
import { type Traffic, trafficOf } from './traffic.ts';
import { wiring } from './wirings.ts';

/** The scene of all runs. */
export interface Scenario {
  readonly options: DemoOptions;
  readonly trace: Trace;
  readonly facts: PlatformFacts;
}

/** Makes runs of a scenario, one at a time. */
export interface Runner {
  run(plan: PlannedRun, onProgress: (progress: RunProgress) => void): Promise<FinishedRun>;
}

/** A runner keeps the traffic of the last load level: planned runs of one level stand together. */
export function runner({ options, trace, facts }: Scenario): Runner {
  let traffic: Traffic | undefined;
  return {
    run(plan, onProgress) {
      const { scale } = plan;
      if (traffic?.scale !== scale) traffic = trafficOf(trace, { ...options, scale });
      const allowed = budgeted(facts, plan.budget);
      return runWiring({
        wiring: plan.label,
        budget: plan.budget < 1 ? allowed.maxWorkers : undefined,
        traffic,
        seed: options.seed,
        backend: {
          speed: options.speed,
          machines: (scale * facts.meanErlang) / REFERENCE_BATCH,
          bad: options.bad,
        },
        build: (runtime) =>
          wiring(plan.wiring, allowed, { runtime, without: new Set(plan.without) }),
        onProgress,
      });
    },
  };
}

/** The facts of a platform that may have only a share of the workers. */
function budgeted(facts: PlatformFacts, budget: number): PlatformFacts {
  const maxWorkers = Math.max(facts.pool.workers, Math.ceil(facts.maxWorkers * budget));
  return { ...facts, maxWorkers };
}

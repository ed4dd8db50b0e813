/** One run: one wiring meets the traffic of one load level, in virtual time, until it has drained. */
import type { Runtime } from 'tenfold';
import { replay, virtualRuntime } from 'tenfold/sim';
import { backend, type BackendOptions } from './backend.ts';
import type { Platform } from './platform.ts';
import { type RunResult, runResult } from './results.ts';
import { type RunLog, runLog } from './run-log.ts';
import { BIN_MS, timeline, type Timeline } from './timeline.ts';
import { serviceOf, type Traffic } from './traffic.ts';

/** What a run needs. */
export interface RunSpec {
  readonly wiring: string;
  /** Most workers, where a budget allows less than usual. */
  readonly budget?: number | undefined;
  readonly traffic: Traffic;
  readonly seed: number;
  readonly backend: BackendOptions;
  /** Builds the wiring on the runtime of the run. */
  readonly build: (runtime: Runtime) => Platform;
  readonly onProgress?: (progress: RunProgress) => void;
}

/** How far a run has come. */
export interface RunProgress {
  readonly settled: number;
  readonly inTime: number;
  readonly nowMs: number;
}

/** A finished run. */
export interface FinishedRun {
  readonly result: RunResult;
  readonly timeline: Timeline;
}

/** Room after the last arrival in which the timeline still shows how a run drains. */
const AFTER_LAST_ARRIVAL = 1.1;

/** Runs a wiring to the end: every request is answered, refused, expired or failed. */
export async function runWiring(spec: RunSpec): Promise<FinishedRun> {
  const { traffic, wiring, budget } = spec;
  const runtime = virtualRuntime({ seed: spec.seed });
  const log = runLog(traffic);
  const result = await runtime.run(async () => {
    const platform = spec.build(runtime);
    const sampling = sample(spec, { runtime, log, platform });
    await offer(spec, { runtime, log, platform });
    const drainedAtMs = runtime.now();
    const workers = platform.workers.use();
    await platform.close();
    await sampling;
    return runResult({ traffic, log }, { wiring, budget, workers, drainedAtMs });
  });
  const [fault] = runtime.faults;
  if (fault) throw new Error(`${fault.origin} failed during ${wiring}`, { cause: fault.error });
  const lastArrival = traffic.at[traffic.count - 1] ?? 0;
  return { result, timeline: timeline(traffic, log, lastArrival * AFTER_LAST_ARRIVAL) };
}

interface Scene {
  readonly runtime: Runtime;
  readonly log: RunLog;
  readonly platform: Platform;
}

/** Lets all requests arrive; resolves when the last one is settled, rejects at the first bug. */
function offer(spec: RunSpec, { runtime, log, platform }: Scene): Promise<void> {
  const { traffic } = spec;
  const model = backend(runtime, spec.backend);
  return new Promise((resolve, reject) => {
    const serve = async (i: number): Promise<void> => {
      const arrivedAt = runtime.now();
      const serviceMs = traffic.serviceMs[i] ?? 0;
      const told = platform.callFor(traffic, i, arrivedAt);
      try {
        const policy = platform.policyFor(serviceOf(traffic, i));
        await policy.run((call) => model.answer(serviceMs, call), told);
        log.answered(i, runtime.now() - arrivedAt);
      } catch (error) {
        log.failed(i, error, runtime.now() - arrivedAt);
      }
      if (log.settled === traffic.count) resolve();
    };
    void replay(runtime, traffic.at, (i) => void serve(i).catch(reject));
  });
}

/** Looks at the platform once per bin of the timeline, until all is settled. */
async function sample(spec: RunSpec, { runtime, log, platform }: Scene): Promise<void> {
  while (log.settled < spec.traffic.count) {
    const atMs = runtime.now();
    log.samples.push({ atMs, waiting: platform.waiting(), workers: platform.workers.alive });
    spec.onProgress?.({ settled: log.settled, inTime: log.inTime, nowMs: atMs });
    await runtime.sleep(BIN_MS);
  }
}

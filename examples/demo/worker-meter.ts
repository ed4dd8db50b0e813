/** Counts workers exactly: a worker costs from the moment it is started until it is gone. */
import type { Runtime } from 'tenfold';

/** How many workers a run used. */
export interface WorkerUse {
  readonly peak: number;
  readonly mean: number;
  readonly hours: number;
}

/** Sums worker time up at every change. */
export interface WorkerMeter {
  readonly alive: number;
  change(by: number): void;
  use(): WorkerUse;
}

const HOUR = 3_600_000;

/** Makes a meter that starts now with no worker. */
export function workerMeter(runtime: Runtime): WorkerMeter {
  const start = runtime.now();
  let alive = 0;
  let peak = 0;
  let workerMs = 0;
  let since = start;
  const catchUp = (): number => {
    const now = runtime.now();
    workerMs += alive * (now - since);
    since = now;
    return now - start;
  };
  return {
    get alive() {
      return alive;
    },
    change(by) {
      catchUp();
      alive += by;
      peak = Math.max(peak, alive);
    },
    use() {
      const elapsed = catchUp();
      return { peak, mean: elapsed > 0 ? workerMs / elapsed : alive, hours: workerMs / HOUR };
    },
  };
}

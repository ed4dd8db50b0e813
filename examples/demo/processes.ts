/**
 * Runs are independent of each other, so each core takes the next one, in a process of its own. What
 * a run comes to does not depend on where or when it was made; the caller hears of it by its place in
 * the plan.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { PlannedRun } from './plan.ts';
import type { FinishedRun, RunProgress } from './run.ts';
import { type Runner, runner, type Scenario } from './scenario.ts';

/** The argument that makes the entry module call `serveRuns` instead of the demo. */
export const SERVE_RUNS = 'serve-runs';

/** What a process is told: the scene first, then run after run. */
type Order =
  | { readonly kind: 'scenario'; readonly scenario: Scenario }
  | { readonly kind: 'run'; readonly plan: PlannedRun };

/** What a process answers: how its run goes on, that it is done, or what went wrong. */
type Answer =
  | { readonly kind: 'progress'; readonly progress: RunProgress }
  | { readonly kind: 'done'; readonly run: FinishedRun }
  | { readonly kind: 'bug'; readonly stack: string };

/** Hears of the runs as they go on, by their place in the plan. */
export interface RunListener {
  begins(index: number): void;
  progress(index: number, progress: RunProgress): void;
  done(index: number, run: FinishedRun): void;
}

/** More processes than this would only compete for memory. */
const MOST_PROCESSES = 8;

/** Makes all planned runs; `entry` is the module that calls `serveRuns` when asked to. */
export async function runAll(
  scenario: Scenario,
  planned: readonly PlannedRun[],
  { entry, listener }: { readonly entry: URL; readonly listener: RunListener },
): Promise<void> {
  const count = Math.min(availableParallelism(), planned.length, MOST_PROCESSES);
  let next = 0;
  const workOff = async (): Promise<void> => {
    const child = fork(fileURLToPath(entry), [SERVE_RUNS], { serialization: 'advanced' });
    try {
      tell(child, { kind: 'scenario', scenario });
      while (next < planned.length) {
        const index = next++;
        listener.begins(index);
        const onProgress = (progress: RunProgress): void => listener.progress(index, progress);
        listener.done(index, await ask(child, planned[index] as PlannedRun, onProgress));
      }
    } finally {
      child.kill('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: count }, workOff));
}

function tell(child: ChildProcess, order: Order): void {
  child.send(order);
}

function ask(
  child: ChildProcess,
  plan: PlannedRun,
  onProgress: (progress: RunProgress) => void,
): Promise<FinishedRun> {
  return new Promise((resolve, reject) => {
    const hear = (answer: Answer): void => {
      if (answer.kind === 'progress') return onProgress(answer.progress);
      child.off('message', hear);
      child.off('exit', died);
      if (answer.kind === 'done') resolve(answer.run);
      else reject(new Error(`a run failed: ${answer.stack}`));
    };
    const died = (code: number | null): void => reject(new Error(`a run ended with code ${code}`));
    child.on('message', hear);
    child.on('exit', died);
    tell(child, { kind: 'run', plan });
  });
}

/** The other side of `runAll`: makes every run it is told to, and ends with its parent. */
export function serveRuns(): void {
  let runs: Runner | undefined;
  const answer = (message: Answer): void => void process.send?.(message);
  const make = async (plan: PlannedRun): Promise<void> => {
    const run = await runs?.run(plan, (progress) => answer({ kind: 'progress', progress }));
    if (run) answer({ kind: 'done', run });
  };
  process.on('disconnect', () => process.exit());
  // Ctrl-C on a terminal reaches all processes; the parent says what is known and ends the others.
  process.on('SIGINT', () => undefined);
  process.on('message', (order: Order) => {
    if (order.kind === 'scenario') runs = runner(order.scenario);
    else make(order.plan).catch((bug: Error) => answer({ kind: 'bug', stack: bug.stack ?? '' }));
  });
}

/** What the demo has found out so far: complete at the end, partial when it is interrupted. */
import type { DemoOptions } from './options.ts';
import type { PlannedRun } from './plan.ts';
import type { FinishedRun } from './run.ts';
import type { Shares } from './tables.ts';

/** A growing collection of finished runs, always in the order planned. */
export interface Findings {
  /** The runs of the main table. */
  readonly runs: readonly FinishedRun[];
  /** What each guard brings, as far as known. */
  readonly shares: Shares | undefined;
  /** Adds the run at this place of the plan. */
  add(index: number, run: FinishedRun): void;
  /** The findings as `--json` prints them: no date, no duration, nothing but the outcome. */
  json(state: 'complete' | 'interrupted'): string;
}

/** Starts with nothing found. */
export function findings(options: DemoOptions, planned: readonly PlannedRun[]): Findings {
  const finished: (FinishedRun | undefined)[] = planned.map(() => undefined);
  const where = (isWanted: (plan: PlannedRun) => boolean): FinishedRun[] =>
    finished.filter((run, i): run is FinishedRun => {
      const plan = planned[i];
      return run !== undefined && plan !== undefined && isWanted(plan);
    });
  const shares = (): Shares | undefined => {
    const without = planned.flatMap(({ shareOf }, i) => {
      const result = finished[i]?.result;
      return shareOf === undefined || result === undefined ? [] : [{ guard: shareOf, result }];
    });
    const scale = without[0]?.result.scale;
    const [guarded] = where((plan) => plan.scale === scale && plan.label === 'guarded');
    return guarded === undefined ? undefined : { guarded: guarded.result, without };
  };
  return {
    get runs() {
      return where((plan) => plan.shareOf === undefined);
    },
    get shares() {
      return shares();
    },
    add(index, run) {
      finished[index] = run;
    },
    json(state) {
      const { seed, jitterMs, bad, speed, workerStartMs, maxWorkers, traces } = options;
      const settings = {
        seed,
        jitterMs,
        bad: bad ?? null,
        model: speed,
        workerStartMs,
        maxWorkers: maxWorkers ?? null,
        services: traces.map(({ service }) => service),
      };
      const results = where((plan) => plan.shareOf === undefined).map(({ result }) => result);
      const without = shares()?.without.map(({ result }) => result) ?? [];
      return `${JSON.stringify({ state, settings, results, without }, null, 2)}\n`;
    },
  };
}

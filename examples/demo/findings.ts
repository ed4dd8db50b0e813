/** What the demo has found out so far: complete at the end, partial when it is interrupted. */
import { GUARDS } from './guards.ts';
import type { DemoOptions } from './options.ts';
import type { PlannedRun } from './plan.ts';
import type { FinishedRun } from './run.ts';
import type { Shares } from './tables.ts';

/** A growing collection of finished runs, always in the order planned. */
export interface Findings {
  /** The runs of the main table. */
  readonly runs: readonly FinishedRun[];
  /** What each guard brings in each situation, as far as known. */
  readonly shares: readonly Shares[];
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
  /** Of a situation of which all runs are done: half a table compares nothing. */
  const sharesIn = (situation: PlannedRun): Shares[] => {
    const belongs = ({ scale, budget }: PlannedRun): boolean =>
      scale === situation.scale && budget === situation.budget;
    const [guarded] = where((plan) => plan === situation);
    const without = planned.flatMap((plan, i) => {
      const result = finished[i]?.result;
      const { shareOf } = plan;
      if (shareOf === undefined || result === undefined || !belongs(plan)) return [];
      return [{ guard: shareOf, result }];
    });
    return guarded === undefined || without.length < GUARDS.length
      ? []
      : [{ guarded: guarded.result, without }];
  };
  const shares = (): Shares[] =>
    planned
      .filter(({ shareOf, label }) => shareOf === undefined && label === 'guarded')
      .flatMap(sharesIn);
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
      const without = shares().flatMap((share) => share.without.map(({ result }) => result));
      return `${JSON.stringify({ state, settings, results, without }, null, 2)}\n`;
    },
  };
}

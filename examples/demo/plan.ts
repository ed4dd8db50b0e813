/** Which runs the demo makes, in which order. */
import { type Guard, GUARDS } from './guards.ts';
import type { DemoOptions } from './options.ts';
import type { WiringName } from './wirings.ts';

/** One run to be made. */
export interface PlannedRun {
  readonly scale: number;
  readonly wiring: WiringName;
  /** How the run is called in tables. */
  readonly label: string;
  readonly without: readonly Guard[];
  /** Share of the usual workers that an elastic pool may have: 1, or less where there is a budget. */
  readonly budget: number;
  /** Set where the run only shows what this guard brings. */
  readonly shareOf: Guard | undefined;
}

/** A budget of workers too small for the greatest load, where some guards are first called on. */
export const TIGHT_BUDGET = 0.5;

/**
 * Three wirings at every load, and at the greatest the two that scale with half the workers; then the
 * guarded one without each of its guards: at every load, but with half the workers at the greatest, where
 * more guards are called on and one table must do for the time it takes.
 */
export function plannedRuns(options: DemoOptions): PlannedRun[] {
  const { scales, without, shares, maxWorkers } = options;
  const guarded = ['guarded', ...without].join(' without ');
  const run = (scale: number, wiring: WiringName, budget = 1): PlannedRun => {
    const isGuarded = wiring === 'guarded';
    const label = isGuarded ? guarded : wiring;
    return { scale, wiring, label, without: isGuarded ? without : [], budget, shareOf: undefined };
  };
  const main = scales.flatMap((scale) => [
    run(scale, 'bare'),
    run(scale, 'elastic'),
    run(scale, 'guarded'),
  ]);
  const greatest = scales[scales.length - 1];
  if (!shares || greatest === undefined) return main;
  // Whoever says how many workers there may be has set a budget already.
  const hasTight = maxWorkers === undefined;
  const tight = hasTight ? [run(greatest, 'elastic', TIGHT_BUDGET)] : [];
  const tightGuarded = hasTight ? [run(greatest, 'guarded', TIGHT_BUDGET)] : [];
  const ample = hasTight && scales.length > 1 ? scales.slice(0, -1) : scales;
  const situations = [...ample.map((scale) => run(scale, 'guarded')), ...tightGuarded];
  return [...main, ...tight, ...tightGuarded, ...situations.flatMap(withoutEach)];
}

/** The guarded wiring in one situation, without each of its guards in turn. */
function withoutEach(situation: PlannedRun): PlannedRun[] {
  return GUARDS.map((guard) => ({
    ...situation,
    label: `guarded without ${guard}`,
    without: [guard],
    shareOf: guard,
  }));
}

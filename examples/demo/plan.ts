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
  /** Set where the run only shows what this guard brings. */
  readonly shareOf: Guard | undefined;
}

/** Three wirings at every load; then, at the greatest, the guarded one without each of its guards. */
export function plannedRuns(options: DemoOptions): PlannedRun[] {
  const { scales, without, shares } = options;
  const guarded = ['guarded', ...without].join(' without ');
  const main = scales.flatMap((scale): PlannedRun[] => [
    { scale, wiring: 'bare', label: 'bare', without: [], shareOf: undefined },
    { scale, wiring: 'elastic', label: 'elastic', without: [], shareOf: undefined },
    { scale, wiring: 'guarded', label: guarded, without, shareOf: undefined },
  ]);
  const greatest = scales[scales.length - 1];
  if (!shares || greatest === undefined) return main;
  const rest = GUARDS.map((guard): PlannedRun => ({
    scale: greatest,
    wiring: 'guarded',
    label: `guarded without ${guard}`,
    without: [guard],
    shareOf: guard,
  }));
  return [...main, ...rest];
}

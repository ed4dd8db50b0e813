// Judges measured figures against their goals and against bench/floors.json, where for each Node
// major and goal stand the goal (never lowered) and what was recorded when it last landed.
import { CLOCK_READ, type Goal, type Round } from './benchmark.ts';
import { median, spread } from './statistics.ts';

/** A measured goal. */
export interface Result {
  readonly id: string;
  readonly says: string;
  readonly unit: NonNullable<Goal['unit']>;
  /** The bound promised, and on which side of it the figure must lie. */
  readonly goal: number;
  readonly better: 'less' | 'more';
  /** The median of the rounds, in `unit`. */
  readonly value: number;
  /** What is recorded: the figure itself, or a multiple of the calibration. */
  readonly comparable: number;
  /** Interquartile range of the rounds as a share of the median. */
  readonly noise: number;
}

/** What a mode of measuring reached when it last landed. */
export interface Recorded {
  readonly comparable: number;
  readonly noise: number;
}

/** One goal in floors.json. */
export interface Floor {
  readonly goal: number;
  readonly better: 'less' | 'more';
  readonly full?: Recorded;
  readonly quick?: Recorded;
  readonly machine?: string;
  readonly node?: string;
  readonly date?: string;
}

/** floors.json: Node major → goal id → floor. */
export type Floors = Record<string, Record<string, Floor>>;

export type Mode = 'full' | 'quick';

/** A regression is worse than recorded by more than this share, or the noise if greater. */
export const TOLERANCE = 0.35;
/**
 * The same for times and rates. They are compared by the calibration of the run, which a neighbour on
 * the other half of a processor slows by another factor than memory-bound work (measured up to 1.5×).
 */
export const TOLERANCE_CALIBRATED = 0.6;
/** On another machine than the recorded one ratios themselves differ: the share is this instead. */
export const TOLERANCE_ELSEWHERE = 1;

/** The result of a goal from its figure in each round. */
export function judge(
  id: string,
  goal: Goal,
  values: readonly number[],
  rounds: readonly Round[],
): Result {
  const unit = goal.unit ?? 'ratio';
  const beside = rounds.map((round) => round[goal.calibration ?? CLOCK_READ] ?? NaN);
  const comparables = values.map((value, r) => comparable(value, unit, beside[r] ?? NaN));
  return {
    id,
    says: goal.says,
    unit,
    goal: goal.atMost ?? goal.atLeast ?? NaN,
    better: goal.atMost === undefined ? 'more' : 'less',
    value: median(values),
    comparable: median(comparables),
    noise: spread(comparables),
  };
}

function comparable(value: number, unit: Result['unit'], calibrationNs: number): number {
  if (unit === 'ns') return value / calibrationNs;
  if (unit === 'per second') return (value * calibrationNs) / 1e9;
  return value;
}

/** Whether the figure keeps the promise. */
export function met({ value, goal, better }: Pick<Result, 'value' | 'goal' | 'better'>): boolean {
  return better === 'less' ? value <= goal : value >= goal;
}

/** How many times worse than recorded: 1 is as recorded, 2 is twice as slow or half as many. */
export function worsening(result: Result, recorded: Recorded): number {
  const { comparable: now, better } = result;
  if (now === recorded.comparable) return 1;
  // Differences of times may be zero or negative: there no ratio has a meaning, only better or not.
  if (now <= 0 || recorded.comparable <= 0) {
    const worse = better === 'less' ? now > recorded.comparable : now < recorded.comparable;
    return worse && !met(result) ? Infinity : 1;
  }
  return better === 'less' ? now / recorded.comparable : recorded.comparable / now;
}

/** Whether the result is worse than its floor by more than noise, in the best of its measurements. */
export function regressed(
  results: readonly Result[],
  floor: Floor,
  mode: Mode,
  machine: string,
): boolean {
  const recorded = floor[mode];
  if (recorded === undefined || results.length === 0) return false;
  return results.every((result) => {
    const here = isCalibrated(result) ? TOLERANCE_CALIBRATED : TOLERANCE;
    const share = floor.machine === machine ? here : TOLERANCE_ELSEWHERE;
    return worsening(result, recorded) > 1 + Math.max(share, recorded.noise, result.noise);
  });
}

/** Whether the figure is recorded as a multiple of the calibration, an operation of another kind. */
function isCalibrated({ unit }: Result): boolean {
  return unit === 'ns' || unit === 'per second';
}

/** Whether the benchmark's goal asks for less than the floor's: goals are never lowered. */
export function loosened(result: Result, floor: Floor): boolean {
  if (result.better !== floor.better) return true;
  return floor.better === 'less' ? result.goal > floor.goal : result.goal < floor.goal;
}

/** The floor after recording several measurements of one goal: their median, and all their noise. */
export function record(
  results: readonly Result[],
  old: Floor | undefined,
  mode: Mode,
  where: Pick<Floor, 'machine' | 'node' | 'date'>,
): Floor {
  const [first] = results;
  if (first === undefined) throw new Error('nothing was measured');
  const values = results.map((result) => result.comparable);
  const between = (Math.max(...values) - Math.min(...values)) / Math.abs(median(values) || 1);
  const noise = Math.max(between, median(results.map((result) => result.noise)));
  const { goal, better } = first;
  const reached: Recorded = { comparable: rounded(median(values)), noise: rounded(noise) };
  const modes: Pick<Floor, Mode> = { ...old, [mode]: reached };
  const { full, quick } = modes;
  return { goal, better, ...(full && { full }), ...(quick && { quick }), ...where };
}

/** Three significant digits: more would only be noise in the diff. */
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

/** One goal a line, sorted, so that two branches seldom touch the same line. */
export function format(floors: Floors): string {
  const majors = Object.keys(floors).sort((a, b) => Number(a) - Number(b));
  const blocks = majors.map((major) => {
    const goals = Object.entries(floors[major] ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
    const lines = goals.map(([id, floor]) => `    ${JSON.stringify(id)}: ${JSON.stringify(floor)}`);
    return `  ${JSON.stringify(major)}: {\n${lines.join(',\n')}\n  }`;
  });
  return `{\n${blocks.join(',\n')}\n}\n`;
}

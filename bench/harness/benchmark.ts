// The form every file bench/<module>/<name>.bench.ts takes: its default export is a Benchmark.
// A benchmark yields rounds; a round is a table of figures; a goal is a formula over one round.

/** Figures of one round by name: nanoseconds per operation for a contender, anything for a metric. */
export type Round = Readonly<Record<string, number>>;

/** Reads a figure of the round; throws when the name is unknown. */
export type Figure = (name: string) => number;

/**
 * Names of the two calibrations that are part of every round, in nanoseconds:
 * one `performance.now()`, and one `await` of an async function that does nothing.
 */
export const CLOCK_READ = 'clock read';
export const BARE_AWAIT = 'bare await';

/** Something whose cost per operation is timed. */
export interface Contender {
  /** Whether each `run` is awaited. @default false */
  readonly async?: boolean;
  /** Operations that one `run` performs; the figure is divided by it. @default 1 */
  readonly batch?: number;
  /** Builds the contender, once, before the warm-up. */
  readonly setup: () => Prepared | Promise<Prepared>;
}

/** A contender ready to run. */
export interface Prepared {
  /** The operation timed, given the running number of the call. Its result is kept alive. */
  readonly run: (i: number) => unknown;
  readonly teardown?: () => void | Promise<void>;
}

/** What a figure is, which decides how it is recorded and printed. */
export type Unit =
  | 'ratio' // recorded as it is
  | 'ns' // recorded as a multiple of the calibration
  | 'per second' // recorded as the number done in one calibration's time
  | 'bytes' // recorded as it is
  | 'count'; // recorded as it is

/** One promise of the issue, measured. Exactly one of `atMost` and `atLeast` is given. */
export interface Goal {
  /** Name within this file; the full id is `<module>/<name>#<id>`. */
  readonly id: string;
  /** The promise in words. */
  readonly says: string;
  /** The figure, computed for each round. The median over the rounds counts. */
  readonly value: (figure: Figure) => number;
  readonly atMost?: number;
  readonly atLeast?: number;
  /** @default 'ratio' */
  readonly unit?: Unit;
  /** What an absolute figure is recorded against. @default the clock read */
  readonly calibration?: typeof CLOCK_READ | typeof BARE_AWAIT;
  /** Holds on this Node major only. @default every major */
  readonly nodeMajor?: number;
}

interface Described {
  /** What is asked, as a question. */
  readonly question: string;
  /** The decision in the code, or for the user, that the answer serves. */
  readonly decision: string;
  readonly goals?: readonly Goal[];
}

/** Contenders timed in interleaved rounds. The first is ours: ratios are printed against it. */
export interface Comparison extends Described {
  readonly contenders: Readonly<Record<string, Contender>>;
  /**
   * Gives each contender a process of its own (rounds still interleave). For variants of our own
   * code, whose shared call sites would otherwise see every variant's types. @default false
   */
  readonly apart?: boolean;
}

/** What a scenario may know of the run it is part of. */
export interface ScenarioContext {
  /** A short run was asked for: aim at a second in all. */
  readonly quick: boolean;
}

/** A run of any kind that returns figures: bytes per key, hit ratio, requests per real second. */
export interface Scenario extends Described {
  readonly measure: (context: ScenarioContext) => Round | Promise<Round>;
  /** How often it is measured; the median counts. @default 3, and 1 with --quick */
  readonly repeats?: number;
}

export type Benchmark = Comparison | Scenario;

/**
 * Arrivals: when the calls of a simulated load come, from a rate shape or from a recorded trace.
 */

import type { Runtime } from '../core/index.ts';
import { optionChecks } from '../core/index.ts';

/** A stretch of time at whose end the rate has changed, in a straight line, to `ratePerSecond`. */
export interface RateStage {
  /** Length in ms; 0 makes the rate jump. */
  readonly durationMs: number;
  /** Calls per second at the end of the stage; 0 or more. */
  readonly ratePerSecond: number;
}

export interface RateShape {
  /** Calls per second at time 0. @default 0 */
  readonly startPerSecond?: number;
  readonly stages: readonly RateStage[];
  /**
   * Makes the arrivals a Poisson process of this rate; without it they are evenly spaced. Take it
   * from `runtime.random('arrivals')`.
   */
  readonly random?: () => number;
}

/**
 * The arrival times of a rate shape, in ms from its start, ascending: the i-th call comes when the
 * area under the rate reaches i (as k6's ramping arrival rate, but nothing is dropped or delayed), or
 * the sum of i exponential draws where `random` is given.
 *
 * @throws OptionError for a negative, infinite or missing rate or duration
 */
export function* rateArrivals(shape: RateShape): Generator<number, void, void> {
  const check = optionChecks('rateArrivals');
  let from = check.nonNegative('startPerSecond', shape.startPerSecond ?? 0);
  const { random } = shape;
  const step = random === undefined ? (): number => 1 : (): number => -Math.log(1 - random());
  let startMs = 0;
  let due = step();
  for (const [index, stage] of shape.stages.entries()) {
    const seconds = check.nonNegative(`stages[${index}].durationMs`, stage.durationMs) / 1000;
    const to = check.nonNegative(`stages[${index}].ratePerSecond`, stage.ratePerSecond);
    const area = (seconds * (from + to)) / 2;
    for (; due <= area * (1 + ROUNDING); due += step()) {
      yield startMs + 1000 * timeOfArea(Math.min(due, area), { from, to, seconds });
    }
    due -= area;
    startMs += stage.durationMs;
    from = to;
  }
}

/** The last call of a stage falls on its end, where rounding may put it just behind. */
const ROUNDING = 1e-12;

/** Inverts the area under a straight line: seconds into the stage at which `area` calls have come. */
function timeOfArea(
  area: number,
  { from, to, seconds }: { from: number; to: number; seconds: number },
): number {
  if (from === to) return area / from;
  const slope = (to - from) / seconds;
  const root = Math.sqrt(Math.max(0, from * from + 2 * area * slope));
  return (root - from) / slope;
}

/** A trace made n times as heavy. */
export interface AmplifiedTrace {
  /** Arrival times in ms, ascending. */
  readonly times: Float64Array;
  /** For each of them, the index of the arrival it is a copy of. */
  readonly origins: Uint32Array;
}

export interface AmplifyOptions {
  /** How many copies each arrival becomes; a whole number of 1 or more. */
  readonly factor: number;
  /** Every copy moves by a uniform draw of ± this many ms; 0 keeps the times. @default 1000 */
  readonly jitterMs?: number;
  /** Where the draws come from: `runtime.random('jitter')`. */
  readonly random: () => number;
}

/**
 * Makes a recorded load n times as heavy without compressing time: every arrival comes `factor`
 * times, each copy moved a little, so that bursts stay bursts and daily shapes stay daily shapes. A
 * copy moved before the first arrival comes with it, at `times[0]`'s floor of 0 or that time.
 */
export function amplify(times: ArrayLike<number>, options: AmplifyOptions): AmplifiedTrace {
  const check = optionChecks('amplify');
  const factor = check.count('factor', options.factor);
  const jitterMs = check.nonNegative('jitterMs', options.jitterMs ?? 1000);
  const { random } = options;
  const earliest = Math.min(0, times.length > 0 ? (times[0] as number) : 0);
  const moved = new Float64Array(times.length * factor);
  for (let i = 0; i < moved.length; i++) {
    const offset = jitterMs === 0 ? 0 : (2 * random() - 1) * jitterMs;
    moved[i] = Math.max(earliest, (times[Math.floor(i / factor)] as number) + offset);
  }
  const order = new Uint32Array(moved.length).map((_, index) => index);
  order.sort((a, b) => (moved[a] as number) - (moved[b] as number) || a - b);
  return {
    times: Float64Array.from(order, (index) => moved[index] as number),
    origins: order.map((index) => Math.floor(index / factor)),
  };
}

/**
 * Lets calls arrive: calls `arrive(index)` at each of `times` (ms from now, ascending), on one alarm
 * however many there are. What `arrive` throws is reported, not thrown: an open load does not stop
 * because a call failed.
 *
 * @returns resolves when the last call has arrived (not when it has been answered)
 */
export function replay(
  runtime: Runtime,
  times: Iterable<number>,
  arrive: (index: number) => void,
): Promise<void> {
  const start = runtime.now();
  const iterator = times[Symbol.iterator]();
  let next = iterator.next();
  let index = 0;
  return new Promise((resolve) => {
    if (next.done === true) {
      resolve();
      return;
    }
    const alarm = {
      alarmId: -1,
      ring(now: number): void {
        try {
          arrive(index++);
        } catch (error) {
          runtime.report(error, 'replay: arrival');
        }
        next = iterator.next();
        if (next.done === true) resolve();
        else runtime.armAt(alarm, Math.max(now, start + next.value));
      },
    };
    runtime.armAt(alarm, start + next.value);
  });
}

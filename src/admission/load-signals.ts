/**
 * What tells of overload: signals of this process and of the caller's own, each against its target.
 */

import type { Runtime } from '../core/index.ts';
import { optionChecks } from '../core/index.ts';

/** A number that tells of load, and the number it should stay below. */
export interface LoadSignal {
  /** What it is called in refusals and reports. */
  readonly name: string;
  /** Where overload begins, in the signal's own unit; above 0. */
  readonly target: number;
  /** The number now; anything not finite is taken for no load. Asked once per control step. */
  readonly read: () => number;
}

/** Targets for what every process can tell of itself. */
export interface ProcessTargets {
  /** Mean delay of the event loop, in ms; above 0, Infinity ignores it. @default 30 */
  readonly eventLoopDelayMs?: number;
  /** Heap used over the heap's limit, above 0 and at most 1; Infinity ignores it. @default 0.9 */
  readonly heapRatio?: number;
  /** CPU time over elapsed time, 1 for one core; above 0. @default Infinity: it may be busy */
  readonly cpuRatio?: number;
}

/** The worst of some signals. */
export interface Pressure {
  /** Value over target; 1 and above is overload. */
  readonly ratio: number;
  /** The signal it is of. */
  readonly signal: string;
}

/** Reads all signals and answers with the worst. */
export type Gauge = () => Pressure;

const CALM: Pressure = Object.freeze({ ratio: 0, signal: 'nothing' });

/** Checks targets and signals of `factory` and makes the gauge of them all. */
export function gaugeOf(
  factory: string,
  { process = {}, signals = [] }: { process?: ProcessTargets; signals?: readonly LoadSignal[] },
  runtime: Runtime,
): Gauge {
  const check = optionChecks(factory);
  const range = { above: 0, infinite: true };
  const { eventLoopDelayMs = 30, heapRatio = 0.9, cpuRatio = Infinity } = process;
  optionChecks(`${factory}.process`).known(process, ['eventLoopDelayMs', 'heapRatio', 'cpuRatio']);
  check.number('process.eventLoopDelayMs', eventLoopDelayMs, range);
  check.number('process.heapRatio', heapRatio, range);
  check.number('process.cpuRatio', cpuRatio, range);
  signals.forEach(({ name, target, read }, i) => {
    check.text(`signals[${i}].name`, name);
    check.positive(`signals[${i}].target`, target);
    check.callable(`signals[${i}].read`, read);
  });
  return () => {
    const own = runtime.signals();
    const pressures = [
      { signal: 'event loop delay', ratio: own.eventLoopDelayMs / eventLoopDelayMs },
      { signal: 'heap', ratio: own.heapRatio / heapRatio },
      { signal: 'cpu', ratio: own.cpuRatio / cpuRatio },
      ...signals.map(({ name, target, read }) => ({ signal: name, ratio: read() / target })),
    ];
    return pressures
      .filter(({ ratio }) => Number.isFinite(ratio))
      .reduce((worst, one) => (one.ratio > worst.ratio ? one : worst), CALM);
  };
}

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
  /**
   * The number now; anything not finite, and a fault, is taken for no load. Asked once per control
   * step.
   */
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
  const { eventLoopDelayMs, heapRatio, cpuRatio } = checkedTargets(factory, process);
  const readings = checkedSignals(factory, signals).map((signal) => reading(signal, runtime));
  return () => {
    const own = runtime.signals();
    const pressures: Pressure[] = [
      { signal: 'event loop delay', ratio: own.eventLoopDelayMs / eventLoopDelayMs },
      { signal: 'heap', ratio: own.heapRatio / heapRatio },
      { signal: 'cpu', ratio: own.cpuRatio / cpuRatio },
      ...readings.map((read) => read()),
    ];
    return pressures.reduce((worst, one) => (one.ratio > worst.ratio ? one : worst), CALM);
  };
}

function checkedTargets(factory: string, targets: ProcessTargets): Required<ProcessTargets> {
  const check = optionChecks(`${factory}.process`);
  check.known(targets, ['eventLoopDelayMs', 'heapRatio', 'cpuRatio']);
  const { eventLoopDelayMs = 30, heapRatio = 0.9, cpuRatio = Infinity } = targets;
  if (heapRatio !== Infinity) check.number('heapRatio', heapRatio, { above: 0, max: 1 });
  return {
    eventLoopDelayMs: check.durationMs('eventLoopDelayMs', eventLoopDelayMs),
    heapRatio,
    cpuRatio: check.number('cpuRatio', cpuRatio, { above: 0, infinite: true }),
  };
}

function checkedSignals(factory: string, signals: readonly LoadSignal[]): readonly LoadSignal[] {
  const check = optionChecks(factory);
  if (!Array.isArray(signals)) check.refuse('signals', 'a list of signals', signals);
  signals.forEach((signal, i) => {
    optionChecks(`${factory}.signals[${i}]`).known(signal, ['name', 'target', 'read']);
    check.text(`signals[${i}].name`, signal.name);
    check.positive(`signals[${i}].target`, signal.target);
    check.callable(`signals[${i}].read`, signal.read);
  });
  return signals;
}

/** Reads one signal; one that throws says nothing, and is reported once until it reads well again. */
function reading({ name, target, read }: LoadSignal, runtime: Runtime): () => Pressure {
  let isWell = true;
  return () => {
    try {
      const ratio = read() / target;
      isWell = true;
      return Number.isFinite(ratio) ? { signal: name, ratio } : CALM;
    } catch (error) {
      if (isWell) runtime.report(error, `signal '${name}'`);
      isWell = false;
      return CALM;
    }
  };
}

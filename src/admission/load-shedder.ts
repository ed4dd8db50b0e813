/**
 * Load shedding: when the process can no longer keep up, turn part of the load away at the door, the
 * least important first, so that what is let in is served in time.
 *
 * Nothing runs while nobody asks: the first call in a new interval reads the signals and takes the
 * controller's step.
 */

import type { Call, Door, Entry, EventSource, Policy, Staged } from '../core/index.ts';
import { ADMITTED, flightRunner, OptionError, optionChecks, STAGE } from '../core/index.ts';
import { Gate, GATE_OPTIONS, NO_CALL } from './gate.ts';
import type { Counts, GateOptions, LimiterEvents } from './limiter.ts';
import type { Gauge, LoadSignal, Pressure, ProcessTargets } from './load-signals.ts';
import { gaugeOf } from './load-signals.ts';
import type { ShedTuning } from './shed-controller.ts';
import { ShedController } from './shed-controller.ts';
import { Arrivals, ShedPlan } from './shed-plan.ts';

/** Options of {@link loadShedder}. */
export interface LoadShedderOptions extends GateOptions {
  /** What this process may carry: delay of its event loop, heap, CPU. */
  readonly process?: ProcessTargets;
  /** Signals of your own: age of a queue, use of a connection pool. @default none */
  readonly signals?: readonly LoadSignal[];
  /** Time between two control steps, in ms; above 0. @default 100 */
  readonly intervalMs?: number;
  /** Share of the load that is let in however bad it looks, above 0 and at most 1. @default 0.01 */
  readonly leastRatio?: number;
  /** Shedding ends below this share of the targets, above 0 and at most 1. @default 0.7 */
  readonly calmRatio?: number;
  /** Relative change of the admitted share per step and unit of error; above 0. @default 0.2 */
  readonly integral?: number;
  /** Relative change of the admitted share per change of the error; 0 or more. @default 0.5 */
  readonly proportional?: number;
}

/** What a load shedder tells its listeners. */
export interface ShedEvents extends LimiterEvents {
  /** Shedding has begun or ended. */
  shedding: { readonly isShedding: boolean; readonly pressure: Pressure };
}

/** A door that turns away what cannot be carried. */
export interface LoadShedder extends Policy, Staged, EventSource<ShedEvents> {
  readonly name: string;
  /** Passes or refuses (`ERR_OVERLOADED`); never waits. */
  tryEnter(call?: Call): Entry;
  snapshot(): ShedSnapshot;
}

/** How a load shedder stands. */
export interface ShedSnapshot extends Counts {
  readonly name: string;
  readonly isShedding: boolean;
  /** Share of the load let in, 0–1. */
  readonly admittedRatio: number;
  /** Calls less urgent than this are refused; -Infinity where none are for that alone. */
  readonly edge: number;
  /** The worst signal at the last step. */
  readonly pressure: Pressure;
}

/**
 * Sheds load by priority, then by tenant, as signals pass their targets.
 *
 * ```ts
 * import { loadShedder } from 'tenfold/admission';
 *
 * let oldestMs = 0; // whatever you know of your queue
 * const shedder = loadShedder({
 *   process: { eventLoopDelayMs: 50 },
 *   signals: [{ name: 'queue age', target: 200, read: () => oldestMs }],
 * });
 * const answer: string = await shedder.run(async () => 'hello', { priority: 2, tenant: 'acme' });
 * ```
 *
 * @throws OptionError when an option is out of range
 */
export function loadShedder(options: LoadShedderOptions = {}): LoadShedder {
  const check = optionChecks('loadShedder');
  check.known(options, [
    ...GATE_OPTIONS,
    'process',
    'signals',
    'intervalMs',
    'leastRatio',
    'calmRatio',
    'integral',
    'proportional',
  ]);
  const share = { above: 0, max: 1 };
  const tuning: ShedTuning = {
    integral: check.positive('integral', options.integral ?? 0.2),
    proportional: check.nonNegative('proportional', options.proportional ?? 0.5),
    leastRatio: check.number('leastRatio', options.leastRatio ?? 0.01, share),
    calmRatio: check.number('calmRatio', options.calmRatio ?? 0.7, share),
  };
  const shedder = new Shedder(options, tuning);
  return {
    name: shedder.name,
    tryEnter: (call = NO_CALL) => shedder.enter(call, shedder.runtime.now()),
    run: flightRunner([shedder]),
    on: (name, listener) => shedder.events.on(name, listener),
    snapshot: () => shedder.snapshot(),
    [STAGE]: shedder,
  };
}

/** While nothing is shed, one call in so many is counted: enough to know whom to shed first. */
const CALM_SAMPLE = 8;
/** Fewer arrivals say too little of who comes. */
const ENOUGH_ARRIVALS = 200;
/** After so many intervals without a call nothing known still holds. */
const FORGET_INTERVALS = 100;

class Shedder extends Gate<ShedEvents> implements Door {
  private readonly gauge: Gauge;
  private readonly controller: ShedController;
  private readonly intervalMs: number;
  private readonly random: () => number;
  /** Who comes, and who came before. */
  private arrivals = new Arrivals();
  private known = this.arrivals;
  private plan = ShedPlan.of(new Arrivals(), 1);
  private pressure: Pressure = { ratio: 0, signal: 'nothing' };
  private nextAt = -Infinity;
  private calls = 0;

  constructor(options: LoadShedderOptions, tuning: ShedTuning) {
    super('loadShedder', options);
    this.gauge = gaugeOf('loadShedder', options, this.runtime);
    this.controller = new ShedController(tuning);
    const check = optionChecks('loadShedder');
    this.intervalMs = check.positive('intervalMs', options.intervalMs ?? 100);
    this.random = this.runtime.random('load shedder');
  }

  enter(call: Call, at: number): Entry {
    if (this.exempt !== undefined && this.exempt(call)) return this.letPass();
    const { priority = 0, tenant = '' } = call;
    if (typeof priority !== 'number' || priority !== priority) {
      throw new OptionError(`${this.name}: call.priority`, 'a number', call.priority);
    }
    const now = this.now(at);
    if (now >= this.nextAt) this.step(now);
    const { isShedding } = this.controller;
    if (isShedding || this.calls++ % CALM_SAMPLE === 0) this.arrivals.add(priority, tenant);
    if (!isShedding) {
      this.admitted++;
      return ADMITTED;
    }
    const chance = this.plan.chanceOf(priority, tenant);
    if (chance < 1 && (chance === 0 || this.random() >= chance)) return this.shed(call);
    this.admitted++;
    return ADMITTED;
  }

  snapshot(): ShedSnapshot {
    const { isShedding, admittedRatio } = this.controller;
    const edge = isShedding ? this.plan.edge : -Infinity;
    return {
      name: this.name,
      isShedding,
      admittedRatio,
      edge,
      pressure: this.pressure,
      ...this.counts(),
    };
  }

  private step(now: number): void {
    const { controller, arrivals, intervalMs } = this;
    const wasShedding = controller.isShedding;
    if (now - this.nextAt > FORGET_INTERVALS * intervalMs) controller.reset();
    this.nextAt = now + intervalMs;
    this.pressure = this.gauge();
    controller.step(this.pressure.ratio);
    if (arrivals.total >= ENOUGH_ARRIVALS) {
      this.known = arrivals;
      this.arrivals = new Arrivals();
    }
    if (controller.isShedding) this.plan = ShedPlan.of(this.known, controller.admittedRatio);
    const { isShedding } = controller;
    if (isShedding !== wasShedding && this.events.has('shedding')) {
      this.events.emit('shedding', { isShedding, pressure: this.pressure });
    }
  }

  private shed(call: Call): Entry {
    const { ratio, signal } = this.pressure;
    const percent = Math.round(100 * (1 - this.controller.admittedRatio));
    const message = `shedding ${percent} % of the load: ${signal} is at ${ratio.toFixed(2)} of its target`;
    return this.turnAway(call, { code: 'ERR_OVERLOADED', message }, this.intervalMs);
  }
}

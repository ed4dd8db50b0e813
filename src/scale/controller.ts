/**
 * The controller: drives an engine in time. It reads the sources, lets the engine decide, has the
 * actuator carry it out and keeps a record. All judgement lies in the engine.
 */

import type { Alarm, Emitter, EventSource, Listener, Runtime } from '../core/index.ts';
import { emitter, optionChecks, systemRuntime } from '../core/index.ts';
import type { Decision } from './decision.ts';
import type { EngineState } from './engine-state.ts';
import { checkedState } from './engine-state.ts';
import type { ScalingEngine } from './engine.ts';
import { requireMethod, requireObject } from './plug-ins.ts';
import type { Actuator, Source } from './ports.ts';
import { fleetOf } from './ports.ts';
import type { Reading } from './sample.ts';
import type { ScalingPoint, ScalingSeries, SeriesKeeper } from './series.ts';
import { seriesKeeper } from './series.ts';
import type { Observations } from './situation.ts';
import { withinMs } from './within.ts';

export interface ControllerOptions {
  readonly engine: ScalingEngine;
  /** The metrics the engine's policies name. */
  readonly sources: Readonly<Record<string, Source>>;
  readonly actuator: Actuator;
  /** Time between decisions, in ms; above 0. @default 5_000 */
  readonly everyMs?: number;
  /** Time a source or the actuator may take to answer, in ms; above 0. @default everyMs */
  readonly answerMs?: number;
  /** Decisions kept for `recent()`; 1 or more. @default 256 */
  readonly keep?: number;
  /** Span of one point of `series()`, in ms; above 0. The last `keep` points are kept. @default 60_000 */
  readonly pointMs?: number;
  /** What a unit costs for an hour, for the figures; 0 or more. @default 0 */
  readonly unitPerHour?: number;
  /** State of an engine of the same options, to go on from. @default a fresh start */
  readonly state?: EngineState;
  /** @default 'controller' */
  readonly name?: string;
  readonly runtime?: Runtime;
}

/** What a controller says as it goes. */
export interface ControllerEvents {
  /** Every decision. */
  decided: Decision;
  /** Every decision that changed the fleet, once the actuator has taken it. */
  applied: Decision;
}

/** A decision, and what it was made from. */
export interface DecisionRecord {
  readonly decision: Decision;
  readonly before: EngineState | undefined;
  readonly observations: Observations;
}

export interface Controller extends EventSource<ControllerEvents>, AsyncDisposable {
  /** Decides now, besides the regular ticks. Undefined when the fleet cannot be read, or when closed. */
  tick(): Promise<Decision | undefined>;
  /** The last decisions, oldest first. */
  recent(): readonly DecisionRecord[];
  /** Figures on how well scaling works, since the beginning. */
  snapshot(): ScalingSeries;
  /** The same figures span by span, oldest first, for curves and for what goes wrong just now. */
  series(): readonly ScalingPoint[];
  /** The engine's state, for another controller to go on from. */
  state(): EngineState | undefined;
  /** Changes the engine or the pace from the next tick on; plug-ins keep their state by name. */
  update(changes: { readonly engine?: ScalingEngine; readonly everyMs?: number }): void;
  /** Ends the ticking once a tick under way has ended. Leaves the fleet as it is. */
  close(): Promise<void>;
}

/**
 * Makes a controller and arms its first tick, `everyMs` from now, by an alarm that keeps no process
 * alive. Ticks never overlap.
 *
 * @throws OptionError (`ERR_OPTION`) for an option out of range
 */
export function controller(options: ControllerOptions): Controller {
  const check = optionChecks('controller');
  check.known(options, [
    'engine',
    'sources',
    'actuator',
    'everyMs',
    'answerMs',
    'keep',
    'pointMs',
    'unitPerHour',
    'state',
    'name',
    'runtime',
  ]);
  const { name = 'controller', runtime = systemRuntime(), everyMs = 5_000 } = options;
  requireMethod(check, 'runtime', runtime, 'now');
  requireMethod(check, 'engine', options.engine, 'decide');
  requireObject(check, 'sources', options.sources);
  for (const [metric, source] of Object.entries(options.sources)) {
    requireMethod(check, `sources.${metric}`, source, 'read');
  }
  if (options.state !== undefined) checkedState('controller.state', options.state);
  requireMethod(check, 'actuator', options.actuator, 'current');
  requireMethod(check, 'actuator', options.actuator, 'apply');
  return new TickingController({
    ...options,
    everyMs: check.positive('everyMs', everyMs),
    answerMs: check.positive('answerMs', options.answerMs ?? everyMs),
    keep: check.count('keep', options.keep ?? 256),
    pointMs: check.positive('pointMs', options.pointMs ?? 60_000),
    unitPerHour: check.nonNegative('unitPerHour', options.unitPerHour ?? 0),
    name: check.text('name', name),
    runtime,
  });
}

type Settings = ControllerOptions &
  Required<
    Pick<
      ControllerOptions,
      'everyMs' | 'answerMs' | 'keep' | 'pointMs' | 'unitPerHour' | 'name' | 'runtime'
    >
  >;

type NamedReading = readonly [metric: string, reading: Reading | undefined];

class TickingController implements Controller, Alarm {
  alarmId = -1;
  readonly background = true;
  private readonly settings: Settings;
  private readonly events: Emitter<ControllerEvents>;
  private readonly records: DecisionRecord[] = [];
  private readonly figures: SeriesKeeper;
  private engine: ScalingEngine;
  private everyMs: number;
  private current: EngineState | undefined;
  private running: Promise<Decision | undefined> | undefined;
  private closed = false;

  constructor(settings: Settings) {
    this.settings = settings;
    this.engine = settings.engine;
    this.everyMs = settings.everyMs;
    this.current = settings.state;
    this.figures = seriesKeeper(settings.unitPerHour, settings.pointMs, settings.keep);
    this.events = emitter<ControllerEvents>(settings.runtime, settings.name);
    settings.runtime.arm(this, this.everyMs);
  }

  on<Name extends keyof ControllerEvents>(
    name: Name,
    listener: Listener<ControllerEvents[Name]>,
  ): Disposable {
    return this.events.on(name, listener);
  }

  ring(now: number): void {
    this.settings.runtime.armAt(this, now + this.everyMs);
    void this.tick();
  }

  tick(): Promise<Decision | undefined> {
    if (this.closed) return Promise.resolve(undefined);
    this.running ??= this.turn().finally(() => (this.running = undefined));
    return this.running;
  }

  recent(): readonly DecisionRecord[] {
    return [...this.records];
  }

  snapshot(): ScalingSeries {
    return this.figures.snapshot();
  }

  series(): readonly ScalingPoint[] {
    return this.figures.points();
  }

  state(): EngineState | undefined {
    return this.current;
  }

  update(changes: { readonly engine?: ScalingEngine; readonly everyMs?: number }): void {
    const check = optionChecks('controller');
    check.known(changes, ['engine', 'everyMs']);
    if (changes.engine !== undefined) {
      requireMethod(check, 'engine', changes.engine, 'decide');
      this.engine = changes.engine;
    }
    if (changes.everyMs === undefined) return;
    this.everyMs = check.positive('everyMs', changes.everyMs);
    if (!this.closed) this.settings.runtime.arm(this, this.everyMs);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.settings.runtime.disarm(this);
    await this.running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async turn(): Promise<Decision | undefined> {
    const { actuator, runtime, name } = this.settings;
    try {
      const readings = this.read();
      const fleet = await this.answer(() => actuator.current(), 'actuator.current');
      const metrics = Object.fromEntries(await Promise.all(readings));
      const observations = { fleet, metrics, wallTimeMs: runtime.wallTime() };
      const before = this.current;
      const { decision, state } = this.engine.decide(before, observations, runtime.now());
      this.current = state;
      this.keep({ decision, before, observations });
      for (const fault of decision.faults) runtime.report(new Error(fault), name);
      if (this.events.has('decided')) this.events.emit('decided', decision);
      const taken = decision.desired === decision.previous || (await this.apply(decision));
      const startUpMs = state.startUps?.planMs ?? this.everyMs;
      this.figures.note(decision, fleetOf(fleet), startUpMs, taken);
      return taken ? decision : undefined;
    } catch (error) {
      runtime.report(error, name);
      return undefined;
    }
  }

  private read(): Promise<NamedReading>[] {
    const { sources, runtime } = this.settings;
    const now = runtime.now();
    return Object.entries(sources).map(([metric, source]) => this.readOne(metric, source, now));
  }

  private async readOne(metric: string, source: Source, now: number): Promise<NamedReading> {
    try {
      return [metric, await this.answer(() => source.read(now), `source ${metric}`)];
    } catch (error) {
      this.settings.runtime.report(error, `${this.settings.name}: source ${metric}`);
      return [metric, { value: NaN, quality: 'error', note: String(error) }];
    }
  }

  /** Whether the actuator took it. */
  private async apply(decision: Decision): Promise<boolean> {
    const { actuator, runtime, name } = this.settings;
    try {
      await this.answer(() => actuator.apply(decision.desired, decision), 'actuator.apply');
    } catch (error) {
      runtime.report(error, name);
      return false;
    }
    if (this.events.has('applied')) this.events.emit('applied', decision);
    return true;
  }

  private answer<T>(ask: () => T | PromiseLike<T>, who: string): Promise<T> {
    const { runtime, answerMs, name } = this.settings;
    return withinMs(runtime, answerMs, `${name}: ${who}`, ask);
  }

  private keep(record: DecisionRecord): void {
    this.records.push(record);
    if (this.records.length > this.settings.keep) this.records.shift();
  }
}

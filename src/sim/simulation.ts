/**
 * The engine of virtual time: rings one alarm after the other, empties the microtask queue after
 * each, and gives the real event loop its turn now and then.
 */

import type { Alarm, EventLoop, ProcessSignals, WaitingParty } from '../core/index.ts';
import {
  alarmHeap,
  eventLoop,
  optionChecks,
  seededRandom,
  sleepOn,
  systemRuntime,
  TimeoutError,
} from '../core/index.ts';
import { EndlessLoopError, StalledError } from './errors.ts';
import type { Fault, VirtualRuntime, VirtualRuntimeOptions } from './types.ts';
import { escape, watchdog } from './watchdog.ts';

/** Makes the runtime from options already checked. */
export function simulation(options: Required<VirtualRuntimeOptions>): VirtualRuntime {
  return new Simulation(options);
}

/** Alarms per slice: after so many, I/O, signals and unhandled rejections get their turn. */
const SLICE_ALARMS = 8192;
/** A slice of slow work ends sooner, so that the watchdog only ever sees loops. */
const SLICE_MS = 50;
const ALARMS_PER_CLOCK_READ = 64;
/** Alarms at one instant that count as endless. */
const INSTANT_LIMIT = 10_000_000;

type End = 'done' | 'limit' | 'stalled';

/** What a drive is after: a program's end, an instant, or idleness. */
interface Goal {
  reached(): boolean;
  readonly until: number;
  /** True when running out of foreground alarms is a standstill. */
  readonly mustEnd: boolean;
}

class Simulation implements VirtualRuntime {
  readonly seed: number | string;
  readonly faults: Fault[] = [];
  private readonly options: Required<VirtualRuntimeOptions>;
  private readonly alarms = alarmHeap();
  private readonly loop: EventLoop = eventLoop();
  private readonly drain: EventLoop['drain'];
  private readonly dog = watchdog();
  private readonly real = systemRuntime();
  private readonly streams = new Map<string, number>();
  private readonly parties: WaitingParty[] = [];
  private time: number;
  private current: ProcessSignals = { eventLoopDelayMs: 0, cpuRatio: 0, heapRatio: 0 };
  private driving = false;
  /** Promises of the outside world that time waits for, and who to wake after them. */
  private outsiders = 0;
  private wake: (() => void) | undefined = undefined;
  /** Alarms rung since time last passed, and when something other than housekeeping was armed. */
  private rungNow = 0;
  private busyAt: number;

  constructor(options: Required<VirtualRuntimeOptions>) {
    this.options = options;
    this.seed = options.seed;
    this.time = options.startMs;
    this.busyAt = options.startMs;
    this.drain = options.drain === 'auto' ? this.loop.drain : undefined;
  }

  now(): number {
    return this.time;
  }

  wallTime(): number {
    return this.options.wallStartMs + this.time - this.options.startMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  yield(): Promise<void> {
    return sleepOn(this, 0);
  }

  arm(alarm: Alarm, ms: number): void {
    this.alarms.arm(alarm, this.time + ms);
  }

  armAt(alarm: Alarm, at: number): void {
    this.alarms.arm(alarm, at);
  }

  disarm(alarm: Alarm): void {
    this.alarms.disarm(alarm);
  }

  timeoutSignal(ms: number): AbortSignal {
    const controller = new AbortController();
    const ring = (): void => controller.abort(new TimeoutError(`no answer within ${ms} ms`, ms));
    this.arm({ alarmId: -1, background: true, ring }, ms);
    return controller.signal;
  }

  random(name: string): () => number {
    const nth = (this.streams.get(name) ?? 0) + 1;
    this.streams.set(name, nth);
    return seededRandom(`${this.seed}/${name}/${nth}`);
  }

  report(error: unknown, origin: string): void {
    this.faults.push({ error, origin, at: this.time });
  }

  signals(): ProcessSignals {
    return this.current;
  }

  script(signals: Partial<ProcessSignals>): void {
    this.current = { ...this.current, ...signals };
  }

  async outside<T>(promise: PromiseLike<T>): Promise<T> {
    this.outsiders++;
    try {
      return await promise;
    } finally {
      this.outsiders--;
      if (this.outsiders === 0 && this.wake !== undefined) this.loop.nextTurn(this.wake);
    }
  }

  enrol(party: WaitingParty): void {
    this.parties.push(party);
  }

  async run<T>(program: () => T | PromiseLike<T>): Promise<T> {
    let ended = false;
    let result: Promise<T> | undefined;
    const start = async (): Promise<T> => {
      try {
        return await program();
      } finally {
        ended = true;
      }
    };
    const ring = (): void => {
      result = start();
      result.catch(() => undefined); // whoever awaits run is told
    };
    this.alarms.arm({ alarmId: -1, ring }, this.time);
    const end = await this.drive({ reached: () => ended, until: Infinity, mustEnd: true });
    if (end === 'stalled') throw new StalledError(this.time, this.describeWaiting());
    return result as Promise<T>;
  }

  async advance(ms: number): Promise<void> {
    const until = this.time + optionChecks('virtualRuntime').nonNegative('advance', ms);
    await this.drive({ reached: () => false, until, mustEnd: false });
    this.time = until;
  }

  async runToIdle(): Promise<void> {
    const idle = (): boolean => this.alarms.foreground === 0;
    await this.drive({ reached: idle, until: Infinity, mustEnd: false });
  }

  private async drive(goal: Goal): Promise<End> {
    if (this.driving) {
      throw new Error('this virtual runtime is already running; inside a run, use sleep');
    }
    this.driving = true;
    this.busyAt = this.time;
    try {
      return await new Promise<End>((resolve, reject) => {
        const turn = (): void => {
          this.wake = this.outsiders > 0 ? turn : undefined;
          if (this.outsiders > 0) return;
          let end: End | 'cut' | undefined;
          try {
            end = this.slice(goal);
          } catch (error) {
            reject(error);
            return;
          }
          if (end === undefined) this.loop.nextTurn(turn);
          else if (end === 'cut') escape(this.endless(), reject);
          else resolve(end);
        };
        this.loop.nextTurn(turn);
      });
    } finally {
      this.driving = false;
    }
  }

  /** Rings alarms until the goal is reached, others should have a turn (undefined), or the watchdog bites. */
  private slice(goal: Goal): End | 'cut' | undefined {
    const { drain } = this;
    if (drain === undefined) return this.step(goal);
    let end: End | undefined;
    const finished = this.dog.watch(() => {
      end = this.ringMany(goal, drain);
    }, this.options.stuckAfterMs);
    return finished ? end : 'cut';
  }

  private endless(): EndlessLoopError {
    const seconds = this.options.stuckAfterMs / 1000;
    return new EndlessLoopError(
      this.time,
      `microtasks have been running for ${seconds} real seconds`,
    );
  }

  private ringMany(goal: Goal, drain: () => void): End | undefined {
    const endAt = this.real.now() + SLICE_MS;
    drain();
    for (let rung = 1; rung <= SLICE_ALARMS; rung++) {
      const end = this.step(goal);
      if (end !== undefined) return end;
      if (this.outsiders > 0) return undefined;
      drain();
      if (rung % ALARMS_PER_CLOCK_READ === 0 && this.real.now() > endAt) return undefined;
    }
    return undefined;
  }

  /** Rings the next alarm, or says why not. */
  private step(goal: Goal): End | undefined {
    if (goal.reached()) return 'done';
    const at = this.alarms.nextAt();
    if (at > goal.until) return 'limit';
    if (at === Infinity) return 'stalled';
    if (this.alarms.foreground > 0) this.busyAt = this.time;
    else if (goal.mustEnd && at - this.busyAt > this.options.idleLimitMs) return 'stalled';
    if (at > this.time) {
      this.time = at;
      this.rungNow = 0;
    } else if (++this.rungNow > INSTANT_LIMIT) {
      throw new EndlessLoopError(this.time, `${INSTANT_LIMIT} alarms rang at this instant`);
    }
    this.alarms.popDue(at)?.ring(this.time);
    return undefined;
  }

  private describeWaiting(): string[] {
    return this.parties.map((party) => party.waiting()).filter((line) => line !== undefined);
  }
}

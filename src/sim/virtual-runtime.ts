/**
 * Virtual time: a runtime whose clock jumps from alarm to alarm.
 *
 * Real asynchronous code runs on it unchanged and deterministically: an alarm rings, everything it
 * set off runs to the end, the clock moves on. An hour of traffic takes seconds. (The idea is that
 * of FoundationDB's simulator and of madsim; here promises and the library's own alarms are all
 * there is to schedule.)
 */

import type { Alarm, ProcessSignals, Runtime, WaitingParty } from '../core/index.ts';
import {
  alarmHeap,
  optionChecks,
  seededRandom,
  sleepOn,
  systemRuntime,
  TimeoutError,
} from '../core/index.ts';
import { EndlessLoopError, StalledError } from './errors.ts';
import type { Drain } from './turn.ts';
import { findDrain, nextTurn, watchdog } from './turn.ts';

export interface VirtualRuntimeOptions {
  /** Seeds every random stream. @default 1 */
  readonly seed?: number | string;
  /** Where `now()` begins, in ms. @default 0 */
  readonly startMs?: number;
  /** Where `wallTime()` begins, epoch ms. @default 2026-01-01T00:00:00Z */
  readonly wallStartMs?: number;
  /** Real milliseconds after which work that lets no virtual time pass counts as endless. @default 10_000 */
  readonly stuckAfterMs?: number;
  /** Virtual milliseconds of nothing but housekeeping after which a program counts as stalled. @default 86_400_000 */
  readonly idleLimitMs?: number;
  /** `turn` gives each alarm a turn of the event loop even where a faster way is there. @default 'auto' */
  readonly drain?: 'auto' | 'turn';
}

/** What a listener, a classifier or a background task threw. */
export interface Fault {
  readonly error: unknown;
  readonly origin: string;
  readonly at: number;
}

/** A runtime in virtual time. One run at a time. */
export interface VirtualRuntime extends Runtime {
  readonly seed: number | string;
  /** Everything that was reported, in order. */
  readonly faults: readonly Fault[];
  /**
   * Runs `program` to its end, letting virtual time pass whenever everybody waits.
   *
   * @returns what the program returns
   * @throws StalledError (`ERR_STALLED`) when nothing is left that could wake it: says who waits
   * @throws EndlessLoopError (`ERR_ENDLESS_LOOP`) when work goes on and time does not
   */
  run<T>(program: () => T | PromiseLike<T>): Promise<T>;
  /** Lets `ms` virtual milliseconds pass, and all that is due in them happen. */
  advance(ms: number): Promise<void>;
  /** Lets time pass until nothing but housekeeping (background alarms) is armed. */
  runToIdle(): Promise<void>;
  /** Sets what `signals()` answers from now on; what is not named stays. */
  script(signals: Partial<ProcessSignals>): void;
}

/**
 * Makes a runtime in virtual time.
 *
 * ```ts
 * import { virtualRuntime } from 'tenfold/sim';
 *
 * const runtime = virtualRuntime({ seed: 7 });
 * await runtime.run(() => runtime.sleep(3_600_000)); // an hour, at once
 * console.log(runtime.now()); // 3600000
 * ```
 */
export function virtualRuntime(options: VirtualRuntimeOptions = {}): VirtualRuntime {
  const check = optionChecks('virtualRuntime');
  check.known(options, ['seed', 'startMs', 'wallStartMs', 'stuckAfterMs', 'idleLimitMs', 'drain']);
  return new Simulation({
    seed: options.seed ?? 1,
    startMs: check.number('startMs', options.startMs ?? 0),
    wallStartMs: check.number('wallStartMs', options.wallStartMs ?? Date.UTC(2026, 0, 1)),
    stuckAfterMs: check.count('stuckAfterMs', options.stuckAfterMs ?? 10_000),
    idleLimitMs: check.positive('idleLimitMs', options.idleLimitMs ?? 86_400_000),
    drain: check.oneOf('drain', options.drain ?? 'auto', ['auto', 'turn']),
  });
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
  private readonly drain: Drain | undefined;
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
    this.drain = options.drain === 'auto' ? findDrain() : undefined;
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
      if (this.outsiders === 0 && this.wake !== undefined) nextTurn(this.wake);
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
    const until = this.time + ms;
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
          try {
            const end = this.slice(goal);
            if (end === undefined) nextTurn(turn);
            else resolve(end);
          } catch (error) {
            reject(error as Error);
          }
        };
        nextTurn(turn);
      });
    } finally {
      this.driving = false;
    }
  }

  /** Rings alarms until the goal is reached or others should have a turn (undefined). */
  private slice(goal: Goal): End | undefined {
    if (this.drain === undefined) return this.step(goal);
    let end: End | undefined;
    const finished = this.dog.watch(() => {
      end = this.ringMany(goal, this.drain as Drain);
    }, this.options.stuckAfterMs);
    if (!finished) {
      const seconds = this.options.stuckAfterMs / 1000;
      throw new EndlessLoopError(
        this.time,
        `microtasks have been running for ${seconds} real seconds`,
      );
    }
    return end;
  }

  private ringMany(goal: Goal, drain: Drain): End | undefined {
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

/**
 * The real runtime. This is the only file of the library that names the real clock, the real timers
 * and the real random source.
 */

// Imported, since the global of that name is a getter, which costs a quarter of every reading.
import { monitorEventLoopDelay, performance, type IntervalHistogram } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Alarm } from './alarm.ts';
import { alarmHeap } from './alarm.ts';
import { TimeoutError } from './errors.ts';
import type { ProcessSignals, Runtime } from './runtime.ts';
import { sleepOn } from './sleep.ts';

/** Options of a system runtime of one's own. */
export interface SystemRuntimeOptions {
  /**
   * `precise` reads the clock each time (40–70 ns). `coarse` reads it once per turn of the event
   * loop or 256 uses, whichever comes first, and is right to about a millisecond. @default 'precise'
   */
  readonly clock?: 'precise' | 'coarse';
  /** Receives what listeners and classifiers throw. @default a process warning */
  readonly onFault?: (error: unknown, origin: string) => void;
}

/**
 * The real runtime. Without options it is the one shared by every primitive that was given none;
 * with `{ clock: 'coarse' }` alone it is the shared coarse one.
 */
export function systemRuntime(options: SystemRuntimeOptions = {}): Runtime {
  const { clock = 'precise', onFault } = options;
  if (onFault !== undefined) return create(clock, onFault);
  return (shared[clock] ??= create(clock, warn));
}

/** The loop under all runtimes, for virtual time: between two alarms it must be empty. */
export interface EventLoop {
  /** Calls `next` in a later turn, after I/O had its chance. */
  nextTurn(next: () => void): void;
  /**
   * Runs every waiting microtask and tick, however deep they nest; undefined where only a turn of the
   * loop can. Where Node's `process._tickCallback` is there it does exactly that, synchronously
   * (documented as DEP0134, without run-time warning); a fixed number of awaits would not. A turn of the
   * loop per alarm is as exact and half as fast.
   */
  readonly drain: (() => void) | undefined;
}

/** The event loop of this process. */
export function eventLoop(): EventLoop {
  const candidate = Reflect.get(process, '_tickCallback') as unknown;
  return {
    nextTurn: (next) => void setImmediate(next),
    drain: typeof candidate === 'function' ? (candidate.bind(process) as () => void) : undefined,
  };
}

/** The lazily made default runtimes: the library's only state at module level. */
const shared: { precise?: Runtime; coarse?: Runtime } = {};

function create(
  clock: 'precise' | 'coarse',
  onFault: (error: unknown, origin: string) => void,
): Runtime {
  return clock === 'coarse' ? new CoarseRuntime(onFault) : new SystemRuntime(onFault);
}

function warn(error: unknown, origin: string): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.emitWarning(`${origin} threw: ${text}`, { type: 'TenfoldFault' });
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

class SystemRuntime implements Runtime {
  private readonly alarms = alarmHeap();
  private readonly onFault: (error: unknown, origin: string) => void;
  private readonly load = new LoadSampler();
  private timer: NodeJS.Timeout | undefined = undefined;
  /** When `timer` fires. It may be early for the heap (its alarm was disarmed), never late. */
  private timerAt = Infinity;

  constructor(onFault: (error: unknown, origin: string) => void) {
    this.onFault = onFault;
  }

  now(): number {
    return performance.now();
  }

  wallTime(): number {
    return Date.now();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  yield(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  arm(alarm: Alarm, ms: number): void {
    this.armAt(alarm, this.now() + ms);
  }

  armAt(alarm: Alarm, at: number): void {
    this.alarms.arm(alarm, at);
    if (at < this.timerAt) this.schedule(at);
    else if (this.alarms.foreground === 1) this.timer?.ref();
  }

  disarm(alarm: Alarm): void {
    this.alarms.disarm(alarm);
    // The timer stays, to spare making one per call; unreferenced, it holds no process back.
    if (this.alarms.foreground === 0) this.timer?.unref();
  }

  timeoutSignal(ms: number): AbortSignal {
    const controller = new AbortController();
    const alarm: Alarm = {
      alarmId: -1,
      background: true,
      ring: () => controller.abort(new TimeoutError(`no answer within ${ms} ms`, ms)),
    };
    this.arm(alarm, ms);
    return controller.signal;
  }

  random(): () => number {
    return Math.random;
  }

  report(error: unknown, origin: string): void {
    try {
      this.onFault(error, origin);
    } catch {
      // A fault handler that throws has nobody left to tell.
    }
  }

  signals(): ProcessSignals {
    return this.load.sample();
  }

  async outside<T>(promise: PromiseLike<T>): Promise<T> {
    return promise;
  }

  enrol(): void {
    // Real time always goes on.
  }

  /** The time as it is, whatever `now` remembers. */
  protected readClock(): number {
    return performance.now();
  }

  private schedule(at: number): void {
    clearTimeout(this.timer);
    const delay = Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(at - performance.now())));
    this.timer = setTimeout(this.fire, delay);
    this.timerAt = at;
    if (this.alarms.foreground === 0) this.timer.unref();
  }

  private readonly fire = (): void => {
    this.timer = undefined;
    this.timerAt = Infinity;
    const now = this.readClock();
    for (
      let alarm = this.alarms.popDue(now);
      alarm !== undefined;
      alarm = this.alarms.popDue(now)
    ) {
      try {
        alarm.ring(now);
      } catch (error) {
        this.report(error, 'runtime: alarm');
      }
    }
    if (this.alarms.size > 0 && this.alarms.nextAt() < this.timerAt) {
      this.schedule(this.alarms.nextAt());
    }
  };
}

/** Uses of one reading, so that a loop of awaits, which never ends its turn, still sees time pass. */
const USES_PER_READING = 256;

class CoarseRuntime extends SystemRuntime {
  private reading = 0;
  private usesLeft = 0;
  private turnEnds = false;

  override now(): number {
    return --this.usesLeft < 0 ? this.readClock() : this.reading;
  }

  /** Also called before alarms ring, so that none of them sees a time before its own. */
  protected override readClock(): number {
    this.reading = performance.now();
    this.usesLeft = USES_PER_READING - 1;
    if (!this.turnEnds) {
      this.turnEnds = true;
      setImmediate(this.endTurn).unref();
    }
    return this.reading;
  }

  private readonly endTurn = (): void => {
    this.turnEnds = false;
    this.usesLeft = 0;
  };
}

const SAMPLING_WINDOW_MS = 250;

/** Samples the process's load when asked, at most once per window. */
class LoadSampler {
  private histogram: IntervalHistogram | undefined = undefined;
  private cpu = { user: 0, system: 0 };
  private at = 0;
  private last: ProcessSignals = { eventLoopDelayMs: 0, cpuRatio: 0, heapRatio: 0 };

  sample(): ProcessSignals {
    const now = performance.now();
    if (this.histogram === undefined) {
      this.histogram = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
      this.histogram.enable();
    } else if (now - this.at < SAMPLING_WINDOW_MS) {
      return this.last;
    }
    const used = process.cpuUsage(this.cpu);
    const heap = getHeapStatistics();
    const meanMs = this.histogram.count === 0 ? 0 : this.histogram.mean / 1e6;
    this.last = {
      eventLoopDelayMs: Math.max(0, meanMs - DELAY_RESOLUTION_MS),
      cpuRatio: this.at === 0 ? 0 : (used.user + used.system) / 1000 / (now - this.at),
      heapRatio: heap.used_heap_size / heap.heap_size_limit,
    };
    this.histogram.reset();
    this.cpu = process.cpuUsage();
    this.at = now;
    return this.last;
  }
}

const DELAY_RESOLUTION_MS = 20;

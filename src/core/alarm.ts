/**
 * Alarms: deadlines without a timer per call. An alarm is any object with a `ring` and a slot for the
 * number the heap gives it; one exact heap holds those of a whole runtime, real or virtual.
 */

import { idHeap } from './stable-heap.ts';

/** A deadline that can be armed on one runtime at a time. */
export interface Alarm {
  /** Owned by the runtime: -1 while the alarm is not armed. Initialise to -1. */
  alarmId: number;
  /** Called when the time has come; the alarm is no longer armed then. Must not throw. */
  ring(now: number): void;
  /** True for housekeeping: such an alarm does not keep the process alive. @default false */
  readonly background?: boolean;
}

/** The armed alarms of one runtime, in order of time, then of arming. */
export interface AlarmHeap {
  /** Armed alarms. */
  readonly size: number;
  /** Armed alarms that keep the process alive. */
  readonly foreground: number;
  /** When the first alarm rings; Infinity when none is armed. */
  nextAt(): number;
  /** Arms `alarm` for `at`, or moves it there. */
  arm(alarm: Alarm, at: number): void;
  /** Disarms `alarm` if it is armed. */
  disarm(alarm: Alarm): void;
  /** Takes the first alarm that is due at `now`, or undefined. */
  popDue(now: number): Alarm | undefined;
  /** Every armed alarm, in no order. */
  pending(): Alarm[];
}

/** Makes an empty heap: `O(log n)` to arm, disarm and pop, nothing allocated per alarm. */
export function alarmHeap(): AlarmHeap {
  return new IndexedAlarmHeap();
}

class IndexedAlarmHeap implements AlarmHeap {
  foreground = 0;
  private readonly heap = idHeap();
  /** By id; undefined where the id is free, so that a rung alarm is not retained. */
  private readonly alarms: (Alarm | undefined)[] = [];

  get size(): number {
    return this.heap.size;
  }

  nextAt(): number {
    return this.heap.peekKey();
  }

  arm(alarm: Alarm, at: number): void {
    if (alarm.alarmId >= 0) this.drop(alarm);
    const id = this.heap.push(at);
    alarm.alarmId = id;
    this.alarms[id] = alarm;
    if (alarm.background !== true) this.foreground++;
  }

  disarm(alarm: Alarm): void {
    if (alarm.alarmId >= 0) this.drop(alarm);
  }

  popDue(now: number): Alarm | undefined {
    if (this.heap.size === 0 || this.heap.peekKey() > now) return undefined;
    const id = this.heap.pop();
    const alarm = this.alarms[id] as Alarm;
    this.alarms[id] = undefined;
    alarm.alarmId = -1;
    if (alarm.background !== true) this.foreground--;
    return alarm;
  }

  pending(): Alarm[] {
    return this.alarms.filter((alarm) => alarm !== undefined);
  }

  private drop(alarm: Alarm): void {
    const id = alarm.alarmId;
    this.heap.remove(id);
    this.alarms[id] = undefined;
    alarm.alarmId = -1;
    if (alarm.background !== true) this.foreground--;
  }
}

/**
 * A queue as a fluid: what arrives beyond capacity waits, and who waits too long was failed.
 *
 * Deterministic and exact for rates that are constant over a span. It leaves out chance within the
 * span: `capacity` is the load a unit carries within its target, so the room chance needs is in it.
 */

import type { Recorder } from '../../model/index.ts';
import { recorder } from '../../model/index.ts';

export interface FluidQueueOptions {
  /** A call that waits longer counts as overloaded, in ms. */
  readonly waitLimitMs: number;
  /** A call that would wait longer leaves, in ms. */
  readonly giveUpMs: number;
  /** Weight of one call in the recorded waits: whole numbers are recorded. */
  readonly weight: number;
}

export interface FluidQueue {
  /** Calls that wait now. */
  readonly backlog: number;
  /** Calls that arrived, and those that waited too long or left. */
  readonly arrived: number;
  readonly overloaded: number;
  /** Calls worked off since the last reading of it. */
  takeServed(): number;
  /** Waits of all calls, in ms. */
  readonly waits: Recorder;
  /** Lets time pass at constant rates, both in calls per second. */
  pass(ms: number, arrivals: number, capacity: number): void;
  /** Forgets what was counted, not who waits. */
  forget(): void;
}

/** Makes an empty queue. */
export function fluidQueue(options: FluidQueueOptions): FluidQueue {
  return new Fluid(options);
}

class Fluid implements FluidQueue {
  backlog = 0;
  arrived = 0;
  overloaded = 0;
  readonly waits: Recorder = recorder();
  private served = 0;
  private readonly options: FluidQueueOptions;

  constructor(options: FluidQueueOptions) {
    this.options = options;
  }

  takeServed(): number {
    const { served } = this;
    this.served = 0;
    return served;
  }

  forget(): void {
    this.arrived = 0;
    this.overloaded = 0;
    this.waits.reset();
  }

  pass(ms: number, arrivals: number, capacity: number): void {
    if (ms <= 0) return;
    const seconds = ms / 1000;
    const coming = arrivals * seconds;
    this.arrived += coming;
    if (this.backlog === 0 && arrivals <= capacity) {
      this.served += coming;
      this.note(0, coming);
      return;
    }
    if (capacity === 0) this.stall(coming);
    else this.flow(seconds, arrivals, capacity);
  }

  /** Nobody works: whoever comes waits beyond any limit. */
  private stall(coming: number): void {
    this.overloaded += coming;
    this.note(this.options.giveUpMs, coming);
    this.backlog = Math.min(this.backlog + coming, Math.max(this.backlog, coming));
  }

  private flow(seconds: number, arrivals: number, capacity: number): void {
    const before = this.backlog;
    const slope = arrivals - capacity;
    const most = (capacity * this.options.giveUpMs) / 1000;
    const start = Math.min(before, most);
    const end = Math.min(most, Math.max(0, start + slope * seconds));
    // The span ends early when the queue is empty, or full.
    const moving = slope === 0 ? 0 : Math.min(seconds, Math.max(0, (end - start) / slope));
    this.share(moving, arrivals, start / capacity, end / capacity);
    this.share(seconds - moving, arrivals, end / capacity, end / capacity);
    const left = end === most ? Math.max(0, start + slope * seconds - most) : 0;
    this.served += before + arrivals * seconds - end - left - (before - start);
    this.backlog = end;
  }

  /** Notes the calls of a part in which the wait (in seconds) changes in a straight line. */
  private share(seconds: number, arrivals: number, from: number, to: number): void {
    if (seconds <= 0) return;
    const coming = arrivals * seconds;
    const limit = this.options.waitLimitMs / 1000;
    const above = from === to ? (from > limit ? 1 : 0) : shareAbove(from, to, limit);
    this.overloaded += coming * above;
    for (const at of [1 / 6, 1 / 2, 5 / 6]) {
      this.note((from + (to - from) * at) * 1000, coming / 3);
    }
  }

  private note(waitMs: number, calls: number): void {
    this.waits.recordMany(waitMs, Math.round(calls * this.options.weight));
  }
}

/** Share of a straight line between two values that lies above a limit. */
function shareAbove(from: number, to: number, limit: number): number {
  const [low, high] = from < to ? [from, to] : [to, from];
  return Math.min(1, Math.max(0, (high - limit) / (high - low)));
}

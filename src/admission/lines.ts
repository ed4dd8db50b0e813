/**
 * The lines before one limit: one for all, or one for each key somebody waits for. There are none while
 * nobody waits, which is the usual case.
 */

import type { Call, Runtime } from '../core/index.ts';
import type { Ahead, Limit } from './limit.ts';
import type { LineKeeper, Waiting } from './line.ts';
import { Line } from './line.ts';
import type { LineOrder } from './line-order.ts';

/** The time, as those who wait see it. */
export interface LineClock {
  readonly runtime: Runtime;
  /** How far `now` is ahead of a clock that has gone back. */
  readonly skew: number;
  now(): number;
}

/** What lines are made of. */
export interface LinesSetup {
  readonly limit: Limit;
  /** Calls with equal answers share a line; undefined for one line for all. */
  readonly lineOf: ((call: Call) => string) | undefined;
  /** Makes the order of a new line. */
  readonly order: (now: number) => LineOrder;
  readonly clock: LineClock;
}

export class Lines implements LineKeeper {
  readonly nobody: Ahead;
  private readonly setup: LinesSetup;
  private lines: Map<string, Line> | undefined = undefined;

  constructor(setup: LinesSetup) {
    this.setup = setup;
    this.nobody = setup.limit.nobody();
  }

  get isEmpty(): boolean {
    return this.lines === undefined;
  }

  /** How many wait in all lines. */
  get size(): number {
    let size = 0;
    for (const line of this.lines?.values() ?? []) size += line.size;
    return size;
  }

  /** How many wait where `call` would. */
  sizeFor(call: Call): number {
    return this.lines?.get(this.keyOf(call))?.size ?? 0;
  }

  /** The call that is to go next in the line of `key`. */
  next(key: string, now: number): Call | undefined {
    return this.lines?.get(key)?.next(now)?.call;
  }

  /** What those will spend who wait where `call` would. */
  ahead(call: Call, now: number): Ahead {
    const line = this.lines?.get(this.keyOf(call));
    if (line === undefined) return this.nobody;
    line.pump(now);
    return line.ahead;
  }

  /** Puts `waiting` at the end of the line of its call. */
  join(waiting: Waiting, now: number): void {
    const key = this.keyOf(waiting.call);
    this.lines ??= new Map();
    let line = this.lines.get(key);
    if (line === undefined) {
      const { limit, order } = this.setup;
      this.lines.set(key, (line = new Line(key, limit, order(now), this)));
    }
    line.join(waiting, now);
  }

  /** Lets pass who now can. Whoever was served goes to the end, so that lines that share a limit take turns. */
  pump(now: number): void {
    const { lines } = this;
    if (lines === undefined) return;
    for (const line of [...lines.values()]) {
      const { size } = line;
      line.pump(now);
      if (line.size === size || line.size === 0 || this.lines === undefined) continue;
      lines.delete(line.key);
      lines.set(line.key, line);
    }
  }

  /** Sends everybody away. */
  dismiss(reason: unknown): void {
    for (const line of [...(this.lines?.values() ?? [])]) line.dismiss(reason);
  }

  tend(line: Line, dueAt: number): void {
    const { runtime, skew } = this.setup.clock;
    if (dueAt < Infinity) runtime.armAt(line, dueAt - skew);
    else if (line.alarmId >= 0) runtime.disarm(line);
    if (line.size > 0) return;
    this.lines?.delete(line.key);
    if (this.lines?.size === 0) this.lines = undefined;
  }

  rang(line: Line): void {
    line.pump(this.setup.clock.now());
  }

  private keyOf(call: Call): string {
    return this.setup.lineOf?.(call) ?? '';
  }
}

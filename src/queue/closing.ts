/** The end of a queue: works off what waits, within a grace, and says what was left. */

import type { Alarm } from '../core/index.ts';
import { optionChecks } from '../core/index.ts';
import type { TaskDesk } from './desk.ts';
import type { Line } from './line.ts';
import type { QueueTask } from './task.ts';
import type { LeftEntry, QueueCloseOptions, QueueCloseReport } from './types.ts';

export class Closing {
  private readonly line: Line;
  private readonly desk: TaskDesk;
  private report: Promise<QueueCloseReport> | undefined = undefined;
  private tell: ((report: QueueCloseReport) => void) | undefined = undefined;
  private readonly left: LeftEntry[] = [];
  private readonly grace: Alarm = { alarmId: -1, ring: () => this.end() };
  private graceEndsAt = Infinity;

  constructor(line: Line, desk: TaskDesk) {
    this.line = line;
    this.desk = desk;
  }

  /**
   * @param letGo lifts whatever holds the line back
   */
  begin({ graceMs = Infinity }: QueueCloseOptions, letGo: () => void): Promise<QueueCloseReport> {
    const { line } = this;
    optionChecks('workQueue.close').number('graceMs', graceMs, { min: 0, infinite: true });
    const report = (this.report ??= new Promise((tell) => (this.tell = tell)));
    if (!line.isClosed) {
      line.isClosed = true;
      for (const task of this.desk.delayed) if (!isRetried(task)) this.leave(task);
      letGo();
      void line.moments.when(() => this.isDone).then(() => this.end());
    }
    if (graceMs === 0) this.end();
    else if (this.tell !== undefined) this.limit(graceMs);
    return report;
  }

  /** Ends in `graceMs` at the latest. */
  private limit(graceMs: number): void {
    const { runtime } = this.line.parts;
    const at = runtime.now() + graceMs;
    if (at >= this.graceEndsAt) return;
    this.graceEndsAt = at;
    runtime.armAt(this.grace, at);
  }

  private get isDone(): boolean {
    return this.line.isIdle && this.desk.delayed.size === 0;
  }

  /** Turns away who still waits, and says so; what runs is left to settle. */
  private end(): void {
    const { tell } = this;
    if (tell === undefined) return;
    this.tell = undefined;
    this.desk.isOver = true;
    this.line.parts.runtime.disarm(this.grace);
    for (const task of this.desk.delayed) this.leave(task);
    const { running } = this.line.starter;
    this.line.starter.isPaused = true; // nothing more is started while they go
    for (const waiter of [...this.line.waiters()]) {
      this.left.push({ id: waiter.id, state: 'waiting', call: waiter.call });
      this.line.turnAway(waiter, this.line.no.closedError());
    }
    this.line.detach();
    tell({ left: this.left, running });
  }

  private leave(task: QueueTask<unknown>): void {
    this.left.push({ id: task.id, state: 'delayed', call: task.call });
    this.desk.dropDelayed(task);
    task.turnAway(this.line.no.closedError());
  }
}

function isRetried(task: QueueTask<unknown>): boolean {
  return (task.extras?.failures ?? 0) > 0;
}

/** One endpoint on its way out: waits for its calls and sessions, within a time. */

import type { Alarm, Runtime } from '../core/index.ts';
import type { EndpointRecord } from './endpoint-record.ts';
import type { DrainReport } from './types.ts';

export interface DrainHost<T> {
  readonly runtime: Runtime;
  inFlight(record: EndpointRecord<T>): number;
  /** Ends idle sessions; when the next one will be idle too long. */
  expire(record: EndpointRecord<T>, now: number): number;
  /** Lets go of the endpoint. */
  leave(record: EndpointRecord<T>): void;
}

export class Drain<T> implements Alarm {
  alarmId = -1;
  readonly over: Promise<DrainReport>;
  private readonly record: EndpointRecord<T>;
  private readonly host: DrainHost<T>;
  private readonly deadline: number;
  private resolve!: (report: DrainReport) => void;
  /** While it looks, what it finds must not make it look again. */
  private isLooking = false;

  constructor(record: EndpointRecord<T>, host: DrainHost<T>, deadline: number) {
    this.record = record;
    this.host = host;
    this.deadline = deadline;
    this.over = new Promise((resolve) => (this.resolve = resolve));
    record.drained = () => this.look(host.runtime.now());
  }

  ring(now: number): void {
    this.look(now);
  }

  look(now: number): void {
    const { record, host } = this;
    if (this.isLooking || record.isGone) return;
    this.isLooking = true;
    const next = host.expire(record, now);
    this.isLooking = false;
    const report = { inFlight: host.inFlight(record), sessions: record.sessions };
    const isDone = report.inFlight === 0 && report.sessions === 0;
    if (!isDone && now < this.deadline) {
      const at = Math.min(this.deadline, next);
      if (at < Infinity) host.runtime.armAt(this, at);
      return;
    }
    host.runtime.disarm(this);
    record.drained = undefined;
    host.leave(record);
    this.resolve(report);
  }
}

/** One endpoint on its way out: waits for its calls and sessions, within a time. */

import type { Alarm, Runtime } from '../core/index.ts';
import type { DrainReport } from './endpoint.ts';
import type { Departure, EndpointRecord } from './endpoint-record.ts';

export interface DrainHost<T> {
  readonly runtime: Runtime;
  inFlight(record: EndpointRecord<T>): number;
  /** Ends sessions that have been idle too long; when the next one of the endpoint will have been. */
  expire(record: EndpointRecord<T>, now: number): number;
  /** Lets go of the endpoint, if that has not happened yet. */
  leave(record: EndpointRecord<T>, reason: string): void;
}

export class Drain<T> implements Departure, Alarm {
  alarmId = -1;
  readonly over: Promise<DrainReport>;
  private readonly record: EndpointRecord<T>;
  private readonly host: DrainHost<T>;
  private deadline = Infinity;
  private resolve!: (report: DrainReport) => void;
  /** While it looks, what it finds must not make it look again. */
  private isLooking = false;

  constructor(record: EndpointRecord<T>, host: DrainHost<T>) {
    this.record = record;
    this.host = host;
    this.over = new Promise((resolve) => (this.resolve = resolve));
    record.drain = this;
  }

  endBy(deadline: number): void {
    this.deadline = Math.min(this.deadline, deadline);
    this.look();
  }

  ring(now: number): void {
    this.look(now);
  }

  look(now: number = this.host.runtime.now()): void {
    const { record, host, deadline } = this;
    if (this.isLooking) return;
    this.isLooking = true;
    const next = host.expire(record, now);
    this.isLooking = false;
    const report = { inFlight: host.inFlight(record), sessions: record.sessions.size };
    const isDone = record.isGone || (report.inFlight === 0 && report.sessions === 0);
    if (!isDone && now < deadline) {
      const at = Math.min(deadline, next);
      if (at < Infinity) host.runtime.armAt(this, at);
      return;
    }
    host.runtime.disarm(this);
    record.drain = undefined;
    host.leave(record, 'it was drained');
    this.resolve(report);
  }
}

/** The pass of one call to one endpoint. */

import type { Call, Outcome, Runtime } from '../core/index.ts';
import type { EndpointRecord } from './endpoint-record.ts';
import type { EndpointPass } from './types.ts';

/** Who is told that the call has ended. */
export interface PassHost<T> {
  readonly runtime: Runtime;
  end(pass: ActivePass<T>, outcome: Outcome, detail: unknown, now: number): void;
}

export class ActivePass<T> implements EndpointPass<T> {
  readonly ok = true;
  /** An endpoint is busy until the work has settled, even if its caller has gone. */
  readonly untilSettled = true;
  readonly record: EndpointRecord<T>;
  readonly call: Call;
  readonly begunAt: number;
  /** Undefined once the pass has ended. */
  private host: PassHost<T> | undefined;

  constructor(host: PassHost<T>, record: EndpointRecord<T>, call: Call, begunAt: number) {
    this.host = host;
    this.record = record;
    this.call = call;
    this.begunAt = begunAt;
  }

  get endpoint(): string {
    return this.record.endpoint.id;
  }

  get target(): T {
    return this.record.endpoint.target;
  }

  done(outcome: Outcome, detail?: unknown, now?: number): void {
    const { host } = this;
    if (host === undefined) return;
    this.host = undefined;
    host.end(this, outcome, detail, now ?? host.runtime.now());
  }
}

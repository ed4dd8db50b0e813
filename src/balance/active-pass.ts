/** The pass of one call to one endpoint. */

import type { Call, Outcome, Runtime } from '../core/index.ts';
import type { Fleet } from './fleet.ts';
import type { EndpointPass } from './types.ts';

/** Who is told that the call has ended. */
export interface PassHost<T> {
  readonly runtime: Runtime;
  readonly fleet: Fleet<T>;
  end(pass: ActivePass<T>, outcome: Outcome, detail: unknown, now: number): void;
}

export class ActivePass<T> implements EndpointPass<T> {
  readonly slot: number;
  readonly endpoint: string;
  readonly target: T;
  readonly call: Call;
  readonly begunAt: number;
  /** Undefined once the pass has ended. */
  private host: PassHost<T> | undefined;

  constructor(host: PassHost<T>, slot: number, call: Call, begunAt: number) {
    this.slot = slot;
    this.endpoint = host.fleet.ids[slot]!;
    this.target = host.fleet.targets[slot] as T;
    this.call = call;
    this.begunAt = begunAt;
    this.host = host;
  }

  // Getters take no room in the one object a call makes.

  get ok(): true {
    return true;
  }

  /** An endpoint is busy until the work has settled, even if its caller has gone. */
  get untilSettled(): true {
    return true;
  }

  done(outcome: Outcome, detail?: unknown, now?: number): void {
    const { host } = this;
    if (host === undefined) return;
    this.host = undefined;
    host.end(this, outcome, detail, now ?? host.runtime.now());
  }
}

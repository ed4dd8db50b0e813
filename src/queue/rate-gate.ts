/** A rate cap on starts: asks an admission limiter, and holds the line until it may be asked again. */

import type { Alarm, Call, Door, Lease, Outcome, Pass, Refusal, Runtime } from '../core/index.ts';
import { ADMITTED, isPending, OptionError } from '../core/index.ts';

export class RateGate implements Alarm {
  alarmId = -1;
  private readonly door: Door;
  private readonly runtime: Runtime;
  private readonly goOn: (now: number) => void;

  /** @param goOn called when starting may be tried again */
  constructor(door: Door, runtime: Runtime, goOn: (now: number) => void) {
    this.door = door;
    this.runtime = runtime;
    this.goOn = goOn;
  }

  /** True while the limiter has asked to wait. */
  get isHolding(): boolean {
    return this.alarmId >= 0;
  }

  /** The lease to start with; undefined: not now; a refusal: never, as it costs more than may ever pass. */
  pass(call: Call, lease: Lease<unknown>, now: number): Lease<unknown> | Refusal | undefined {
    const entry = this.door.enter(call, now);
    if (isPending(entry)) {
      entry.catch(() => undefined);
      lease.release('refused', undefined, now);
      throw new OptionError('workQueue.rate', 'a limiter that answers at once', this.door.name);
    }
    if (entry.ok) return entry === ADMITTED ? lease : new LimitedLease(lease, entry);
    lease.release('refused', undefined, now);
    if (entry.retryAfterMs === Infinity) return entry;
    this.runtime.armAt(this, now + Math.max(LEAST_WAIT_MS, entry.retryAfterMs));
    return undefined;
  }

  ring(now: number): void {
    this.goOn(now);
  }
}

/** A limiter that does not know when to come back must not be asked in a loop. */
const LEAST_WAIT_MS = 1;

/** A lease together with the limiter's pass. */
class LimitedLease implements Lease<unknown> {
  readonly ok = true;
  readonly resource: unknown;
  private readonly lease: Lease<unknown>;
  private readonly limiterPass: Pass;

  constructor(lease: Lease<unknown>, limiterPass: Pass) {
    this.resource = lease.resource;
    this.lease = lease;
    this.limiterPass = limiterPass;
  }

  release(outcome: Outcome = 'success', detail?: unknown, now?: number): void {
    this.limiterPass.done(outcome, detail, now);
    this.lease.release(outcome, detail, now);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }
}

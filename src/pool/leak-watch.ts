/**
 * Looks for leaks: a worker that was lent long ago and has not come back is reported once, with the
 * place where it was acquired. Whoever holds it may only be slow, so it is left alone.
 */

import type { Alarm, Call, Runtime } from '../core/index.ts';
import type { Worker } from './worker.ts';

export class LeakWatch<R> {
  /** Leases that were reported and are not back yet. */
  open = 0;
  private readonly runtime: Runtime;
  private readonly afterMs: number;
  private readonly pool: string;

  constructor(runtime: Runtime, afterMs: number, pool: string) {
    this.runtime = runtime;
    this.afterMs = afterMs;
    this.pool = pool;
  }

  /** Where this is asked from. */
  here(): Error {
    return new Error('acquired');
  }

  lent(worker: Worker<R>, call: Call, place: Error): void {
    const alarm = new LeaseAlarm(() => {
      this.open++;
      this.runtime.report(this.leak(call, place), `pool ${this.pool}`);
    });
    worker.leak = alarm;
    this.runtime.arm(alarm, this.afterMs);
  }

  returned(worker: Worker<R>): void {
    const { leak } = worker;
    if (leak === undefined) return;
    worker.leak = undefined;
    if (leak.alarmId >= 0) this.runtime.disarm(leak);
    else this.open--;
  }

  private leak({ kind, key, tenant, correlationId }: Call, place: Error): Error {
    const said = Object.entries({ kind, key, tenant, correlationId })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `, ${name} ${value}`);
    const message = `a worker was lent ${this.afterMs} ms ago and has not come back${said.join('')}`;
    const error = new Error(message, { cause: place });
    error.name = 'PoolLeak';
    error.stack = `PoolLeak: ${message}\n${place.stack?.split('\n').slice(1).join('\n') ?? ''}`;
    return error;
  }
}

class LeaseAlarm implements Alarm {
  alarmId = -1;
  readonly background = true;
  readonly ring: () => void;

  constructor(ring: () => void) {
    this.ring = ring;
  }
}

/**
 * Sleeping on any runtime: an alarm that settles a promise, and leaves at once when aborted.
 */

import type { Alarm } from './alarm.ts';
import type { CancelHook, CancelToken } from './cancellation.ts';
import { tokenOf } from './cancellation.ts';
import type { Runtime } from './runtime.ts';

/**
 * Resolves `ms` milliseconds from now; a negative or NaN time is 0, Infinity never comes.
 *
 * @param signal rejects the sleep with `signal.reason` as soon as it aborts
 */
export function sleepOn(
  runtime: Runtime,
  ms: number,
  signal?: AbortSignal | CancelToken,
): Promise<void> {
  const sleep = new Sleep(runtime);
  const promise = new Promise<void>((resolve, reject) => {
    sleep.resolve = resolve;
    sleep.reject = reject;
  });
  if (signal !== undefined) {
    const token = 'aborted' in signal ? tokenOf(signal) : signal;
    token.add(sleep);
    if (token.isCancelled) return promise;
  }
  if (ms !== Infinity) runtime.armAt(sleep, runtime.now() + (ms > 0 ? ms : 0));
  return promise;
}

class Sleep implements Alarm, CancelHook {
  alarmId = -1;
  hookToken: CancelToken | undefined = undefined;
  hookPrevious: CancelHook | undefined = undefined;
  hookNext: CancelHook | undefined = undefined;
  declare resolve: () => void;
  declare reject: (reason: unknown) => void;
  private readonly runtime: Runtime;

  constructor(runtime: Runtime) {
    this.runtime = runtime;
  }

  ring(): void {
    this.hookToken?.remove(this);
    this.resolve();
  }

  cancelled(reason: unknown): void {
    this.runtime.disarm(this);
    this.reject(reason);
  }
}

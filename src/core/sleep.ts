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
 * @param cancel rejects the sleep with the reason as soon as it aborts or is cancelled
 */
export function sleepOn(
  runtime: Runtime,
  ms: number,
  cancel?: AbortSignal | CancelToken,
): Promise<void> {
  const at = runtime.now() + (ms > 0 ? ms : 0);
  if (cancel !== undefined) return sleepUnless(runtime, at, cancel);
  return new Promise((resolve) => {
    if (at !== Infinity) runtime.armAt(new Sleep(resolve), at);
  });
}

/** Wakes at `at`, or is cut short; what retry, hedge and waiting lines sleep by. */
function sleepUnless(
  runtime: Runtime,
  at: number,
  cancel: AbortSignal | CancelToken,
): Promise<void> {
  const token = 'aborted' in cancel ? tokenOf(cancel) : cancel;
  if (token.isCancelled) return Promise.reject(token.reason);
  return new Promise((resolve, reject) => {
    const sleep = new CancellableSleep(runtime, resolve, reject);
    token.add(sleep);
    if (at !== Infinity) runtime.armAt(sleep, at);
  });
}

class Sleep implements Alarm {
  alarmId = -1;
  private readonly wake: () => void;

  constructor(wake: () => void) {
    this.wake = wake;
  }

  ring(): void {
    this.wake();
  }
}

class CancellableSleep implements Alarm, CancelHook {
  alarmId = -1;
  hookToken: CancelToken | undefined = undefined;
  hookPrevious: CancelHook | undefined = undefined;
  hookNext: CancelHook | undefined = undefined;
  private readonly runtime: Runtime;
  private readonly wake: () => void;
  private readonly cut: (reason: unknown) => void;

  constructor(runtime: Runtime, wake: () => void, cut: (reason: unknown) => void) {
    this.runtime = runtime;
    this.wake = wake;
    this.cut = cut;
  }

  ring(): void {
    this.hookToken?.remove(this);
    this.wake();
  }

  cancelled(reason: unknown): void {
    this.runtime.disarm(this);
    this.cut(reason);
  }
}

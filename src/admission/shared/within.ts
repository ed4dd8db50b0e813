/** A bound on how long a promise is waited for. */

import type { Alarm, Runtime } from '../../core/index.ts';
import { TimeoutError } from '../../core/index.ts';

/** Settles as `promise` does, or rejects with a TimeoutError after `ms`. */
export function within<T>(runtime: Runtime, promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const alarm: Alarm = {
      alarmId: -1,
      ring: () => reject(new TimeoutError(`no answer within ${ms} ms`, ms)),
    };
    runtime.arm(alarm, ms);
    const end = (settle: () => void): void => {
      runtime.disarm(alarm);
      settle();
    };
    promise.then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => reject(error)),
    );
  });
}

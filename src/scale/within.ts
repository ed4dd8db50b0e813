/**
 * Waiting for others, but not for ever.
 */

import type { Alarm, Runtime } from '../core/index.ts';
import { TimeoutError } from '../core/index.ts';

/**
 * What `ask` answers, if it does so within `ms`; Infinity waits for ever.
 *
 * @returns rejects with what `ask` throws, or with a `TimeoutError` that names `who`
 */
export async function withinMs<T>(
  runtime: Runtime,
  ms: number,
  who: string,
  ask: () => T | PromiseLike<T>,
): Promise<T> {
  const answer = ask();
  if (!isPromise(answer) || ms === Infinity) return answer;
  return new Promise<T>((resolve, reject) => {
    const alarm: Alarm = {
      alarmId: -1,
      background: true,
      ring: () => reject(new TimeoutError(`${who} gave no answer within ${ms} ms`, ms)),
    };
    runtime.arm(alarm, ms);
    const settle = (): void => runtime.disarm(alarm);
    answer.then(resolve, reject).then(settle, settle);
  });
}

function isPromise<T>(answer: T | PromiseLike<T>): answer is PromiseLike<T> {
  return typeof (answer as Partial<PromiseLike<T>> | null | undefined)?.then === 'function';
}

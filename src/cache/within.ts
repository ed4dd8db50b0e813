/** A bound on how long somebody waits for a promise, without a timer of its own. */

import type { Alarm, CancelToken, Runtime } from '../core/index.ts';
import { cancelToken, stackless, TimeoutError } from '../core/index.ts';

/**
 * Runs `work` and answers with what it answers, or rejects with a `TimeoutError` after `ms`; the
 * work's signal then aborts with the same error.
 */
export function within<T>(
  runtime: Runtime,
  ms: number,
  what: string,
  work: (call: { readonly signal: AbortSignal }) => PromiseLike<T> | T,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const limit = new Limit(runtime, ms, what, reject);
    const settle =
      <A>(answer: (value: A) => void) =>
      (value: A): void => {
        runtime.disarm(limit);
        answer(value);
      };
    let answer: PromiseLike<T> | T;
    try {
      answer = work(limit);
    } catch (error) {
      settle(reject)(error);
      return;
    }
    Promise.resolve(answer).then(settle(resolve), settle(reject));
  });
}

class Limit implements Alarm {
  alarmId = -1;
  private readonly ms: number;
  private readonly what: string;
  private readonly reject: (error: unknown) => void;
  private readonly token: CancelToken = cancelToken();

  constructor(runtime: Runtime, ms: number, what: string, reject: (error: unknown) => void) {
    this.ms = ms;
    this.what = what;
    this.reject = reject;
    if (ms !== Infinity) runtime.arm(this, ms);
  }

  /** Made only when somebody reads it. */
  get signal(): AbortSignal {
    return this.token.signal;
  }

  ring(): void {
    const error = stackless(
      () => new TimeoutError(`${this.what} gave no answer within ${this.ms} ms`, this.ms),
    );
    this.reject(error);
    this.token.cancel(error);
  }
}

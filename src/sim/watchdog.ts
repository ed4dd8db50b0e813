/**
 * How a virtual run keeps hold of the event loop.
 *
 * Between two alarms every microtask and `nextTick` must have run, however deep they nest (core's
 * `eventLoop` does that). A slice of alarms runs inside `vm` with a time-out: V8's watchdog is the only
 * thing that can stop an endless chain of microtasks on its own thread, and it does so with an error we
 * can catch.
 */

import { Script } from 'node:vm';

/** Runs functions under V8's watchdog. */
export interface Watchdog {
  /**
   * Calls `slice` and passes on what it throws.
   *
   * @returns false when it took longer than the limit and was stopped
   */
  watch(slice: () => void, limitMs: number): boolean;
}

export function watchdog(): Watchdog {
  const key = 'tenfold.slice';
  const script = new Script(`globalThis[Symbol.for('${key}')]()`);
  const slot = Symbol.for(key);
  return {
    watch(slice, limitMs) {
      Reflect.set(globalThis, slot, slice);
      try {
        script.runInThisContext({ timeout: limitMs });
        return true;
      } catch (error) {
        if ((error as { code?: unknown } | undefined)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT')
          throw error;
        return false;
      } finally {
        Reflect.deleteProperty(globalThis, slot);
      }
    },
  };
}

/**
 * Hands `error` on after the watchdog cut a microtask short.
 *
 * The stopped microtask has left its async context on Node's stack, and while async hooks are on,
 * Node ends the process when it finds the stack out of balance. An uncaught exception is the one
 * event after which Node clears that stack, so the error leaves the turn as one, caught on the way.
 * Must be the last thing a turn does.
 */
export function escape(error: Error, handOn: (error: Error) => void): void {
  if (process.hasUncaughtExceptionCaptureCallback()) {
    handOn(error);
    return;
  }
  process.setUncaughtExceptionCaptureCallback(() => {
    process.setUncaughtExceptionCaptureCallback(null);
    handOn(error);
  });
  throw error;
}

/**
 * Typed events with isolated listeners.
 *
 * Our own counting never passes through here, and what a listener throws goes to `runtime.report`:
 * removing every listener, or adding a broken one, never changes a decision.
 */

import type { Runtime } from './runtime.ts';

/** Receives one kind of event. */
export type Listener<E> = (event: E) => void;

/** What a primitive with events offers: `using log = breaker.on('transition', …)`. */
export interface EventSource<Events extends object> {
  /** Calls `listener` at every event `name` until the returned handle is disposed of. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): Disposable;
}

/** The private end: a primitive emits, its users only listen. */
export interface Emitter<Events extends object> extends EventSource<Events> {
  /** True when somebody listens; ask before building an event object on a hot path. */
  has(name: keyof Events): boolean;
  /** Calls the listeners in order of registration. Never throws. */
  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void;
}

/**
 * Makes the emitter of one primitive.
 *
 * @param runtime receives what listeners throw
 * @param origin names the primitive in those reports
 */
export function emitter<Events extends object>(runtime: Runtime, origin: string): Emitter<Events> {
  const listeners = new Map<keyof Events, readonly Listener<never>[]>();

  const remove = (name: keyof Events, entry: Listener<never>): void => {
    const rest = (listeners.get(name) ?? []).filter((one) => one !== entry);
    if (rest.length === 0) listeners.delete(name);
    else listeners.set(name, rest);
  };

  return {
    has: (name) => listeners.has(name),
    on(name, listener) {
      const entry = (event: never): void => listener(event);
      listeners.set(name, [...(listeners.get(name) ?? []), entry]);
      return { [Symbol.dispose]: () => remove(name, entry) };
    },
    emit(name, event) {
      const entries = listeners.get(name);
      if (entries === undefined) return;
      for (const entry of entries) {
        try {
          entry(event as never);
        } catch (error) {
          runtime.report(error, `${origin}: listener of '${String(name)}'`);
        }
      }
    },
  };
}

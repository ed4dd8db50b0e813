/**
 * The async contexts (`AsyncLocalStorage`) of those who add tasks, kept for work that somebody else will
 * start.
 *
 * An `AsyncResource` for each would be a fifth of what a waiting task weighs, and mostly keeps nothing,
 * or the same as the one before. Whether it does can be seen:
 *
 * - Node before 24 tracks contexts only once somebody uses them, and then gives every promise an id: where
 *   a new promise has none, there is no context at all.
 * - Node 24 keeps all stores in a frame that is never changed, only replaced: the same frame is the same
 *   context.
 *
 * Both are properties of Node's own objects, found by the names of their symbols. Where there are no
 * such names, every task keeps a resource of its own.
 */

import { AsyncResource } from 'node:async_hooks';

type Properties = Readonly<Record<symbol, unknown>>;

export class Contexts {
  private readonly idKey: symbol | undefined;
  private readonly frameKey: symbol | undefined;
  /** Keeps what was kept last; without frames, nothing: it was made where there was no context. */
  private shared: AsyncResource | undefined = undefined;

  constructor() {
    const probe = newResource();
    this.idKey = symbolOf(probe, 'async_id_symbol');
    this.frameKey = symbolOf(probe, 'context_frame');
  }

  /** @param made a promise just made in the context to be kept */
  keep(made: Promise<unknown>): AsyncResource {
    if (this.isTracked(made)) return newResource();
    const { frameKey, shared } = this;
    if (frameKey === undefined) return (this.shared ??= newResource());
    const resource = newResource();
    if (shared !== undefined && frameIn(shared, frameKey) === frameIn(resource, frameKey))
      return shared;
    return (this.shared = resource);
  }

  /** Calls `start` in a context that was kept. */
  run<T, R>(
    context: AsyncResource,
    start: (task: T, resource: unknown) => R,
    task: T,
    resource: unknown,
  ): R {
    if (this.frameKey !== undefined || context !== this.shared) {
      return context.runInAsyncScope(start, undefined, task, resource);
    }
    // Nothing was kept. Without any context now, either, there is none to leave.
    if (!this.isTracked(Promise.resolve())) return start(task, resource);
    // Of its own, since before Node 24 `enterWith` writes to the resource it is called in.
    const own = context.runInAsyncScope(newResource);
    return own.runInAsyncScope(start, undefined, task, resource);
  }

  private isTracked(made: Promise<unknown>): boolean {
    const { idKey } = this;
    return idKey === undefined || (made as unknown as Properties)[idKey] !== undefined;
  }
}

const KEEP = Object.freeze({ requireManualDestroy: true });

function newResource(): AsyncResource {
  return new AsyncResource('tenfold.task', KEEP);
}

function frameIn(resource: AsyncResource, key: symbol): unknown {
  return (resource as unknown as Properties)[key];
}

function symbolOf(resource: AsyncResource, name: string): symbol | undefined {
  return Object.getOwnPropertySymbols(resource).find(({ description }) => description === name);
}

/**
 * Cooperative preemption: work of low priority that runs long is asked to pause when more urgent work
 * waits. It saves where it is, gives its slot back and stands in line again at its old rank; a fair
 * order charges it only for what it used. Nothing is ever stopped by force.
 */

import type { IdHeap, Work, WorkCall } from '../core/index.ts';
import { idHeap } from '../core/index.ts';
import type { Entry } from './order/entry.ts';

/** What preemptible work sees of its turn. */
export interface Turn<S> {
  /** True once more urgent work waits for the slot. */
  readonly shouldYield: boolean;
  /** Aborts when `shouldYield` becomes true; made when first read. */
  readonly yieldSignal: AbortSignal;
  /** What the turn before was paused with; undefined in the first. */
  readonly saved: S | undefined;
  /** Return this to pause: the work is called again later, with `saved`. */
  pause(saved: S): Paused;
}

/** The answer of work that has paused. */
export interface Paused {
  readonly [PAUSED]: unknown;
}

/** Work that can be asked to pause. */
export type PreemptibleWork<T, R, S> = (
  call: WorkCall,
  resource: R,
  turn: Turn<S>,
) => T | Paused | PromiseLike<T | Paused>;

const PAUSED: unique symbol = Symbol.for('tenfold.paused');
const PREEMPTIBLE: unique symbol = Symbol.for('tenfold.preemptible');

type InTurns = (call: WorkCall, resource: unknown, turn: Turn<unknown>) => unknown;

/**
 * Marks work as preemptible, for a queue with `preemption: true`. Anywhere else it runs in one turn.
 *
 * ```ts
 * import { preemptible, workQueue } from 'tenfold/queue';
 *
 * const queue = workQueue({ concurrency: 1, preemption: true });
 * const count = preemptible<number, undefined, number>(async (_call, _resource, turn) => {
 *   let n = turn.saved ?? 0;
 *   for (; n < 1_000; n++) {
 *     if (turn.shouldYield) return turn.pause(n);
 *     await Promise.resolve();
 *   }
 *   return n;
 * });
 * const n: number = await queue.run(count, { priority: -1 });
 * ```
 */
export function preemptible<T, R = undefined, S = unknown>(
  work: PreemptibleWork<T, R, S>,
): Work<T, R> {
  const whole = (call: WorkCall, resource: R): unknown => work(call, resource, new OnlyTurn());
  return Object.assign(whole, { [PREEMPTIBLE]: work }) as unknown as Work<T, R>;
}

/** The work in turns, where `work` is preemptible. */
export function turnsOf(work: object): InTurns | undefined {
  return (work as { [PREEMPTIBLE]?: InTurns })[PREEMPTIBLE];
}

/** One turn of preemptible work. */
export class QueueTurn implements Turn<unknown> {
  shouldYield = false;
  readonly saved: unknown;
  /** What it paused with; an answer is recognised by being this very object. */
  pausedWith: Paused | undefined = undefined;
  private controller: AbortController | undefined = undefined;

  constructor(saved: unknown) {
    this.saved = saved;
  }

  get yieldSignal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.shouldYield) this.controller.abort();
    return this.controller.signal;
  }

  get savedForNext(): unknown {
    return this.pausedWith?.[PAUSED];
  }

  pause(saved: unknown): Paused {
    return (this.pausedWith = { [PAUSED]: saved });
  }

  askToYield(): void {
    this.shouldYield = true;
    this.controller?.abort();
  }
}

class OnlyTurn<S> implements Turn<S> {
  readonly shouldYield = false;
  readonly saved = undefined;

  get yieldSignal(): AbortSignal {
    return new AbortController().signal;
  }

  pause(): never {
    throw new TypeError('only work in a queue with preemption can pause');
  }
}

/** Preemptible work that runs. */
export interface RunningTurn {
  readonly entry: Entry;
  readonly turn: QueueTurn;
}

/** Knows what preemptible work runs, and asks the least urgent to pause. */
export class Preemption {
  private readonly heap: IdHeap = idHeap(8);
  private readonly running: (RunningTurn | undefined)[] = [];
  private readonly ids = new Map<Entry, number>();

  started(running: RunningTurn): void {
    const id = this.heap.push(running.entry.priority);
    this.running[id] = running;
    this.ids.set(running.entry, id);
  }

  ended(entry: Entry): void {
    const id = this.ids.get(entry);
    if (id === undefined) return;
    this.heap.remove(id);
    this.running[id] = undefined;
    this.ids.delete(entry);
  }

  /** `entry` must wait: the least urgent of what runs is asked, once for each that waits. */
  makeWayFor(entry: Entry): void {
    if (this.heap.size === 0) return;
    const least = this.running[this.heap.peekId()];
    if (least === undefined || least.entry.priority >= entry.priority) return;
    this.ended(least.entry);
    least.turn.askToYield();
  }
}

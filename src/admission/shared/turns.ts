/**
 * Those of one process who wait for a shared limit, in lines: the first asks the store and sleeps, the
 * others stand behind him.
 */

import type { Alarm, Call, Cancellable, CallWatch, Runtime } from '../../core/index.ts';
import { watchCall } from '../../core/index.ts';
import type { Share } from './shares.ts';

export class Turns {
  private readonly runtime: Runtime;
  /** By line; the first of each is served next. */
  private readonly lines = new Map<string, Set<Turn>>();

  constructor(runtime: Runtime) {
    this.runtime = runtime;
  }

  get waiting(): number {
    let waiting = 0;
    for (const line of this.lines.values()) waiting += line.size;
    return waiting;
  }

  /** The one who is served next in `line`, where somebody waits. */
  first(line: string): Turn | undefined {
    const [first] = this.lines.get(line) ?? [];
    return first;
  }

  /** Everybody in `line`, first to last. */
  of(line: string): Iterable<Turn> {
    return this.lines.get(line) ?? [];
  }

  size(line: string): number {
    return this.lines.get(line)?.size ?? 0;
  }

  join(line: string, call: Call, shares: readonly Share[]): Turn {
    const turn = new Turn(this.runtime, call, shares);
    const turns = this.lines.get(line) ?? new Set();
    this.lines.set(line, turns.add(turn));
    return turn;
  }

  /** Takes `turn` out; the next is first now. */
  leave(line: string, turn: Turn): void {
    turn.end();
    const turns = this.lines.get(line);
    turns?.delete(turn);
    if (turns?.size === 0) this.lines.delete(line);
    else this.first(line)?.wake();
  }

  /** There may be more than was said: whoever is first asks again. */
  wake(): void {
    for (const line of this.lines.keys()) this.first(line)?.wake();
  }
}

/** One who waits. */
export class Turn implements Alarm, Cancellable {
  alarmId = -1;
  /** When he is to ask again; who comes later is told so. */
  dueAt: number = Infinity;
  shares: readonly Share[];
  private readonly runtime: Runtime;
  private readonly watch: CallWatch | undefined;
  private go: (() => void) | undefined = undefined;
  private stop: ((reason: unknown) => void) | undefined = undefined;
  private cause: { readonly reason: unknown } | undefined = undefined;

  constructor(runtime: Runtime, call: Call, shares: readonly Share[]) {
    this.runtime = runtime;
    this.shares = shares;
    this.watch = watchCall(call, this);
  }

  /** Resolves at `at`, or when woken before; rejects with the reason of a call that is given up. */
  wait(at: number): Promise<void> {
    this.dueAt = at;
    return new Promise((resolve, reject) => {
      if (this.cause !== undefined) {
        reject(this.cause.reason);
        return;
      }
      this.go = resolve;
      this.stop = reject;
      if (at < Infinity) this.runtime.armAt(this, at);
    });
  }

  wake(): void {
    this.runtime.disarm(this);
    this.go?.();
  }

  ring(): void {
    this.go?.();
  }

  cancelled(reason: unknown): void {
    this.cause = { reason };
    this.runtime.disarm(this);
    this.stop?.(reason);
  }

  end(): void {
    this.watch?.end();
    this.runtime.disarm(this);
  }
}

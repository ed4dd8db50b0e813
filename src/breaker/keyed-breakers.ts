/**
 * Circuit breakers by key: one per endpoint, tenant or model, made when first needed, forgotten when
 * idle, with a bound on how many there are and on how many may be open at once.
 */

import type { Call, Door, Entry } from '../core/index.ts';
import { OptionError, optionChecks, STAGE } from '../core/index.ts';
import type { BreakerCell } from './breaker-cell.ts';
import { CellTable } from './cell-table.ts';
import type { BreakerDump, KeyedBreakersDump } from './breaker-dump.ts';
import { checkedDumps, dumpOf } from './breaker-dump.ts';
import type { BreakerSnapshot } from './breaker-events.ts';
import { snapshotOf } from './breaker-events.ts';
import type { BreakerVerbs } from './breaker-front.ts';
import { BreakerFront } from './breaker-front.ts';
import type { CircuitBreakerOptions } from './breaker-options.ts';
import { BREAKER_OPTIONS } from './breaker-options.ts';
import type { StateChange } from './breaker-state.ts';

export interface KeyedBreakersOptions extends CircuitBreakerOptions {
  /** What calls are told apart by. @default the call's key, '' where it has none */
  readonly keyOf?: (call: Call) => string;
  /** Keys remembered at most, 1 or more; beyond it the longest unused that is closed is forgotten. @default 10_000 */
  readonly maxKeys?: number;
  /** A closed key that was not used for so many ms is forgotten as others are used. @default 600_000 */
  readonly idleMs?: number;
  /**
   * Share of the keys that may be open or half-open at once, above 0 to 1; one always may. Beyond it,
   * a key that should open stays closed. @default 1
   */
  readonly maxOpenRatio?: number;
}

/** Keyed breakers at one moment. */
export interface KeyedBreakersSnapshot {
  /** Keys remembered. */
  readonly keys: number;
  /** Keys open, and not yet due for a probe, or half-open. */
  readonly open: number;
  /** Keys forgotten for want of room. Raise `maxKeys` if it grows. */
  readonly forgottenEarly: number;
}

export interface KeyedBreakers extends BreakerVerbs {
  /** Opens a key now, for `openMs` or the time it would choose itself; whatever `maxOpenRatio` says. */
  trip(key: string, openMs?: number): void;
  /** Closes a key and forgets its counts; without a key, all of them. */
  reset(key?: string): void;
  snapshot(): KeyedBreakersSnapshot;
  /** Looks at one key; undefined when nothing is remembered of it. */
  peek(key: string): BreakerSnapshot | undefined;
  /** The keys that are not simply closed, to be restored in another process. `O(keys)`. */
  dump(): KeyedBreakersDump;
  /** Takes over a dump. @throws OptionError for what is no dump, and then nothing has changed */
  restore(dump: KeyedBreakersDump): void;
}

/**
 * Makes breakers by key. Memory is bounded by `maxKeys`; see docs/breaker.md for what a key weighs.
 *
 * ```ts
 * import { keyedBreakers } from 'tenfold/breaker';
 *
 * const perModel = keyedBreakers({ keyOf: (call) => call.kind ?? '', maxOpenRatio: 0.5 });
 * const answer: string = await perModel.run(async () => 'hello', { kind: 'large' });
 * ```
 *
 * @throws OptionError for an option out of range
 */
export function keyedBreakers(options: KeyedBreakersOptions = {}): KeyedBreakers {
  return new Breakers(options);
}

const SUBJECT = 'keyedBreakers';

class Breakers extends BreakerFront implements KeyedBreakers {
  private readonly cells: CellTable;
  private readonly keyOf: ((call: Call) => string) | undefined;
  private readonly maxOpenRatio: number;

  constructor(options: KeyedBreakersOptions) {
    const check = optionChecks(SUBJECT);
    check.known(options, [...BREAKER_OPTIONS, 'keyOf', 'maxKeys', 'idleMs', 'maxOpenRatio']);
    const { keyOf, maxKeys = 10_000, idleMs = 600_000, maxOpenRatio = 1, ...rest } = options;
    super(SUBJECT, rest);
    this.keyOf = keyOf === undefined ? undefined : check.callable('keyOf', keyOf);
    this.maxOpenRatio = check.number('maxOpenRatio', maxOpenRatio, { above: 0, max: 1 });
    this.cells = new CellTable(this.home, {
      maxKeys: check.count('maxKeys', maxKeys),
      idleMs: check.durationMs('idleMs', idleMs),
    });
    this.home.listen();
  }

  get [STAGE](): Door {
    return this;
  }

  enter(call: Call, now: number): Entry {
    const key = this.keyOf === undefined ? (call.key ?? '') : this.keyOf(call);
    if (typeof key !== 'string') throw new OptionError(`${this.name}: key`, 'a string', key);
    return this.cells.get(key, now).enter(now);
  }

  trip(key: string, openMs?: number): void {
    this.home.checkOpenMs(openMs);
    const now = this.runtime.now();
    this.cells.get(key, now).machine.trip(now, openMs);
  }

  reset(key?: string): void {
    const now = this.runtime.now();
    const cells = key === undefined ? this.cells.all() : [this.cells.find(key)];
    for (const cell of cells) cell?.machine.close(now, 'manual');
  }

  snapshot(): KeyedBreakersSnapshot {
    const { size, forgottenEarly } = this.cells;
    return { keys: size, open: this.cells.holdingBack(this.runtime.now()), forgottenEarly };
  }

  peek(key: string): BreakerSnapshot | undefined {
    const cell = this.cells.find(key);
    return cell === undefined ? undefined : snapshotOf(cell.machine, this.runtime.now());
  }

  dump(): KeyedBreakersDump {
    const now = this.runtime.now();
    const wallTime = this.runtime.wallTime();
    const dumped = this.cells.all().map((cell): readonly [string, BreakerDump] => {
      return [keyIn(cell), dumpOf(cell.machine, now, wallTime)];
    });
    return { keys: dumped.filter(([, { state }]) => state !== 'closed') };
  }

  restore(dump: KeyedBreakersDump): void {
    const { keys } = checkedDumps(SUBJECT, dump);
    const now = this.runtime.now();
    const wallTime = this.runtime.wallTime();
    for (const [key, one] of keys) {
      const elapsedMs = Math.max(0, wallTime - one.wallTime);
      this.cells.get(key, now).machine.restore(one, elapsedMs, now);
    }
  }

  protected all(): readonly BreakerCell[] {
    return this.cells.all();
  }

  protected find(key: string = ''): BreakerCell | undefined {
    return this.cells.find(key);
  }

  protected mayOpen(now: number): boolean {
    const most = Math.max(1, Math.floor(this.maxOpenRatio * this.cells.size));
    return this.cells.holdingBack(now, most) < most;
  }

  protected changed(cell: BreakerCell, change: StateChange): void {
    this.cells.changed(cell, change);
  }
}

function keyIn({ key = '' }: BreakerCell): string {
  return key;
}

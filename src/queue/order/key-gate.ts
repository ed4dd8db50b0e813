/**
 * Per-key limits: of each key only so many may stand in line or run at once. The rest is parked, and
 * comes into line, with its old rank, as those before it end. Keys at their limit thus cost the line
 * nothing, however much they hold back.
 */

import type { Entry } from './entry.ts';
import type { Place } from './place.ts';

export interface KeyGateOptions {
  /** Entries of one key that may run at once. */
  readonly limit: number;
  /** Makes where the rest of a key waits: in order of arrival, or of priority. */
  readonly makeParking: () => Place;
  /** True when a more urgent entry may take the place in line of a less urgent one of its key. */
  readonly mayPass: boolean;
  /** Puts an entry in line. */
  readonly admit: (entry: Entry) => void;
}

interface KeyState {
  /** Entries of this key that stand in line. */
  readonly inLine: Entry[];
  readonly parked: Place;
  running: number;
}

export class KeyGate {
  /** Entries that are parked, over all keys. */
  parkedSize = 0;
  private readonly options: KeyGateOptions;
  private readonly states = new Map<string, KeyState>();

  constructor(options: KeyGateOptions) {
    this.options = options;
  }

  /** Takes an entry in, into line or into parking. */
  push(key: string, entry: Entry): void {
    let state = this.states.get(key);
    if (state === undefined) {
      state = { inLine: [], parked: this.options.makeParking(), running: 0 };
      this.states.set(key, state);
    }
    if (state.inLine.length + state.running < this.options.limit) this.letIn(state, entry);
    else this.park(state, entry);
  }

  /** `entry` goes from the line to work. */
  take(key: string, entry: Entry): void {
    const state = this.states.get(key) as KeyState;
    entry.lane?.remove(entry);
    state.inLine.splice(state.inLine.indexOf(entry), 1);
    state.running++;
  }

  /** `entry` leaves, wherever it stands. */
  remove(key: string, entry: Entry): void {
    const state = this.states.get(key) as KeyState;
    const place = state.inLine.indexOf(entry);
    entry.lane?.remove(entry);
    if (place < 0) this.parkedSize--;
    else state.inLine.splice(place, 1);
    this.letNextIn(key, state);
  }

  /** Something of this key has ended. */
  ended(key: string): void {
    const state = this.states.get(key) as KeyState;
    state.running--;
    this.letNextIn(key, state);
  }

  /** What ran comes back into line and keeps its turn: nobody of its key has passed it. */
  comeBack(key: string, entry: Entry): void {
    const state = this.states.get(key) as KeyState;
    state.running--;
    this.letIn(state, entry);
  }

  /** Gives `entry` another priority, wherever it stands. */
  move(key: string, entry: Entry, priority: number): void {
    const state = this.states.get(key) as KeyState;
    const isInLine = state.inLine.includes(entry);
    entry.lane?.remove(entry);

    entry.priority = priority;
    if (isInLine) this.options.admit(entry);
    else state.parked.push(entry);
    this.passBy(state);
  }

  /** Whether `entry` waits outside the line for others of its key. */
  isParked(key: string, entry: Entry): boolean {
    return this.states.get(key)?.inLine.includes(entry) === false;
  }

  /** Who would run last of the key that has most parked. */
  last(): Entry | undefined {
    let longest: Place | undefined;
    for (const { parked } of this.states.values()) {
      if (parked.size > (longest?.size ?? 0)) longest = parked;
    }
    return longest?.last();
  }

  /** How many go before `entry`. */
  countAhead(key: string, entry: Entry): number {
    const { inLine } = this.states.get(key) as KeyState;
    const ahead = entry.lane?.countAhead(entry) ?? 0;
    if (inLine.includes(entry)) return ahead;
    const before = inLine.map((other) => other.lane?.countAhead(other) ?? 0);
    return ahead + inLine.length + Math.max(0, ...before);
  }

  *entries(): Iterable<Entry> {
    for (const { parked } of this.states.values()) yield* parked.entries();
  }

  private letIn(state: KeyState, entry: Entry): void {
    state.inLine.push(entry);
    this.options.admit(entry);
  }

  private park(state: KeyState, entry: Entry): void {
    state.parked.push(entry);
    this.parkedSize++;
    this.passBy(state);
  }

  private letNextIn(key: string, state: KeyState): void {
    const next = state.parked.peek(0);
    if (next === undefined) {
      if (state.running === 0 && state.inLine.length === 0) this.states.delete(key);
      return;
    }
    if (state.inLine.length + state.running >= this.options.limit) return;
    next.lane?.remove(next);
    this.parkedSize--;
    this.letIn(state, next);
  }

  /** Changes places while somebody parked is more urgent than somebody in line. */
  private passBy(state: KeyState): void {
    if (!this.options.mayPass) return;
    for (let next = state.parked.peek(0); next !== undefined; next = state.parked.peek(0)) {
      const least = state.inLine.reduce<Entry | undefined>(lessUrgent, undefined);
      if (least === undefined || least.priority >= next.priority) return;
      least.lane?.remove(least);
      next.lane?.remove(next);
      state.inLine.splice(state.inLine.indexOf(least), 1);
      state.parked.push(least);
      this.letIn(state, next);
    }
  }
}

function lessUrgent(least: Entry | undefined, entry: Entry): Entry {
  if (least === undefined || entry.priority < least.priority) return entry;
  return entry.priority === least.priority && entry.rank > least.rank ? entry : least;
}

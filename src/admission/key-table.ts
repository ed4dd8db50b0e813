/**
 * Rows by key, for millions of keys: a map from key to row, the rows packed in one typed array.
 *
 * A row that owes nothing any more says the same as no row, so it may be forgotten at any time and
 * nobody can tell. A hand goes round the rows, a step or two with every use, and forgets those:
 * no timer, and no pass over all keys at once. Rows stay dense, the last one fills a gap.
 */

import type { RateRule } from './rate/rule.ts';

/** Row 0 is never written: what a key nobody has seen looks like. */
export const PRISTINE = 0;
const FIRST_ROWS = 64;
/** Uses between two glances at rows while no key is added, and rows glanced at then. */
const USES_PER_GLANCE = 64;
const GLANCE_ROWS = 16;
/** Rows compared when one that still owes something must go. */
const SAMPLE_ROWS = 16;

export class KeyTable {
  /** Keys that were forgotten while they still owed something, for want of room. */
  forgottenEarly = 0;
  readonly rule: RateRule;
  private maxKeys: number;
  private readonly index = new Map<string, number>();
  /** Key by row; the length is the number of rows in use. */
  private readonly keys: string[] = [''];
  private hand = 1;
  private uses = 0;
  /** The key looked up last: who is asked about is usually spent from next. */
  private lastKey: string | undefined = undefined;
  private lastRow = PRISTINE;

  constructor(rule: RateRule, maxKeys: number, now: number) {
    this.rule = rule;
    this.maxKeys = maxKeys;
    rule.rows = new Float64Array(FIRST_ROWS * rule.width);
    rule.start(PRISTINE, now);
  }

  get size(): number {
    return this.keys.length - 1;
  }

  /** Where the row of `key` begins. Invalidates what was said of other keys. */
  find(key: string, now: number): number {
    if (++this.uses % USES_PER_GLANCE === 0) this.sweep(GLANCE_ROWS, now);
    if (key !== this.lastKey) {
      this.lastRow = this.index.get(key) ?? PRISTINE;
      this.lastKey = key;
    }
    return this.lastRow * this.rule.width;
  }

  /** Where the row of `key` begins, made if need be. Invalidates what was said of other keys. */
  open(key: string, now: number): number {
    const at = this.find(key, now);
    return at === PRISTINE ? this.add(key, now) : at;
  }

  delete(key: string): boolean {
    const row = this.index.get(key);
    if (row === undefined) return false;
    this.forget(row);
    return true;
  }

  /** Every key and where its row begins. */
  *entries(): Generator<[string, number]> {
    for (let row = 1; row < this.keys.length; row++) {
      yield [this.keys[row] as string, row * this.rule.width];
    }
  }

  private add(key: string, now: number): number {
    this.sweep(2, now);
    if (this.size >= this.maxKeys) this.makeRoom(now);
    const row = this.keys.length;
    const { width } = this.rule;
    if ((row + 1) * width > this.rule.rows.length) this.resize(this.rule.rows.length * 2);
    this.keys.push(key);
    this.index.set(key, row);
    this.rule.start(row * width, now);
    this.lastKey = key;
    this.lastRow = row;
    return row * width;
  }

  /** Moves the hand over `steps` rows and forgets those that owe nothing. */
  private sweep(steps: number, now: number): void {
    for (let i = 0; i < steps && this.size > 0; i++) {
      if (this.hand >= this.keys.length) this.hand = 1;
      if (this.rule.resetMs(this.hand * this.rule.width, now) === 0) this.forget(this.hand);
      else this.hand++;
    }
  }

  /** Forgets, of a few rows, the one that owes the least time. */
  private makeRoom(now: number): void {
    let best = 1;
    let bestMs = Infinity;
    for (let i = 0; i < SAMPLE_ROWS; i++, this.hand++) {
      if (this.hand >= this.keys.length) this.hand = 1;
      const resetMs = this.rule.resetMs(this.hand * this.rule.width, now);
      if (resetMs < bestMs) {
        best = this.hand;
        bestMs = resetMs;
      }
    }
    if (bestMs > 0) this.forgottenEarly++;
    this.forget(best);
  }

  private forget(row: number): void {
    const { rule, keys } = this;
    const last = keys.length - 1;
    this.index.delete(keys[row] as string);
    if (row !== last) {
      const moved = keys[last] as string;
      keys[row] = moved;
      this.index.set(moved, row);
      rule.rows.copyWithin(row * rule.width, last * rule.width, (last + 1) * rule.width);
    }
    keys.pop();
    this.lastKey = undefined;
    const used = keys.length * rule.width;
    if (used * 4 < rule.rows.length && rule.rows.length > FIRST_ROWS * rule.width) {
      this.resize(rule.rows.length / 2);
    }
  }

  private resize(length: number): void {
    const longer = new Float64Array(length);
    longer.set(this.rule.rows.subarray(0, Math.min(length, this.rule.rows.length)));
    this.rule.rows = longer;
  }
}

/**
 * Rows by key, for millions of keys, the rows packed in one typed array.
 *
 * A row that owes nothing any more says the same as no row, so it may be forgotten at any time and
 * nobody can tell. A hand goes round the rows, a step or two with every use, and forgets those:
 * no timer, and no pass over all keys at once. Rows stay dense, the last one fills a gap.
 */

import { murmur3, OptionError, xxh32 } from '../core/index.ts';
import { KeyIndex } from './key-index.ts';
import type { RateRule } from './rate/rule.ts';

/** Row 0 is never written: what a key nobody has seen looks like. */
export const PRISTINE = 0;
/** Uses between two glances at rows while no key is added, and rows glanced at then. */
const USES_PER_GLANCE = 64;
const GLANCE_ROWS = 16;
/** Rows compared when one that still owes something must go. */
const SAMPLE_ROWS = 16;
/** Fewer rows than this are never given back. */
const LEAST_ROWS = 64;
/** Longer keys are kept as their beginning and a hash, so that nobody can fill memory with them. */
const LONGEST_KEY = 128;
const KEPT_BEGINNING = 64;

/** What a table is made of. */
export interface KeyTableSetup {
  readonly rule: RateRule;
  readonly maxKeys: number;
  /** Draws what hashes are salted with. */
  readonly random: () => number;
  readonly now: number;
}

export class KeyTable {
  /** Keys that were forgotten while they still owed something, for want of room. */
  forgottenEarly = 0;
  readonly rule: RateRule;
  private readonly maxKeys: number;
  private readonly index: KeyIndex;
  private hand = 1;
  private uses = 0;
  /** The key looked up last: who is asked about is usually spent from next. */
  private lastKey: string | undefined = undefined;
  private lastForm = '';
  private lastRow = PRISTINE;

  constructor({ rule, maxKeys, random, now }: KeyTableSetup) {
    this.rule = rule;
    this.maxKeys = maxKeys;
    this.index = new KeyIndex(random);
    rule.rows = new Float64Array(this.index.capacity * rule.width);
    rule.start(PRISTINE, now);
  }

  get size(): number {
    return this.index.size;
  }

  /** Where the row of `key` begins. Invalidates what was said of other keys. */
  find(key: string, now: number): number {
    if (++this.uses % USES_PER_GLANCE === 0) this.sweep(GLANCE_ROWS, now);
    if (key !== this.lastKey) {
      if (typeof key !== 'string') throw new OptionError('keyedLimiter: key', 'a string', key);
      this.lastForm = keptForm(key);
      this.lastRow = this.index.find(this.lastForm);
      this.lastKey = key;
    }
    return this.lastRow * this.rule.width;
  }

  /** Where the row of `key` begins, made if need be. Invalidates what was said of other keys. */
  open(key: string, now: number): number {
    const at = this.find(key, now);
    return at === PRISTINE ? this.addLast(now) : at;
  }

  delete(key: string): boolean {
    const row = typeof key === 'string' ? this.index.find(keptForm(key)) : PRISTINE;
    if (row === PRISTINE) return false;
    this.forget(row);
    return true;
  }

  /** Every key, a long one in its kept form, and where its row begins. */
  *entries(): Generator<[string, number]> {
    for (let row = 1; row <= this.index.size; row++) {
      yield [this.index.keyOf(row), row * this.rule.width];
    }
  }

  /** Adds the key looked up last. */
  private addLast(now: number): number {
    const { lastKey, lastForm } = this;
    this.sweep(2, now);
    if (this.size >= this.maxKeys) this.makeRoom(now);
    const { index, rule } = this;
    if (index.size + 1 >= index.capacity) this.resize(index.capacity * 2);
    const row = index.add(lastForm);
    rule.rows.copyWithin(row * rule.width, PRISTINE, rule.width);
    this.lastKey = lastKey; // which the sweep may have forgotten
    this.lastRow = row;
    return row * rule.width;
  }

  /** Moves the hand over `steps` rows and forgets those that owe nothing. */
  private sweep(steps: number, now: number): void {
    for (let i = 0; i < steps && this.size > 0; i++) {
      if (this.hand > this.size) this.hand = 1;
      if (this.rule.resetMs(this.hand * this.rule.width, now) === 0) this.forget(this.hand);
      else this.hand++;
    }
  }

  /** Forgets, of a few rows, the one that owes the least time. */
  private makeRoom(now: number): void {
    let best = 1;
    let bestMs = Infinity;
    for (let i = 0; i < SAMPLE_ROWS; i++, this.hand++) {
      if (this.hand > this.size) this.hand = 1;
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
    const { index, rule } = this;
    const last = index.remove(row);
    if (row !== last) {
      rule.rows.copyWithin(row * rule.width, last * rule.width, (last + 1) * rule.width);
    }
    this.lastKey = undefined;
    if (index.size * 4 < index.capacity && index.capacity > LEAST_ROWS) {
      this.resize(index.capacity / 2);
    }
  }

  private resize(capacity: number): void {
    const { index, rule } = this;
    index.resize(capacity);
    const rows = new Float64Array(capacity * rule.width);
    rows.set(rule.rows.subarray(0, (index.size + 1) * rule.width));
    rule.rows = rows;
  }
}

/** The key itself, or what stands for one that is too long: the same in every process, for dumps. */
function keptForm(key: string): string {
  if (key.length <= LONGEST_KEY) return key;
  return `${key.slice(0, KEPT_BEGINNING)}…${xxh32(key).toString(36)}.${murmur3(key).toString(36)}`;
}

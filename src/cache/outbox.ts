/**
 * What a tier is still to be told: the last wish per key, and tags to invalidate.
 *
 * One structure serves write-behind (told later) and recovery (could not be told): an entry stays until
 * the tier has confirmed it, and what is read from the tier meanwhile is judged by it. It is bounded:
 * when there is no more room, all wishes become one, to invalidate everything.
 */

import type { TagMark } from './tag-clock.ts';

/** The tag that every entry has. */
export const EVERYTHING = '*';

/** A value on its way to a tier. */
export interface Draft {
  readonly kind: 'set';
  readonly key: string;
  readonly value: unknown;
  /** On `runtime.now()`'s axis. */
  readonly freshUntil: number;
  readonly loadMs: number;
  /** Tags of the entry, always with {@link EVERYTHING}. */
  readonly mark: TagMark;
  /** The tier's counters from before the value was loaded; undefined: asked for when it is written. */
  readonly vector: ReadonlyMap<string, number> | undefined;
  /** False: a value the source can give again, not written a second time when the first fails. */
  readonly owed: boolean;
}

/** A key to remove. */
export interface Removal {
  readonly kind: 'remove';
  readonly key: string;
}

export type Wish = Draft | Removal;

/** The wishes one tier has not confirmed. */
export class Outbox {
  private readonly limit: number;
  private readonly wishes = new Map<string, Wish>();
  private readonly tagWishes = new Map<string, object>();

  constructor(limit: number) {
    this.limit = limit;
  }

  get size(): number {
    return this.wishes.size + this.tagWishes.size;
  }

  get isFull(): boolean {
    return this.size >= this.limit;
  }

  /** True when everything in the tier is to be invalidated. */
  get distrustsAll(): boolean {
    return this.tagWishes.has(EVERYTHING);
  }

  /** Takes the last wish for a key in; a full outbox becomes the wish to invalidate everything. */
  wish(wish: Wish): void {
    if (this.isFull && !this.wishes.has(wish.key)) {
      this.collapse();
      return;
    }
    this.wishes.delete(wish.key);
    this.wishes.set(wish.key, wish);
  }

  wishTag(tag: string): void {
    if (tag === EVERYTHING) this.collapse();
    else if (this.isFull && !this.tagWishes.has(tag)) this.collapse();
    else this.tagWishes.set(tag, {});
  }

  of(key: string): Wish | undefined {
    return this.wishes.get(key);
  }

  /** Tags to be invalidated, each with what confirms this very wish. */
  tags(): ReadonlyMap<string, object> {
    return new Map(this.tagWishes);
  }

  /** The oldest wishes. */
  oldest(count: number): Wish[] {
    const batch: Wish[] = [];
    for (const wish of this.wishes.values()) {
      if (batch.length === count) break;
      batch.push(wish);
    }
    return batch;
  }

  /** Forgets a wish that was granted, unless a later one has taken its place. */
  granted(wish: Wish): void {
    if (this.wishes.get(wish.key) === wish) this.wishes.delete(wish.key);
  }

  tagGranted(tag: string, wish: object): void {
    if (this.tagWishes.get(tag) === wish) this.tagWishes.delete(tag);
  }

  private collapse(): void {
    this.wishes.clear();
    this.tagWishes.clear();
    this.tagWishes.set(EVERYTHING, {});
  }
}

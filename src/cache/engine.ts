/**
 * The engine room of a cache: its levels, its bus and what they do to each other. Keys are full here;
 * namespaces are a matter of `cache.ts`.
 */

import type { Emitter } from '../core/index.ts';
import { emitter, StoreError } from '../core/index.ts';
import { BusLink } from './bus-link.ts';
import type { CacheRules } from './cache-options.ts';
import { Fetching } from './fetching.ts';
import { Figures } from './figures.ts';
import type { Wish } from './outbox.ts';
import { EVERYTHING } from './outbox.ts';
import { Shelf } from './shelf.ts';
import { TierDesk } from './tier-desk.ts';
import type { DeskHost } from './tier-form.ts';
import type { CacheEvents } from './types.ts';

/** A value to keep on every level. */
export interface Writing<V> {
  readonly key: string;
  readonly value: V;
  readonly ttlMs: number;
  readonly tags: readonly string[];
}

export class Engine<V> {
  readonly rules: CacheRules<V>;
  readonly events: Emitter<CacheEvents>;
  readonly figures: Figures = new Figures();
  readonly shelf: Shelf<V>;
  readonly desks: readonly TierDesk[];
  readonly fetching: Fetching<V>;
  isClosed = false;
  private readonly bus: BusLink | undefined;

  constructor(rules: CacheRules<V>) {
    const { runtime, name } = rules;
    this.rules = rules;
    this.events = emitter(runtime, name);
    this.shelf = new Shelf(rules, this.events);
    this.desks = rules.tiers.map((tier) => new TierDesk(tier, this.deskHost()));
    const { shelf, desks, figures, events } = this;
    this.fetching = new Fetching(rules, { runtime, shelf, desks, figures, events });
    this.bus = rules.bus && new BusLink(rules.bus, this.busHost());
  }

  /** Keeps values everywhere. Memory at once, then the tiers, deepest first, then the others' memories. */
  async write(writings: readonly Writing<V>[]): Promise<void> {
    for (const writing of writings) this.keep(writing);
    if (this.isAlone) return;
    await this.tellAll(writings.map((writing) => this.wishOf(writing)));
    await this.bus?.tell(
      writings.map(({ key }) => key),
      [],
    );
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      this.fetching.fence(key);
      this.shelf.forget(key);
    }
    await this.tellAll(keys.map((key) => ({ kind: 'remove', key })));
    await this.bus?.tell(keys, []);
  }

  async expire(key: string): Promise<void> {
    this.fetching.fence(key);
    this.shelf.expire(key, this.rules.runtime.now());
    await this.tellAll([{ kind: 'remove', key }]);
    await this.bus?.tell([key], []);
  }

  /** Invalidates tags everywhere; {@link EVERYTHING} is one of them. */
  async invalidate(tags: readonly string[]): Promise<void> {
    this.forgetTags(tags);
    for (const desk of this.desks.toReversed()) await desk.bump(tags);
    await this.bus?.tell([], tags);
  }

  /** True where there is nobody but memory to tell. */
  get isAlone(): boolean {
    return this.desks.length === 0 && this.bus === undefined;
  }

  /** Keeps a value in memory. */
  keep({ key, value, ttlMs, tags }: Writing<V>): void {
    this.fetching.fence(key);
    if (ttlMs === 0) {
      this.shelf.forget(key);
      return;
    }
    const freshMs = this.shelf.jittered(ttlMs);
    const mark = tags.length === 0 ? undefined : { tags, at: this.shelf.clock.now };
    this.shelf.keep(key, value, { freshMs, loadMs: 0, mark });
  }

  /** What the tiers are to do with a value. */
  private wishOf({ key, value, ttlMs, tags }: Writing<V>): Wish {
    if (ttlMs === 0) return { kind: 'remove', key };
    return {
      kind: 'set',
      key,
      value,
      freshUntil: this.rules.runtime.now() + this.shelf.jittered(ttlMs),
      loadMs: 0,
      mark: { tags: [...tags, EVERYTHING], at: this.shelf.clock.now },
      vector: undefined,
      owed: true,
    };
  }

  async flush(): Promise<void> {
    for (const desk of this.desks.toReversed()) await desk.flushSoon();
  }

  async close(reason: unknown): Promise<void> {
    this.isClosed = true;
    this.fetching.close(reason);
    await this.flush();
    for (const desk of this.desks) desk.close();
    this.bus?.close();
  }

  private async tellAll(wishes: readonly Wish[]): Promise<void> {
    for (const desk of this.desks.toReversed()) await desk.tell(wishes);
  }

  private forgetTags(tags: readonly string[]): void {
    for (const tag of tags) this.shelf.clock.invalidate(tag);
    if (tags.includes(EVERYTHING)) this.shelf.table.clear();
  }

  private deskHost(): DeskHost {
    const { rules, events, shelf } = this;
    return {
      runtime: rules.runtime,
      tagClock: shelf.clock,
      name: rules.name,
      version: rules.version,
      migrate: (value, from) => {
        if (rules.migrate !== undefined) return rules.migrate(value, from);
        throw new Error(
          `schema version ${from} is older than ${rules.version}, and there is no migrate`,
        );
      },
      keepMs: shelf.keepMs,
      jittered: (ms) => shelf.jittered(ms),
      failed: (tier, operation, error) => {
        if (events.has('failure')) events.emit('failure', { tier, operation, error });
      },
      corrupt: (tier, key, error) => {
        if (events.has('corrupt')) events.emit('corrupt', { tier, key, error });
      },
      unstorable: (tier, key, error) => {
        if (events.has('unstorable')) events.emit('unstorable', { tier, key, error });
      },
      recovered: (keys, tags) => void this.bus?.tell(keys, tags),
    };
  }

  private busHost(): ConstructorParameters<typeof BusLink>[1] {
    const { rules, events, shelf, fetching } = this;
    return {
      runtime: rules.runtime,
      name: rules.name,
      invalidated: (keys, tags) => {
        for (const key of keys) {
          fetching.fence(key);
          shelf.forget(key);
        }
        this.forgetTags(tags);
      },
      gap: (reason) => {
        shelf.bounded = reason === 'lost' || (reason === 'missed' && shelf.bounded);
        shelf.distrust(rules.runtime.now());
        fetching.fenceAll();
        if (events.has('gap')) events.emit('gap', { reason });
      },
      failed: (operation, cause) => {
        if (!events.has('failure')) return;
        const error = new StoreError(`bus: ${operation} failed`, { cause });
        events.emit('failure', { tier: rules.bus?.name ?? 'bus', operation, error });
      },
    };
  }
}

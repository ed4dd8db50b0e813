/**
 * The cache: memory, tiers and source as one, with nothing stale, nothing stampeding and nothing hanging.
 */

import { ClosedError, OptionError, optionChecks } from '../core/index.ts';
import { isThenable } from '../core/index.ts';
import type { CacheOptions } from './cache-options.ts';
import { cacheRules } from './cache-options.ts';
import {
  allTags,
  badKey,
  checkedTags,
  checkedTtl,
  checkEntries,
  checkKeys,
  checkPair,
  checkPatience,
  checkWriting,
} from './checks.ts';
import { dumpOf, restore, warm } from './dump.ts';
import { scopedBatch, scopedLoad } from './scoped-loaders.ts';
import { snapshotOf } from './snapshot.ts';
import type { Writing } from './engine.ts';
import { Engine } from './engine.ts';
import { explain } from './explain.ts';
import type { Request } from './fetch-host.ts';
import { patienceOf } from './fetching.ts';
import type { Patience } from './flight.ts';
import { getMany } from './get-many.ts';
import { EVERYTHING } from './outbox.ts';
import type {
  BatchLoader,
  Cache,
  CacheDump,
  CacheSnapshot,
  Explanation,
  GetOptions,
  Loader,
  SetOptions,
} from './types.ts';

/**
 * Makes a cache. Without options it is a memory of 10,000 entries that are fresh for a minute.
 *
 * ```ts
 * import { cache } from 'tenfold/cache';
 *
 * const users = cache<{ name: string }>({ ttlMs: 60_000, staleIfErrorMs: 3_600_000 });
 * const ada = await users.get('ada', async (key) => ({ name: key }), { tags: ['users'] });
 * await users.deleteTag('users');
 * ```
 *
 * @throws OptionError for an option out of range
 */
export function cache<V = unknown>(options: CacheOptions<V> = {}): Cache<V> {
  return new LeveledCache<V>(new Engine<V>(cacheRules(options)), '', []);
}

const SUBJECT = 'cache';
const NONE: SetOptions = {};
/** What a writing that memory alone takes answers: the promise of an async function costs as much as the writing. */
const DONE: Promise<void> = Promise.resolve();

class LeveledCache<V> implements Cache<V> {
  private readonly engine: Engine<V>;
  /** Stands before each key; empty outside namespaces. */
  private readonly prefix: string;
  /** Tags of the namespaces the cache is, each from its root. */
  private readonly scope: readonly string[];
  private readonly patience: Patience;
  private readonly plain: Request<V>;

  constructor(engine: Engine<V>, prefix: string, scope: readonly string[]) {
    this.engine = engine;
    this.prefix = prefix;
    this.scope = scope;
    this.patience = patienceOf(engine.rules, undefined);
    this.plain = { load: undefined, loadMany: undefined, tags: scope, ttlMs: engine.rules.ttlMs };
  }

  get name(): string {
    return this.engine.rules.name;
  }

  get(key: string, load?: Loader<V>, options?: GetOptions): Promise<V | undefined> {
    const { shelf, figures, rules, isClosed } = this.engine;
    if (typeof key !== 'string' || isClosed) return Promise.reject(this.refusal(key));
    const full = this.prefix === '' ? key : this.prefix + key;
    const now = rules.runtime.now();
    const slot = shelf.fresh(full, now);
    if (slot < 0) return this.fetch(full, load, options, now);
    shelf.table.use(slot);
    figures.hit(full);
    const value = shelf.table.value(slot);
    if (rules.earlyRefreshBeta > 0 && load !== undefined)
      this.refreshEarly(full, slot, load, options);
    return Promise.resolve(value);
  }

  peek(key: string): V | undefined {
    const { shelf, figures, rules } = this.engine;
    if (typeof key !== 'string') throw badKey(key);
    const full = this.prefix === '' ? key : this.prefix + key;
    const slot = shelf.fresh(full, rules.runtime.now());
    if (slot < 0) return undefined;
    shelf.table.use(slot);
    figures.hit(full);
    return shelf.table.value(slot);
  }

  async getMany(
    keys: readonly string[],
    load?: BatchLoader<V>,
    options?: GetOptions,
  ): Promise<Map<string, V>> {
    this.checkOpen();
    checkKeys(keys);
    const request = {
      ...this.request(options),
      loadMany: load === undefined ? undefined : scopedBatch(load, this.prefix),
    };
    const patience = options === undefined ? this.patience : patienceOf(this.engine.rules, options);
    patience.signal?.throwIfAborted();
    return getMany(this.engine, keys, { prefix: this.prefix, request, patience });
  }

  set(key: string, value: V, options?: SetOptions): Promise<void> {
    try {
      this.checkOpen();
      const writing = this.writing(key, value, options);
      if (!this.engine.isAlone) return this.engine.write([writing]);
      this.engine.keep(writing);
      return DONE;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async setMany(entries: Iterable<readonly [string, V]>, options?: SetOptions): Promise<void> {
    this.checkOpen();
    const given = checkEntries('setMany', entries);
    await this.engine.write(Array.from(given, (entry) => this.pair('setMany', entry, options)));
  }

  async delete(key: string): Promise<void> {
    this.checkOpen();
    await this.engine.remove([this.full(key)]);
  }

  async expire(key: string): Promise<void> {
    this.checkOpen();
    await this.engine.expire(this.full(key));
  }

  async deleteTag(tag: string): Promise<void> {
    this.checkOpen();
    await this.engine.invalidate(checkedTags([tag]));
  }

  async clear(): Promise<void> {
    this.checkOpen();
    await this.engine.invalidate([this.scope.at(-1) ?? EVERYTHING]);
  }

  namespace<W = V>(name: string): Cache<W> {
    optionChecks(`${SUBJECT}.namespace`).text('name', name);
    const prefix = `${this.prefix}${name}:`;
    const engine = this.engine as unknown as Engine<W>;
    return new LeveledCache<W>(engine, prefix, [...this.scope, `${EVERYTHING}${prefix}`]);
  }

  async warm(
    source: Iterable<readonly [string, V]> | AsyncIterable<readonly [string, V]>,
    options?: SetOptions,
  ): Promise<number> {
    this.checkOpen();
    const given = checkEntries('warm', source);
    return warm(this.engine, given, (entry) => this.pair('warm', entry, options));
  }

  async explain(key: string): Promise<Explanation> {
    return explain(this.engine, this.full(key), key);
  }

  dump(): CacheDump<V> {
    return dumpOf(this.engine, this.prefix, this.scope);
  }

  load(dump: CacheDump<V>): number {
    this.checkOpen();
    return restore(this.engine, dump, (key) => ({ key: this.full(key), scope: this.scope }));
  }

  on: Cache<V>['on'] = (name, listener) => this.engine.events.on(name, listener);

  snapshot(): CacheSnapshot {
    return snapshotOf(this.engine);
  }

  async flush(): Promise<void> {
    await this.engine.flush();
  }

  async close(): Promise<void> {
    if (this.engine.isClosed) return;
    await this.engine.close(new ClosedError(`${this.name} was closed`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What memory does not have fresh. */
  private fetch(
    full: string,
    load: Loader<V> | undefined,
    options: GetOptions | undefined,
    now: number,
  ): Promise<V | undefined> {
    const { rules, fetching, figures } = this.engine;
    figures.miss(full);
    try {
      const request =
        load === undefined && options === undefined
          ? this.plain
          : {
              ...this.request(options),
              load: load === undefined ? undefined : scopedLoad(load, this.prefix),
            };
      const patience = options === undefined ? this.patience : patienceOf(rules, options);
      if (options?.signal?.aborted === true) return Promise.reject(options.signal.reason);
      return fetching.get(full, request, patience, now);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** A hit that may be near its end: perhaps this reader refreshes. */
  private refreshEarly(
    full: string,
    slot: number,
    load: Loader<V>,
    options: GetOptions | undefined,
  ): void {
    const { shelf, rules, fetching } = this.engine;
    const freshUntil = shelf.table.freshUntilOf(slot);
    const draw = shelf.draw();
    if (!shelf.isDue(freshUntil - rules.runtime.now(), shelf.table.loadMsOf(slot), draw)) return;
    const request = { ...this.request(options), load: scopedLoad(load, this.prefix) };
    fetching.refresh(full, request, { value: shelf.table.value(slot), freshUntil }, draw);
  }

  private request(options: GetOptions | undefined): Request<V> {
    if (options === undefined) return this.plain;
    checkPatience(options);
    const { tags, ttlMs = this.plain.ttlMs } = options;
    return {
      load: undefined,
      loadMany: undefined,
      tags: allTags(tags, this.scope),
      ttlMs: checkedTtl('get', ttlMs),
    };
  }

  private writing(key: string, value: V, options: SetOptions | undefined): Writing<V> {
    if (value === undefined || isThenable(value)) {
      throw new OptionError(`${SUBJECT}.set: value`, 'neither undefined nor a promise', value);
    }
    const { tags, ttlMs = this.plain.ttlMs } = options === undefined ? NONE : checkWriting(options);
    return {
      key: this.full(key),
      value,
      ttlMs: checkedTtl('set', ttlMs),
      tags: allTags(tags, this.scope),
    };
  }

  private pair(
    verb: string,
    entry: readonly [string, V],
    options: SetOptions | undefined,
  ): Writing<V> {
    const [key, value] = checkPair(verb, entry);
    return this.writing(key, value, options);
  }

  private full(key: string): string {
    if (typeof key !== 'string') throw badKey(key);
    return this.prefix + key;
  }

  private checkOpen(): void {
    if (this.engine.isClosed) throw new ClosedError(`${this.name} is closed`);
  }

  private refusal(key: unknown): Error {
    return this.engine.isClosed ? new ClosedError(`${this.name} is closed`) : badKey(key);
  }
}

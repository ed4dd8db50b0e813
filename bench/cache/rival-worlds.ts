// Other caches as worlds of the probes (test/cache/probes.ts): two levels over one store that can hang,
// and a bus that can be cut, where they have such things. Each in the configuration its manual names.
import { BentoCache, bentostore } from 'bentocache';
import { BaseDriver } from 'bentocache/drivers/base_driver';
import { memoryDriver } from 'bentocache/drivers/memory';
import type {
  BusDriver,
  CreateBusDriverResult,
  CreateDriverResult,
  L2CacheDriver,
} from 'bentocache/types';
import { createCache } from 'cache-manager';
import { Cacheable, CacheableMemory, Keyv } from 'cacheable';
import type { ProbedCache, World } from '../../test/cache/probes.ts';

/** A store that all processes share, and that can hang. */
class SharedStore {
  hangs = false;
  private readonly entries = new Map<string, { value: string; until: number }>();

  async get(key: string): Promise<string | undefined> {
    await this.answer();
    const entry = this.entries.get(key);
    return entry !== undefined && entry.until > performance.now() ? entry.value : undefined;
  }

  async set(key: string, value: string, ttlMs = Infinity): Promise<true> {
    await this.answer();
    this.entries.set(key, { value, until: performance.now() + ttlMs });
    return true;
  }

  async delete(key: string): Promise<boolean> {
    await this.answer();
    return this.entries.delete(key);
  }

  async clear(): Promise<void> {
    await this.answer();
    this.entries.clear();
  }

  private answer(): Promise<void> {
    return this.hangs ? new Promise(() => undefined) : Promise.resolve();
  }
}

/** What all rival worlds have in common: real time, a store, a clock that `Date.now` tells. */
function realWorld(store: SharedStore): Omit<World, 'cache' | 'bus'> {
  return {
    hang: () => {
      store.hangs = true;
    },
    ahead: async (ms, write) => {
      const real = Date.now;
      Date.now = () => real() + ms;
      try {
        await write();
      } finally {
        Date.now = real;
      }
    },
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    now: () => performance.now(),
  };
}

class BentoStore extends BaseDriver implements L2CacheDriver {
  readonly type = 'l2';
  private readonly store: SharedStore;

  constructor(store: SharedStore, config: { prefix?: string }) {
    super(config);
    this.store = store;
  }

  namespace(namespace: string): L2CacheDriver {
    return new BentoStore(this.store, { prefix: this.createNamespacePrefix(namespace) });
  }

  get = (key: string): Promise<string | undefined> => this.store.get(this.getItemKey(key));
  set = (key: string, value: string, ttl?: number): Promise<boolean> =>
    this.store.set(this.getItemKey(key), value, ttl);
  delete = (key: string): Promise<boolean> => this.store.delete(this.getItemKey(key));
  clear = (): Promise<void> => this.store.clear();
  disconnect = async (): Promise<void> => undefined;

  async pull(key: string): Promise<string | undefined> {
    const value = await this.get(key);
    await this.delete(key);
    return value;
  }

  async deleteMany(keys: string[]): Promise<boolean> {
    for (const key of keys) await this.delete(key);
    return true;
  }
}

interface Wire {
  up: boolean;
  id: string;
  handler: ((message: never) => void) | undefined;
  reconnect: () => void;
}

function bentoBus(wires: Wire[]): CreateBusDriverResult {
  const wire: Wire = { up: true, id: '', handler: undefined, reconnect: () => undefined };
  wires.push(wire);
  const driver: BusDriver = {
    setId: (id) => {
      wire.id = id;
      return driver;
    },
    onReconnect: (callback) => {
      wire.reconnect = callback;
    },
    publish: async (_, message) => {
      if (!wire.up) throw new Error('the bus is cut');
      for (const other of wires) {
        if (other.id !== wire.id && other.up) other.handler?.(message as never);
      }
    },
    subscribe: async (_, handler) => {
      wire.handler = (message) => void handler(message);
    },
    unsubscribe: async () => undefined,
    disconnect: async () => undefined,
  };
  return { options: {}, factory: () => driver };
}

export function bentoWorld(): World {
  const store = new SharedStore();
  const wires: Wire[] = [];
  const l2 = (): CreateDriverResult<L2CacheDriver> => ({
    options: { prefix: 'bentocache' },
    factory: (config: { prefix?: string }) => new BentoStore(store, config),
  });
  return {
    ...realWorld(store),
    cache: ({ ttlMs, graceMs, levels }): ProbedCache => {
      const near = bentostore().useL1Layer(memoryDriver({ maxItems: 1_000 }));
      const both = levels === 'shared' ? near.useL2Layer(l2()).useBus(bentoBus(wires)) : near;
      const grace = graceMs === undefined ? {} : { grace: graceMs };
      const one = new BentoCache({ default: 'both', stores: { both }, ttl: ttlMs, ...grace });
      return {
        get: (key, factory, tags = []) => one.getOrSet({ key, factory, tags: [...tags] }),
        set: (key, value) => one.set({ key, value }),
        delete: (key) => one.delete({ key }),
        deleteTag: (tag) => one.deleteByTag({ tags: [tag] }),
        close: () => one.disconnectAll(),
      };
    },
    bus: {
      cut: () => {
        const last = wires.at(-1);
        if (last !== undefined) last.up = false;
      },
      mend: () => {
        const last = wires.at(-1);
        if (last === undefined) return;
        last.up = true;
        last.reconnect();
      },
    },
  };
}

/** The store as keyv takes it. */
function keyvOver(store: SharedStore): Keyv {
  return new Keyv({
    store: {
      opts: {},
      get: (key: string) => store.get(key),
      set: (key: string, value: string, ttl?: number) => store.set(key, value, ttl),
      delete: (key: string) => store.delete(key),
      clear: () => store.clear(),
    } as never,
  });
}

/** What cacheable's manual says of tags and loaders: a plain get, and a set with tags; without, `getOrSet`. */
async function tagged(
  one: Cacheable,
  key: string,
  tags: readonly string[],
  load: () => Promise<unknown>,
): Promise<unknown> {
  if (tags.length === 0) return one.getOrSet(key, load, { throwErrors: true });
  const known: unknown = await one.get(key);
  if (known !== undefined) return known;
  const value = await load();
  await one.set(key, value, { tags: [...tags] });
  return value;
}

export function cacheableWorld(): World {
  const store = new SharedStore();
  return {
    ...realWorld(store),
    bus: undefined,
    cache: ({ ttlMs, graceMs, levels }) => {
      if (graceMs !== undefined) return undefined;
      const secondary = levels === 'shared' ? { secondary: keyvOver(store) } : {};
      const one = new Cacheable({ ttl: ttlMs, tags: true, ...secondary });
      return {
        get: (key, load, tags = []) => tagged(one, key, tags, load),
        set: (key, value) => one.set(key, value),
        delete: (key) => one.delete(key),
        deleteTag: (tag) => one.tags.invalidateTag(tag),
        close: () => one.disconnect(),
      };
    },
  };
}

export function cacheManagerWorld(): World {
  const store = new SharedStore();
  return {
    ...realWorld(store),
    bus: undefined,
    cache: ({ ttlMs, graceMs, levels }) => {
      if (graceMs !== undefined) return undefined;
      const near = new Keyv({ store: new CacheableMemory({ lruSize: 1_000 }) });
      const stores = levels === 'shared' ? [near, keyvOver(store)] : [near];
      const one = createCache({ ttl: ttlMs, stores });
      return {
        get: (key, load) => one.wrap(key, load),
        set: (key, value) => one.set(key, value),
        delete: (key) => one.del(key),
        close: async () => undefined,
      };
    },
  };
}

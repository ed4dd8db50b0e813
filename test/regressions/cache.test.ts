// What an attack on the cache found: each was seen failing before it was mended.
import { LRUCache } from 'lru-cache';
import { describe, expect, it } from 'vitest';
import type {
  Bus,
  BusListener,
  Cache,
  CacheEvents,
  CacheOptions,
  Tier,
} from '../../src/cache/index.ts';
import { cache, lru, lruTier, memoryTier, wTinyLfu } from '../../src/cache/index.ts';
import { seededRandom } from '../../src/core/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { faultyTier } from '../cache/faulty-tier.ts';

type Runtime = ReturnType<typeof virtualRuntime>;

/** A cache in virtual time. */
function made<V = number>(
  options: CacheOptions<V> | ((runtime: Runtime) => CacheOptions<V>) = {},
): { readonly runtime: Runtime; readonly one: Cache<V> } {
  const runtime = virtualRuntime({ seed: 9 });
  const given = typeof options === 'function' ? options(runtime) : options;
  return { runtime, one: cache<V>({ ttlMs: 1_000, ...given, runtime }) };
}

/** Collects what a cache tells. */
function heard<Name extends keyof CacheEvents>(one: Cache<never>, name: Name): CacheEvents[Name][] {
  const events: CacheEvents[Name][] = [];
  (one as Cache<unknown>).on(name, (event) => events.push(event));
  return events;
}

/** A tier whose readings arrive `delayMs` after they were taken. */
function lateTier(runtime: Runtime): Tier & { delayMs: number } {
  const inner = memoryTier({ runtime });
  const tier: Tier & { delayMs: number } = {
    ...inner,
    delayMs: 0,
    read: async (...asked) => {
      const reading = await inner.read(...asked);
      await runtime.sleep(tier.delayMs);
      return reading;
    },
  };
  return tier;
}

describe('a look without a loader that a load overtakes', () => {
  it('does not bring back what is deleted meanwhile', () => {
    const runtime = virtualRuntime();
    const tier = lateTier(runtime);
    const [one, other] = [0, 0].map(() => cache<number>({ tiers: [tier], runtime }));
    return runtime.run(async () => {
      await other?.set('a', 1);
      tier.delayMs = 100;
      const look = one?.get('a');
      await runtime.sleep(1);
      tier.delayMs = 1;
      const load = one?.get('a', () => 2, { maxStaleMs: 0 });
      await load;
      await one?.delete('a');
      await look;

      expect(one?.peek('a')).toBeUndefined();
    });
  });

  it('is ended by a close', () => {
    const runtime = virtualRuntime();
    const tier = lateTier(runtime);
    const one = cache<number>({ tiers: [{ tier, timeoutMs: Infinity }], runtime });
    return runtime.run(async () => {
      tier.delayMs = 1_000_000;
      const outcomes = [one.get('a'), one.get('a', () => 1)].map((asked) =>
        asked.catch((error: unknown) => (error as { code: string }).code),
      );
      await one.close();

      expect(await Promise.all(outcomes)).toEqual(['ERR_CLOSED', 'ERR_CLOSED']);
      expect(runtime.now()).toBeLessThan(1_000);
    });
  });
});

describe('a stale value that a tier gives after the soft time-out', () => {
  it('is served at once', () => {
    const runtime = virtualRuntime();
    const tier = lateTier(runtime);
    const options = { ttlMs: 10, staleIfErrorMs: 10_000, tiers: [tier], runtime };
    const [one, other] = [cache<number>(options), cache<number>(options)];
    return runtime.run(async () => {
      await other.set('a', 1);
      await runtime.sleep(20);
      tier.delayMs = 60;
      const startedAt = runtime.now();

      const value = await one.get('a', () => new Promise<never>(() => undefined), {
        softTimeoutMs: 50,
      });

      expect([value, runtime.now() - startedAt]).toEqual([1, 60]);
    });
  });
});

describe('a life that is over as it begins', () => {
  it('leaves no older value behind', () => {
    const { runtime, one } = made();
    return runtime.run(async () => {
      await runtime.sleep(1_000_000);
      await one.set('a', 1);

      await one.set('a', 2, { ttlMs: 1e-12 });

      expect(one.peek('a')).toBeUndefined();
    });
  });
});

describe('a bound that is far away', () => {
  it('takes no memory from the start', () => {
    const before = process.memoryUsage().arrayBuffers;

    const { one } = made({ memory: { maxEntries: 2 ** 24 } });

    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 2 ** 20);
    expect(one.snapshot().entries).toBe(0);
  });
});

describe('weights', () => {
  it.each([Infinity, 1e300])('of %d do not spoil the sum', async (huge) => {
    for (const eviction of [wTinyLfu(), lru()]) {
      const { one } = made<number>({
        memory: { maxWeight: 10, weigh: (value) => (value === 0 ? huge : 1), eviction },
      });

      for (let i = 1; i < 50; i++) {
        await one.set(`${i}`, i);
        await one.set('huge', 0);
      }

      expect(one.snapshot()).toMatchObject({ entries: 10, weight: 10 });
    }
  });

  it('too large for a key that was there remove it', async () => {
    const { one } = made<number>({ memory: { maxWeight: 10, weigh: (value) => value } });
    await one.set('a', 5);

    await one.set('a', 11);

    expect([one.peek('a'), one.snapshot().weight]).toEqual([undefined, 0]);
  });
});

describe('a listener of evictions that writes to the cache', () => {
  it.each([
    ['w-tiny-lfu', wTinyLfu()],
    ['lru', lru()],
  ])('does not spoil the order of %s', async (_, eviction) => {
    const random = seededRandom('listener');
    const { one } = made<number>({ memory: { maxEntries: 50, eviction } });
    const key = (): string => `${Math.floor(random() * 200)}`;
    let writes = 0;
    one.on('eviction', () => {
      if (random() < 0.5) void one.delete(key());
      if (random() < 0.4) void one.set(key(), ++writes);
    });

    for (let i = 0; i < 5_000; i++) {
      await one.set(key(), ++writes);
      one.peek(key());
    }

    const { entries, weight } = one.snapshot();
    expect(entries).toBe(weight);
    expect(entries).toBeLessThanOrEqual(50);
    expect(entries).toBeGreaterThan(10);
  });
});

describe('a bus', () => {
  const silent = (publish: Bus['publish']): Bus => ({
    name: 'bus',
    publish,
    subscribe: () => ({ [Symbol.dispose]: () => undefined }),
  });

  it('that hangs does not hold up a writer', () => {
    const { runtime, one } = made({ bus: silent(() => new Promise(() => undefined)) });
    const failures = heard(one as never, 'failure');
    return runtime.run(async () => {
      await one.set('a', 1);
      await one.delete('a');

      expect(runtime.now()).toBeLessThan(1_000);
      expect(failures[0]).toMatchObject({ tier: 'bus', operation: 'publish' });
      await one.close();
    });
  });

  it.each([
    null,
    5,
    {},
    { sender: 'x' },
    { sender: 'x', number: NaN },
    { sender: 'x', number: 1, keys: 'a' },
  ])('that delivers %j has lost a message, no more', async (message) => {
    let listener: BusListener | undefined;
    const bus: Bus = {
      name: 'bus',
      publish: async () => undefined,
      subscribe: (one) => {
        listener = one;
        return { [Symbol.dispose]: () => undefined };
      },
    };
    const { one } = made({ bus });
    const gaps = heard(one as never, 'gap');
    await one.set('a', 1);

    listener?.message(message as never);

    expect([gaps, one.peek('a')]).toEqual([[{ reason: 'missed' }], undefined]);
  });
});

describe('a tier that answers with rubbish', () => {
  const rubbish = [undefined, null, 5, 'text', {}, [null], [5]];
  const verbs = ['read', 'write', 'remove', 'bump', 'lease', 'release'] as const;

  it.each(verbs)('is passed over: %s', (verb) => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    const { runtime } = made();
    return runtime
      .run(async () => {
        for (const answer of rubbish) {
          for (const holds of ['values', 'bytes'] as const) {
            const inner = memoryTier({ runtime, holds });
            const does = inner[verb]?.bind(inner) as (...given: unknown[]) => Promise<unknown>;
            const says = (...given: unknown[]): Promise<unknown> =>
              does(...given).then(() => answer);
            const tier = { ...inner, [verb]: says };
            const one = cache<number>({ tiers: [{ tier, leaseWaitMs: 10 }], runtime });

            expect(await one.get('a', () => 1)).toBe(1);
            await one.set('a', 2);
            expect(await one.get('a', () => 1)).toBe(2);
            expect((await one.getMany(['a', 'b'], () => new Map([['b', 3]]))).get('b')).toBe(3);
            await one.delete('a');
            await one.deleteTag('x');
            expect(await one.get('a', () => 4)).toBe(4);
            await one.close();
          }
        }
      })
      .finally(() => process.off('unhandledRejection', note))
      .then(() => expect(unhandled).toEqual([]));
  });

  it.each([
    { remainingMs: NaN },
    { remainingMs: undefined },
    { remainingMs: '5' },
    { remainingMs: Infinity },
    { payload: null },
    { payload: {} },
    { payload: { foo: 1 } },
    { payload: { value: 1, version: 1, freshMs: NaN, keptMs: 9, loadMs: 0, tags: [] } },
    { payload: { value: 1, version: 1, freshMs: 9, keptMs: 9, loadMs: 0, tags: 5 } },
    { payload: { value: 1, version: 1, freshMs: 9, keptMs: 9, loadMs: 0, tags: [5] } },
  ])('in an entry has a miss with an event: %j', (part) => {
    const { runtime } = made();
    return runtime.run(async () => {
      const inner = memoryTier({ runtime, holds: 'values' });
      const tier: Tier = {
        ...inner,
        read: async (...asked) => {
          const reading = await inner.read(...asked);
          const entries = reading.entries.map((entry) => entry && { ...entry, ...part });
          return { ...reading, entries: entries as never };
        },
      };
      await cache<number>({ tiers: [inner], runtime }).set('a', 1);
      const one = cache<number>({
        tiers: [tier],
        staleIfErrorMs: 1_000,
        migrate: (value) => value as number,
        runtime,
      });
      const corrupt = heard(one as never, 'corrupt');

      expect(await one.get('a', () => 2)).toBe(2);
      expect(corrupt.map(({ key }) => key)).toContain('a');
    });
  });

  it('as a promise from migrate has a miss', () => {
    const { runtime } = made();
    return runtime.run(async () => {
      const tier = memoryTier({ runtime });
      await cache<number>({ tiers: [tier], runtime }).set('a', 1);
      const migrate = (async () => 5) as never;
      const one = cache<number>({ tiers: [tier], version: 2, migrate, runtime });

      expect([await one.get('a', () => 2), one.peek('a')]).toEqual([2, 2]);
    });
  });

  it('that is the host’s own value in an lru-cache is a miss', async () => {
    const existing = new LRUCache<string, object>({ max: 10 });
    existing.set('cache:a', { mine: true });
    const { one } = made({ memory: false, tiers: [lruTier(existing)], migrate: () => 7 });

    expect(await one.get('a', () => 1)).toBe(1);
  });
});

describe('an lru-cache that renews ages on reading', () => {
  it('does not make a value fresh for ever', () => {
    const runtime = virtualRuntime();
    return runtime.run(async () => {
      const existing = new LRUCache<string, object>({
        max: 10,
        updateAgeOnGet: true,
        ttlResolution: 0,
        perf: { now: () => runtime.now() + 1 },
      });
      const one = cache<number>({ ttlMs: 100, memory: false, tiers: [lruTier(existing)], runtime });
      await one.set('a', 1);

      for (let i = 0; i < 3; i++) {
        await runtime.sleep(40);
        await one.get('a');
      }

      expect(await one.get('a')).toBeUndefined();
    });
  });
});

describe('a closed cache over a tier that fails', () => {
  it('tries nothing more', () => {
    const runtime = virtualRuntime();
    const tier = faultyTier(memoryTier({ runtime }), runtime);
    tier.mode = 'hangs';
    const one = cache<number>({ tiers: [{ tier, writeBehind: { flushMs: 10 } }], runtime });
    return runtime.run(async () => {
      await one.set('a', 1);
      await one.close();
      await runtime.sleep(1_000);
      const { read, write } = tier.calls;

      await runtime.sleep(100_000);

      expect(tier.calls).toMatchObject({ read, write });
    });
  });
});

import { describe, expect, it } from 'vitest';
import type { Cache, CacheOptions } from '../../src/cache/index.ts';
import { cache } from '../../src/cache/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

function made<V = number>(
  options: CacheOptions<V> = {},
): { runtime: VirtualRuntime; one: Cache<V> } {
  const runtime = virtualRuntime({ seed: 11 });
  return { runtime, one: cache<V>({ ...options, runtime }) };
}

describe('time to live', () => {
  it('ends without a timer', async () => {
    const { runtime, one } = made({ ttlMs: 1_000 });

    await one.set('a', 1);
    await runtime.advance(999);
    const before = one.peek('a');
    await runtime.advance(1);

    expect([before, one.peek('a')]).toEqual([1, undefined]);
  });

  it('of 0 keeps nothing and forgets what was there', async () => {
    const { one } = made();
    await one.set('a', 1);

    await one.set('a', 2, { ttlMs: 0 });

    expect(one.peek('a')).toBeUndefined();
    expect(one.snapshot().entries).toBe(0);
  });

  it('of Infinity never ends', async () => {
    const { runtime, one } = made();
    await one.set('a', 1, { ttlMs: Infinity });

    await runtime.advance(1e12);

    expect(one.peek('a')).toBe(1);
  });

  it.each([NaN, -1, '5' as unknown as number])('of %s is refused', async (ttlMs) => {
    const { one } = made();

    await expect(one.set('a', 1, { ttlMs })).rejects.toMatchObject({ code: 'ERR_OPTION' });
    await expect(one.get('a', () => 1, { ttlMs })).rejects.toMatchObject({ code: 'ERR_OPTION' });
    expect(() => cache({ ttlMs })).toThrow('ttlMs');
    expect(one.snapshot().entries).toBe(0);
  });

  it('in memory is the shorter of its own and the entry’s', async () => {
    const { runtime, one } = made({ ttlMs: 10_000, memory: { ttlMs: 100 } });
    await one.set('long', 1);
    await one.set('short', 2, { ttlMs: 50 });

    await runtime.advance(50);
    const at50 = [one.peek('long'), one.peek('short')];
    await runtime.advance(50);

    expect([at50, one.peek('long')]).toEqual([[1, undefined], undefined]);
  });

  it('is shortened by jitter, never lengthened', async () => {
    const { runtime, one } = made({ ttlMs: 1_000, ttlJitterRatio: 0.5 });
    for (let i = 0; i < 400; i++) await one.set(`${i}`, i);

    const left = one.dump().entries.map(({ freshMs }) => freshMs as number);
    await runtime.advance(1_000);

    expect(Math.min(...left)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...left)).toBeLessThanOrEqual(1_000);
    expect(new Set(left).size).toBeGreaterThan(300);
    expect(one.peek('0')).toBeUndefined();
  });

  it('gives memory back as others are written', async () => {
    const { runtime, one } = made({ ttlMs: 1_000, memory: { maxEntries: 10_000 } });
    for (let i = 0; i < 1_000; i++) await one.set(`old ${i}`, i);
    await runtime.advance(1_000);

    for (let i = 0; i < 1_000; i++) await one.set(`new ${i}`, i);

    expect(one.snapshot().entries).toBeLessThanOrEqual(1_010);
  });
});

describe('keys', () => {
  it.each([undefined, null, 1, {}, Symbol('key')])(
    'that are no text are refused: %s',
    async (key) => {
      const { one } = made();
      const wrong = key as unknown as string;

      await expect(one.get(wrong)).rejects.toMatchObject({ code: 'ERR_OPTION' });
      await expect(one.set(wrong, 1)).rejects.toMatchObject({ code: 'ERR_OPTION' });
      await expect(one.delete(wrong)).rejects.toMatchObject({ code: 'ERR_OPTION' });
      await expect(one.getMany([wrong])).rejects.toMatchObject({ code: 'ERR_OPTION' });
      expect(() => one.peek(wrong)).toThrow('key must be a string');
    },
  );

  it('may be empty, long, odd or the name of a property of every object', async () => {
    const { one } = made();
    const keys = ['', '__proto__', 'constructor', '\0', '💥', '\ud800', 'x'.repeat(1_000_000)];

    for (const [i, key] of keys.entries()) await one.set(key, i);

    expect(keys.map((key) => one.peek(key))).toEqual(keys.map((_, i) => i));
  });
});

describe('values', () => {
  it('of any kind are kept by reference in memory', async () => {
    const { one } = made<unknown>();
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    const values = [
      null,
      0,
      '',
      false,
      NaN,
      () => 1,
      Symbol('s'),
      cyclic,
      new Map(),
      10n,
      Buffer.alloc(50e6),
    ];

    for (const [i, value] of values.entries()) await one.set(`${i}`, value);

    values.forEach((value, i) => expect(one.peek(`${i}`)).toBe(value));
  });

  it('that are undefined or promises are refused by set', async () => {
    const { one } = made<unknown>();

    await expect(one.set('a', undefined)).rejects.toMatchObject({ code: 'ERR_OPTION' });
    await expect(one.set('a', Promise.resolve(1))).rejects.toMatchObject({ code: 'ERR_OPTION' });
  });

  it('of undefined from a loader mean that there is nothing, remembered for negativeTtlMs', async () => {
    const { runtime, one } = made({ negativeTtlMs: 100 });
    let loads = 0;
    const load = (): undefined => void loads++;

    const first = [await one.get('a', load), await one.get('a', load), loads];
    await runtime.advance(100);
    await one.get('a', load);

    expect([first, loads]).toEqual([[undefined, undefined, 1], 2]);
  });

  it('of null are values', async () => {
    const { one } = made<null>();
    let loads = 0;
    const load = (): null => {
      loads++;
      return null;
    };

    expect([await one.get('a', load), await one.get('a', load), loads]).toEqual([null, null, 1]);
  });
});

describe('options', () => {
  const wrong: [string, CacheOptions<number>][] = [
    ['memory.maxEntries', { memory: { maxEntries: 0 } }],
    ['memory.maxEntries', { memory: { maxEntries: 1.5 } }],
    ['memory.maxWeight', { memory: { maxEntries: 1, maxWeight: 1, weigh: () => 1 } }],
    ['memory.weigh', { memory: { maxWeight: 1 } }],
    ['memory.weigh', { memory: { weigh: () => 1 } }],
    ['ttlJitterRatio', { ttlJitterRatio: 2 }],
    ['staleIfErrorMs', { staleIfErrorMs: NaN }],
    ['version', { version: 1.5 }],
    ['name', { name: '' }],
    ['tiers[0].tier', { tiers: [{} as never] }],
    ['tiers[0]', { tiers: [null as never] }],
    ['tiers[0].tier', { tiers: [{ tier: null as never }] }],
    ['memory', { memory: null as never }],
    ['ttl', { ttl: 5 } as never],
  ];

  it.each(wrong)('that are wrong are refused: %s', (name, options) => {
    expect(() => cache(options)).toThrow(name);
  });
});

describe('arguments of get', () => {
  it('that are wrong are refused, misspelt ones included', async () => {
    const { one } = made();

    for (const wrong of [
      null,
      { ttl: 5 },
      { hardTimeoutMs: -1 },
      { maxStaleMs: NaN },
      { tags: 'x' },
    ]) {
      await expect(one.get('a', () => 1, wrong as never)).rejects.toMatchObject({
        code: 'ERR_OPTION',
      });
    }
    await expect(one.get('a', null as never)).rejects.toMatchObject({ code: 'ERR_OPTION' });
    await expect(one.getMany(['a'], null as never)).rejects.toMatchObject({ code: 'ERR_OPTION' });
    expect(() => one.load(null as never)).toThrow('cache.load');
  });
});

describe('namespaces', () => {
  it('keep their keys apart and are cleared alone, with what is being loaded', async () => {
    const { runtime, one } = made<string>();
    const [users, posts] = [one.namespace('users'), one.namespace('posts')];
    await runtime.run(async () => {
      await one.set('1', 'root');
      await users.set('1', 'user');
      await posts.set('1', 'post');
      const late = users.get('2', async (key) => {
        await runtime.sleep(10);
        return `loaded ${key}`;
      });

      await users.clear();

      expect([one.peek('1'), users.peek('1'), posts.peek('1')]).toEqual([
        'root',
        undefined,
        'post',
      ]);
      expect(await late).toBe('loaded 2');
      expect(users.peek('2')).toBeUndefined();
    });
  });

  it('nest, and the outer clear clears the inner', async () => {
    const { one } = made<string>();
    const inner = one.namespace('a').namespace('b');
    await inner.set('k', 'v');
    const before = one.peek('a:b:k');

    await one.namespace('a').clear();

    expect([before, inner.peek('k')]).toEqual(['v', undefined]);
  });
});

describe('dump and load', () => {
  it('carry what is in memory to another process, and count the time between', async () => {
    const { runtime, one } = made({ ttlMs: 1_000 });
    await one.set('a', 1);
    await one.set('b', 2, { ttlMs: Infinity, tags: ['t'] });
    await one.set('gone', 3, { ttlMs: 100 });
    const dump = JSON.parse(JSON.stringify(one.dump())) as ReturnType<typeof one.dump>;
    await runtime.advance(400);

    const next = cache<number>({ runtime });
    const restored = next.load(dump);
    const at400 = [next.peek('a'), next.peek('b'), next.peek('gone')];
    await runtime.advance(600);
    await next.deleteTag('t');

    expect([restored, at400]).toEqual([2, [1, 2, undefined]]);
    expect([next.peek('a'), next.peek('b')]).toEqual([undefined, undefined]);
  });

  it('migrate an older version and leave out what cannot be', async () => {
    const { runtime, one } = made();
    await one.set('a', 1);
    await one.set('bad', 2);
    const dump = one.dump();

    const next = cache<string>({
      runtime,
      version: 2,
      migrate: (value) => {
        if (value === 2) throw new Error('cannot');
        return `was ${String(value)}`;
      },
    });

    expect(next.load(dump as never)).toBe(1);
    expect([next.peek('a'), next.peek('bad')]).toEqual(['was 1', undefined]);
    expect(cache<string>({ runtime, version: 2 }).load(dump as never)).toBe(0);
  });

  it('refuse what is no dump', () => {
    const { one } = made();

    expect(() => one.load({} as never)).toThrow('cache.load.format');
  });
});

describe('warm', () => {
  it('takes entries from any iterable, giving way to other work', async () => {
    const { runtime, one } = made();
    async function* source(): AsyncGenerator<readonly [string, number]> {
      for (let i = 0; i < 2_500; i++) yield [`${i}`, i];
    }

    const count = await runtime.run(() => one.warm(source()));

    expect([count, one.snapshot().entries, one.peek('2499')]).toEqual([2_500, 2_500, 2_499]);
  });
});

describe('figures', () => {
  it('tell hits, misses, loads and hot keys', async () => {
    const { runtime, one } = made();
    await runtime.run(async () => {
      for (let i = 0; i < 1_000; i++) {
        await one.get(i % 2 === 0 ? 'hot' : `cold ${i % 20}`, async () => {
          await runtime.sleep(4);
          return i;
        });
      }
    });

    const figures = one.snapshot();

    expect(figures.memory).toMatchObject({ name: 'memory', hits: 989, misses: 11 });
    expect(figures.hitRatio).toBeCloseTo(0.989);
    expect(figures.loads).toMatchObject({ running: 0, succeeded: 11, failed: 0 });
    expect(figures.loads.meanMs).toBeCloseTo(4);
    expect(figures.hotKeys[0]?.key).toBe('hot');
  });

  it('tell of evictions, one event each', async () => {
    const { one } = made({ memory: { maxEntries: 5 } });
    const gone: string[] = [];
    one.on('eviction', ({ key }) => gone.push(key));

    for (let i = 0; i < 12; i++) await one.set(`${i}`, i);

    expect(gone).toHaveLength(7);
    expect(one.snapshot()).toMatchObject({ entries: 5, weight: 5, evictions: 7 });
  });
});

describe('a closed cache', () => {
  it('refuses every verb, and ends what is being loaded', async () => {
    const { runtime, one } = made();
    await runtime.run(async () => {
      let aborted = false;
      const waiting = one.get('a', async (_, { signal }) => {
        signal.addEventListener('abort', () => (aborted = true));
        await runtime.sleep(1_000);
        return 1;
      });
      const outcome = expect(waiting).rejects.toMatchObject({ code: 'ERR_CLOSED' });

      await one.close();
      await one.close();

      await outcome;
      expect(aborted).toBe(true);
      await expect(one.get('a')).rejects.toMatchObject({ code: 'ERR_CLOSED' });
      await expect(one.set('a', 1)).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    });
  });
});

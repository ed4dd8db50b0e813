import fc from 'fast-check';
import { LRUCache } from 'lru-cache';
import { describe, expect, it } from 'vitest';
import { readTrace, referenceRows } from '../../bench/data/cache-traces/read.ts';
import { traceHitRatio } from '../../bench/cache/hit-ratio.ts';
import type { EvictionPolicy } from '../../src/cache/index.ts';
import { cache, lru, wTinyLfu } from '../../src/cache/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

/** The traces that a test has time for; bench/cache/hit-ratio.bench.ts replays all. */
const SMALL = ['lirs_gli', 'lirs_multi1', 'lirs_2_pools', 'cache2k_web12', 'corda_vaultservice'];
const rows = referenceRows.filter(({ trace }) => SMALL.includes(trace));

describe('W-TinyLFU with a dueling window', () => {
  it('hits on real traces as often as the reference simulator, and nowhere much less than LRU', () => {
    const keys = new Map(SMALL.map((name) => [name, readTrace(name)]));

    const results = rows.map((row) => ({
      ...row,
      ours: 100 * traceHitRatio(keys.get(row.trace) as Uint32Array, row.size, wTinyLfu()),
    }));

    const mean = (of: (row: (typeof results)[number]) => number): number =>
      results.reduce((sum, row) => sum + of(row), 0) / results.length;
    expect(mean((row) => row.ours)).toBeGreaterThanOrEqual(mean((row) => row.wtlfu_duel) - 0.25);
    for (const { trace, size, ours, lru: plain } of results) {
      expect(ours - plain, `${trace} at ${size}`).toBeGreaterThan(-4);
    }
  });

  it('takes a small window where frequency tells more', () => {
    const runtime = virtualRuntime({ seed: 3 });
    const one = cache<number>({ runtime, memory: { maxEntries: 99 } });
    for (const key of readTrace('lirs_2_pools')) {
      if (one.peek(String(key)) === undefined) void one.set(String(key), key);
    }

    expect(one.snapshot().eviction['windowRatio']).toBeLessThan(0.15);
  });
});

describe('LRU by lru-cache', () => {
  it('hits exactly as often as lru-cache', () => {
    const keys = readTrace('lirs_multi1');
    const plain = new LRUCache<number, true>({ max: 500 });
    let hits = 0;
    for (const key of keys) {
      if (plain.get(key) === true) hits++;
      else plain.set(key, true);
    }

    expect(traceHitRatio(keys, 500, lru())).toBe(hits / keys.length);
  });
});

/** First in, first out: a policy by hand, as a host would write it. */
function fifo(): EvictionPolicy {
  return {
    name: 'fifo',
    create: (space) => {
      const line = new Set<number>();
      return {
        used: () => undefined,
        added: (slot) => {
          line.add(slot);
          const [oldest] = line;
          if (line.size <= space.maxEntries || oldest === undefined) return;
          line.delete(oldest);
          space.evict(oldest);
        },
        rewritten: () => undefined,
        removed: (slot) => void line.delete(slot),
        reserve: () => undefined,
        clear: () => line.clear(),
        describe: () => ({ line: line.size }),
      };
    },
  };
}

describe('a policy of the host', () => {
  it('decides who goes', async () => {
    const runtime = virtualRuntime();
    const one = cache<number>({ runtime, memory: { maxEntries: 2, eviction: fifo() } });

    await one.set('a', 1);
    await one.set('b', 2);
    one.peek('a');
    await one.set('c', 3);

    expect([one.peek('a'), one.peek('b'), one.peek('c')]).toEqual([undefined, 2, 3]);
    expect(one.snapshot().eviction).toEqual({ line: 2 });
  });
});

describe.each([
  ['w-tiny-lfu', wTinyLfu()],
  ['w-tiny-lfu with a fixed window', wTinyLfu({ window: 0.5 })],
  ['lru', lru()],
])('%s', (_, eviction) => {
  const operations = fc.array(
    fc.record({
      key: fc.integer({ min: 0, max: 40 }),
      verb: fc.constantFrom('set', 'set', 'peek', 'delete', 'wait', 'clear'),
      weight: fc.integer({ min: 0, max: 30 }),
    }),
    { maxLength: 200 },
  );

  it('never holds more entries than it may, nor a value that was not written last', async () => {
    await fc.assert(
      fc.asyncProperty(operations, fc.integer({ min: 1, max: 20 }), async (steps, maxEntries) => {
        const runtime = virtualRuntime();
        const one = cache<number>({ runtime, ttlMs: 50, memory: { maxEntries, eviction } });
        const model = new Map<string, { value: number; until: number }>();

        for (const [step, { key, verb }] of steps.entries()) {
          const name = `key ${key}`;
          if (verb === 'set') {
            await one.set(name, step);
            model.set(name, { value: step, until: runtime.now() + 50 });
          }
          if (verb === 'peek') {
            const value = one.peek(name);
            const known = model.get(name);
            if (value !== undefined)
              expect([value, true]).toEqual([known?.value, (known?.until ?? 0) > runtime.now()]);
          }
          if (verb === 'delete') {
            await one.delete(name);
            model.delete(name);
          }
          if (verb === 'wait') await runtime.advance(7);
          if (verb === 'clear') {
            await one.clear();
            model.clear();
          }
          expect(one.snapshot().entries).toBeLessThanOrEqual(maxEntries);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('never holds more weight than it may', async () => {
    await fc.assert(
      fc.asyncProperty(operations, fc.integer({ min: 10, max: 80 }), async (steps, maxWeight) => {
        const runtime = virtualRuntime();
        const weigh = (value: number): number => value;
        const one = cache<number>({ runtime, memory: { maxWeight, weigh, eviction } });

        for (const { key, verb, weight } of steps) {
          if (verb === 'delete') await one.delete(`key ${key}`);
          else if (verb === 'peek') one.peek(`key ${key}`);
          else await one.set(`key ${key}`, weight);
          const held = one.dump().entries.reduce((sum, { value }) => sum + value, 0);
          expect(held).toBeLessThanOrEqual(maxWeight);
          expect(one.snapshot().weight).toBe(held);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('weights', () => {
  it('keep out what is larger than everything', async () => {
    const runtime = virtualRuntime();
    const one = cache<string>({
      runtime,
      memory: { maxWeight: 100, weigh: (text) => text.length },
    });

    await one.set('huge', 'x'.repeat(101));
    await one.set('fits', 'x'.repeat(100));

    expect(one.peek('huge')).toBeUndefined();
    expect(one.peek('fits')).toHaveLength(100);
  });

  it.each([NaN, -1, '5' as never])('of %j are refused', async (weight) => {
    const runtime = virtualRuntime();
    const one = cache<number>({ runtime, memory: { maxWeight: 10, weigh: () => weight } });

    const refused = { code: 'ERR_OPTION', option: 'cache.memory.weigh' };
    await expect(one.set('a', 1)).rejects.toMatchObject(refused);
    await expect(one.get('b', () => 1)).rejects.toMatchObject(refused);
    await expect(one.get('c', async () => 1)).rejects.toMatchObject(refused);
  });
});

describe('cost-aware admission', () => {
  it('keeps what is dear to load where frequency is equal', async () => {
    const runtime = virtualRuntime({ seed: 5 });
    const load = (ms: number) => async (): Promise<number> => {
      await runtime.sleep(ms);
      return ms;
    };
    const loadsOfDear = async (costAware: boolean): Promise<number> => {
      const one = cache<number>({
        runtime,
        ttlMs: Infinity,
        memory: { maxEntries: 200, costAware },
      });
      let loads = 0;
      for (let round = 0; round < 20; round++) {
        for (let key = 0; key < 400; key++) {
          const dear = key % 4 === 0;
          await one.get(`${key}`, () => {
            if (dear) loads++;
            return load(dear ? 100 : 1)();
          });
        }
      }
      return loads;
    };

    const [plain, aware] = await runtime.run(async () => [
      await loadsOfDear(false),
      await loadsOfDear(true),
    ]);

    expect(aware).toBeLessThan((plain as number) * 0.6);
  });
});

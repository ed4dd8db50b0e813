// Arguments without a named refusal, and one that left a key behind which nobody could load any more.
import { describe, expect, it } from 'vitest';
import type { Cache } from '../../src/cache/index.ts';
import { cache, memoryTier } from '../../src/cache/index.ts';
import { OptionError } from '../../src/core/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

/** A cache in virtual time. */
function made(): {
  readonly runtime: ReturnType<typeof virtualRuntime>;
  readonly one: Cache<number>;
} {
  const runtime = virtualRuntime({ seed: 9 });
  return { runtime, one: cache<number>({ ttlMs: 1_000, runtime }) };
}

const refused = { code: 'ERR_OPTION' };

describe('arguments of no use', () => {
  it('in the middle of getMany leave no key behind that nobody fetches', () => {
    const { runtime, one } = made();
    return runtime.run(async () => {
      await expect(one.getMany(['a', 5 as never], () => new Map())).rejects.toMatchObject(refused);

      expect(await one.get('a', () => 1)).toBe(1);
    });
  });

  it.each([
    ['getMany', (one: Cache<number>) => one.getMany(5 as never)],
    ['getMany', (one: Cache<number>) => one.getMany('abc' as never)],
    ['setMany', (one: Cache<number>) => one.setMany(5 as never)],
    ['setMany', (one: Cache<number>) => one.setMany([5 as never])],
    ['warm', (one: Cache<number>) => one.warm(5 as never)],
    ['warm', (one: Cache<number>) => one.warm([null as never])],
    ['set', (one: Cache<number>) => one.set('a', 1, { ttl: 5 } as never)],
    ['set', (one: Cache<number>) => one.set('a', 1, null as never)],
    ['get', (one: Cache<number>) => one.get('a', () => 1, { signal: {} as never })],
    ['get', (one: Cache<number>) => one.get('a', () => 1, { signal: null as never })],
  ])('are refused by name: %s', async (verb, ask) => {
    const { one } = made();

    const error: unknown = await ask(one).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );

    expect(error).toBeInstanceOf(OptionError);
    expect((error as Error).message).toContain(`cache.${verb}`);
  });

  it.each([
    { memory: 5 },
    { memory: { eviction: 5 } },
    { memory: { eviction: {} } },
    { memory: { maxEntries: 2 ** 25 } },
    { bus: null },
    { bus: { name: 'bus', publish: () => undefined, subscribe: () => undefined } },
    { loads: null },
    { tiers: [{ tier: memoryTier(), policy: null }] },
    { tiers: [{ tier: memoryTier(), codec: null }] },
  ])('are refused as options: %j', (options) => {
    expect(() => cache(options as never)).toThrow(OptionError);
  });

  it.each([
    { entries: 5 },
    { entries: [null] },
    { entries: [{ key: 5, value: 1, freshMs: 1 }] },
    { entries: [{ key: 'a', value: 1, freshMs: NaN }] },
    { entries: [{ key: 'a', value: 1, freshMs: 1, tags: 5 }] },
    { version: 'new' },
  ])('are refused in a dump, of which nothing is taken: %j', (part) => {
    const { one } = made();
    const good = { key: 'good', value: 1, freshMs: 10 };
    const dump = { ...one.dump(), entries: [good], ...part };
    if (Array.isArray(part.entries)) dump.entries = [good, ...(part.entries as never[])];

    expect(() => one.load(dump as never)).toThrow(OptionError);
    expect(one.peek('good')).toBeUndefined();
  });

  it('a life that the loader sets as text is refused', async () => {
    const { one } = made();
    const load = (_: string, context: { ttlMs: number }): number => {
      context.ttlMs = '5' as never;
      return 1;
    };

    await expect(one.get('a', load)).rejects.toThrow('ttlMs');
  });

  it('a batch loader may not answer with promises', async () => {
    const { one } = made();
    const load = (): Map<string, number> => new Map([['a', Promise.resolve(1) as never]]);

    await expect(one.getMany(['a'], load)).rejects.toThrow('promises');
    expect(one.peek('a')).toBeUndefined();
  });

  it('a batch of somebody who has left loads nothing', () => {
    const { runtime, one } = made();
    return runtime.run(async () => {
      let loads = 0;
      const load = (): Map<string, number> => new Map([['a', ++loads]]);
      const signal = AbortSignal.abort(new Error('left'));

      await expect(one.getMany(['a'], load, { signal })).rejects.toThrow('left');

      expect(loads).toBe(0);
    });
  });
});

import { LRUCache } from 'lru-cache';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import type { Cache, CacheEvents, CacheOptions, TierOptions } from '../../src/cache/index.ts';
import {
  cache,
  jsonCodec,
  lruTier,
  memoryTier,
  msgpackCodec,
  v8Codec,
} from '../../src/cache/index.ts';
import { circuitBreaker } from '../../src/breaker/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import type { FaultyTier } from './faulty-tier.ts';
import { faultyTier } from './faulty-tier.ts';

interface Stage {
  readonly runtime: VirtualRuntime;
  readonly tier: FaultyTier;
  /** Another process over the same tier. */
  readonly process: <V = number>(
    options?: CacheOptions<V>,
    tier?: Partial<TierOptions>,
  ) => Cache<V>;
}

function scene(play: (stage: Stage) => Promise<void>, leases = true): Promise<void> {
  const runtime = virtualRuntime({ seed: 4 });
  const tier = faultyTier(memoryTier({ runtime, leases }), runtime);
  return runtime.run(() =>
    play({
      runtime,
      tier,
      process: (options = {}, own = {}) =>
        cache({ ttlMs: 1_000, tiers: [{ tier, ...own }], ...options, runtime }),
    }),
  );
}

/** Collects what a cache tells. */
function heard<Name extends keyof CacheEvents>(one: Cache<never>, name: Name): CacheEvents[Name][] {
  const events: CacheEvents[Name][] = [];
  (one as Cache<unknown>).on(name, (event) => events.push(event));
  return events;
}

describe('a shared tier', () => {
  it('gives one process what another has loaded', () =>
    scene(async ({ process }) => {
      let loads = 0;
      const [here, there] = [process(), process()];

      await here.get('a', async () => ++loads);

      expect([await there.get('a', async () => ++loads), loads, there.peek('a')]).toEqual([
        1, 1, 1,
      ]);
    }));

  it('makes concurrent misses of many processes one load', () =>
    scene(async ({ runtime, process }) => {
      let loads = 0;
      const load = async (): Promise<number> => {
        loads++;
        await runtime.sleep(50);
        return loads;
      };

      const answers = await Promise.all(Array.from({ length: 20 }, () => process().get('a', load)));

      expect([new Set(answers), loads]).toEqual([new Set([1]), 1]);
    }));

  it('lets another process load when the first one fails', () =>
    scene(async ({ runtime, process }) => {
      const failing = process().get('a', async () => {
        await runtime.sleep(20);
        throw new Error('first');
      });
      const outcome = expect(failing).rejects.toThrow('first');

      expect(await process().get('a', async () => 2)).toBe(2);
      await outcome;
    }));

  it('lets a process load by itself when the holder of the lease takes too long', () =>
    scene(async ({ runtime, process }) => {
      const slow = process().get('a', async () => {
        await runtime.sleep(9_000);
        return 1;
      });
      const before = runtime.now();

      const answer = await process({}, { leaseWaitMs: 300 }).get('a', async () => 2);

      expect([answer, runtime.now() - before]).toEqual([2, 300]);
      expect(await slow).toBe(1);
    }));

  it('reads and loads many keys with one request each', () =>
    scene(async ({ tier, process }) => {
      await process().setMany([
        ['a', 1],
        ['b', 2],
      ]);
      const reads = tier.calls.read;
      const batches: (readonly string[])[] = [];

      const many = await process().getMany(['a', 'b', 'c', 'd'], (keys) => {
        batches.push(keys);
        return new Map(keys.map((key) => [key, 9]));
      });

      expect(many).toEqual(
        new Map([
          ['a', 1],
          ['b', 2],
          ['c', 9],
          ['d', 9],
        ]),
      );
      expect([tier.calls.read - reads, tier.calls.lease, batches]).toEqual([1, 1, [['c', 'd']]]);
    }));

  it('fences the late value of another process by the lease', () =>
    scene(async ({ runtime, process }) => {
      const [here, there] = [process(), process()];
      const fenced = heard(here as never, 'fenced');
      const loading = here.get('a', async () => {
        await runtime.sleep(100);
        return 1;
      });
      await runtime.sleep(50);

      await there.delete('a');
      await loading;
      await runtime.sleep(10);

      expect([fenced.length, here.peek('a'), await process().get('a')]).toEqual([
        1,
        undefined,
        undefined,
      ]);
    }));

  it('fences a late write of another process by the tags’ counters', () =>
    scene(async ({ runtime, process }) => {
      const [here, there] = [process(), process()];
      const loading = here.get('a', async () => runtime.sleep(100).then(() => 1), { tags: ['t'] });
      await runtime.sleep(50);

      await there.deleteTag('t');
      await loading;
      await runtime.sleep(10);

      expect(await process().get('a')).toBeUndefined();
    }));

  it('remembers that there is nothing', () =>
    scene(async ({ process }) => {
      let loads = 0;
      const load = async (): Promise<undefined> => void loads++;

      await process({ negativeTtlMs: 500 }).get('a', load);

      expect([await process({ negativeTtlMs: 500 }).get('a', load), loads]).toEqual([undefined, 1]);
    }));

  it('tells every level’s own life: the memory above is refilled for no longer than it may', () =>
    scene(async ({ runtime, tier }) => {
      const deep = memoryTier({ runtime, name: 'deep' });
      const tiers = [{ tier, ttlMs: 400 }, deep];
      const one = cache<number>({ runtime, ttlMs: 1_000, memory: { ttlMs: 100 }, tiers });
      await one.set('a', 1);

      const states: string[] = [];
      for (let i = 0; i < 11; i++) {
        const { levels } = await one.explain('a');
        states.push(levels.map(({ state }) => state[0]).join(''));
        if (i === 4) await one.get('a');
        await runtime.sleep(100);
      }

      // m: memory, t: tier, d: deep — fresh or absent; at 400 ms a read fills both from the deep tier.
      expect(states).toEqual([
        'fff',
        'aff',
        'aff',
        'aff',
        'aaf',
        'aff',
        'aff',
        'aff',
        'aaf',
        'aaf',
        'aaa',
      ]);
    }));

  it('is asked again once memory is stale, and gives back its own remaining life', () =>
    scene(async ({ runtime, process }) => {
      const here = process();
      await here.set('a', 1);
      await runtime.sleep(600);
      const there = process();

      await there.get('a');
      await runtime.sleep(399);
      const inTime = there.peek('a');
      await runtime.sleep(1);

      expect([inTime, there.peek('a')]).toEqual([1, undefined]);
    }));

  it('keeps a stale value for the time of its grace, however that compares with its life', () =>
    scene(async ({ runtime, process }) => {
      const options = { ttlMs: 10_000, staleIfErrorMs: 50 };
      await process(options).get('a', async () => 1);
      await runtime.sleep(9_000);
      let loads = 0;

      const fresh = await process(options).get('a', async () => ++loads + 1);
      await runtime.sleep(1_020);
      const stale = await process(options).get('a', async () => {
        throw new Error('down');
      });

      expect([fresh, loads, stale]).toEqual([1, 0, 1]);
    }));

  it('serves a stale value to another process while that one loads', () =>
    scene(async ({ runtime, process }) => {
      const options = { staleWhileRevalidateMs: 5_000 };
      await process(options).get('a', async () => 1);
      await runtime.sleep(1_500);
      const there = process(options);
      const before = runtime.now();

      const answer = await there.get('a', async () => runtime.sleep(100).then(() => 2));
      const waitedMs = runtime.now() - before;
      await runtime.sleep(150);

      expect([answer, waitedMs, there.peek('a')]).toEqual([1, 0, 2]);
    }));
});

describe('a tier in trouble', () => {
  it('that hangs adds no more than its time-out', () =>
    scene(async ({ runtime, tier, process }) => {
      const one = process({}, { timeoutMs: 40 });
      tier.mode = 'hangs';
      const tell = async (verb: () => Promise<unknown>): Promise<number> => {
        const before = runtime.now();
        await verb();
        return runtime.now() - before;
      };

      const waits = [
        await tell(() => one.get('a', async () => 1)),
        await tell(() => one.set('b', 2)),
        await tell(() => one.delete('b')),
        await tell(() => one.deleteTag('t')),
        await tell(() => one.getMany(['c', 'd'], (keys) => new Map(keys.map((key) => [key, 1])))),
        await tell(() => Promise.all(Array.from({ length: 100 }, (_, i) => one.set(`${i}`, i)))),
      ];

      expect(Math.max(...waits)).toBeLessThanOrEqual(40);
      expect([one.peek('a'), one.peek('b'), one.peek('c')]).toEqual([1, undefined, 1]);
    }));

  it('that hangs behind a breaker adds nothing once the breaker is open', () =>
    scene(async ({ runtime, tier, process }) => {
      const policy = circuitBreaker({ runtime, consecutiveFailures: 3, openMs: 1_000 });
      const one = process({}, { timeoutMs: 40, policy });
      tier.mode = 'hangs';
      for (let i = 0; i < 5; i++) await one.get(`${i}`, async () => i);
      const before = runtime.now();

      for (let i = 5; i < 100; i++) await one.get(`${i}`, async () => i);

      expect([policy.state, runtime.now() - before]).toEqual(['open', 0]);
      tier.mode = 'well';
      await runtime.sleep(1_300);
      await process().set('a', 7);
      for (let i = 0; i < 5; i++) await one.get(`new ${i}`, async () => i);
      expect([await one.get('a'), policy.state]).toEqual([7, 'closed']);
      expect(one.snapshot().tiers[0]?.skipped).toBeGreaterThan(80);
    }));

  it('that fails is told later, in order, what it could not be told', () =>
    scene(async ({ runtime, tier, process }) => {
      const [here, there] = [process(), process({ memory: false })];
      await here.set('deleted', 1);
      await here.set('changed', 1);
      await here.set('tagged', 1, { tags: ['t'] });
      tier.mode = 'fails';
      const failures = heard(here as never, 'failure');

      await here.delete('deleted');
      await here.set('changed', 2);
      await here.deleteTag('t');
      const pending = here.snapshot().tiers[0]?.pending;
      tier.mode = 'well';
      const own = [await here.get('deleted'), await here.get('changed'), await here.get('tagged')];
      await runtime.sleep(60_000 / 2);

      expect([pending, own]).toEqual([3, [undefined, 2, undefined]]);
      expect(failures.length).toBeGreaterThan(0);
      expect(failures[0]).toMatchObject({ operation: 'remove', error: { code: 'ERR_STORE' } });
      expect(here.snapshot().tiers[0]?.pending).toBe(0);
      expect([await there.get('deleted'), await there.get('tagged')]).toEqual([
        undefined,
        undefined,
      ]);
    }));

  it('whose memory of wishes is full is not believed until it was emptied', () =>
    scene(async ({ runtime, tier, process }) => {
      const one = process({ memory: false }, { writeBehind: { maxPending: 3, flushMs: 1 } });
      await one.set('old', 1);
      await runtime.sleep(5);
      tier.mode = 'fails';
      for (const key of ['a', 'b', 'c', 'd', 'e']) await one.delete(key);
      tier.mode = 'well';

      const during = await one.get('old');
      await runtime.sleep(60_000);

      expect([during, await one.get('old'), one.snapshot().tiers[0]?.pending]).toEqual([
        undefined,
        undefined,
        0,
      ]);
    }));

  it('does not stop a stale value from being served', () =>
    scene(async ({ runtime, tier, process }) => {
      const one = process({ staleIfErrorMs: 10_000 }, { timeoutMs: 40 });
      await one.get('a', async () => 1);
      await runtime.sleep(2_000);
      tier.mode = 'hangs';

      expect(
        await one.get('a', async () => {
          throw new Error('down');
        }),
      ).toBe(1);
    }));

  it('without leases does not keep a late value over a deletion of its own process', () =>
    scene(async ({ runtime, process }) => {
      const one = process();
      const loading = one.get('a', async () => runtime.sleep(100).then(() => 1));
      await runtime.sleep(50);
      await one.delete('a');
      await loading;
      await runtime.sleep(10);

      expect([one.peek('a'), await process().get('a')]).toEqual([undefined, undefined]);
    }, false));
});

describe('write-behind', () => {
  it('sends many writes together, and serves them meanwhile', () =>
    scene(async ({ runtime, tier, process }) => {
      const one = process({ memory: false }, { writeBehind: { flushMs: 100 } });
      for (let i = 0; i < 50; i++) await one.set(`${i}`, i);
      await one.set('7', 700);

      const [writes, own, others] = [
        tier.calls.write,
        await one.get('7'),
        await process().get('7'),
      ];
      await runtime.sleep(100);

      expect([writes, own, others]).toEqual([0, 700, undefined]);
      expect([tier.calls.write, await process().get('7'), await process().get('49')]).toEqual([
        1, 700, 49,
      ]);
    }));

  it('writes what waits when it is closed', () =>
    scene(async ({ process }) => {
      const one = process({}, { writeBehind: {} });
      await one.set('a', 1);

      await one.close();

      expect(await process().get('a')).toBe(1);
    }));

  it('does not write what was deleted, or whose tag was invalidated, while it waited', () =>
    scene(async ({ runtime, process }) => {
      const one = process({}, { writeBehind: { flushMs: 100 } });
      await one.set('a', 1);
      await one.set('b', 2, { tags: ['t'] });
      await one.delete('a');
      await one.deleteTag('t');
      await runtime.sleep(200);

      expect([await process().get('a'), await process().get('b')]).toEqual([undefined, undefined]);
    }));
});

describe('codecs', () => {
  const rich = { text: 'ü', list: [1, 2.5, null], deep: { yes: true } };

  it.each([jsonCodec(), v8Codec(), msgpackCodec(new Packr())])(
    '$name brings values back',
    (codec) =>
      scene(async ({ process }) => {
        const here = process<unknown>({}, { codec });
        for (const [key, value] of [
          ['rich', rich],
          ['null', null],
          ['zero', 0],
          ['text', ''],
        ] as const) {
          await here.set(key, value);
        }

        const there = process<unknown>({}, { codec });

        expect(await there.get('rich')).toEqual(rich);
        expect([await there.get('null'), await there.get('zero'), await there.get('text')]).toEqual(
          [null, 0, ''],
        );
      }),
  );

  it('v8 keeps maps, dates and cycles', () =>
    scene(async ({ process }) => {
      const value: Record<string, unknown> = { at: new Date(5), map: new Map([[1, 2]]) };
      value['self'] = value;
      await process<unknown>({}, { codec: v8Codec() }).set('a', value);

      const back = (await process<unknown>({}, { codec: v8Codec() }).get('a')) as typeof value;

      expect([back['at'], back['map'], back['self'] === back]).toEqual([
        new Date(5),
        new Map([[1, 2]]),
        true,
      ]);
    }));

  it.each([
    ['a function', () => 1],
    ['a bigint', 1n],
    [
      'more than maxBytes',
      'x'
        .repeat(5_000_000)
        .split('')
        .map((_, i) => i % 10),
    ],
  ])('that cannot hold %s leave it in memory only, and no older value in the tier', (_, value) =>
    scene(async ({ process }) => {
      const one = process<unknown>({}, { maxBytes: 1_000_000, compression: false });
      await one.set('a', 'old');
      const events = heard(one as never, 'unstorable');

      await one.set('a', value);

      expect([one.peek('a'), events.length, await process().get('a')]).toEqual([
        value,
        1,
        undefined,
      ]);
    }),
  );

  it('cyclic values are unstorable as JSON', () =>
    scene(async ({ process }) => {
      const one = process<unknown>();
      const value: Record<string, unknown> = {};
      value['self'] = value;

      expect(await one.get('a', () => value)).toBe(value);
      expect([one.peek('a'), await process().get('a')]).toEqual([value, undefined]);
    }));
});

describe('compression', () => {
  it.each(['auto', 'deflate', 'zstd'] as const)('%s makes large values small', (algorithm) =>
    scene(async ({ runtime, tier, process }) => {
      const value = 'abc '.repeat(20_000);
      await process<string>({}, { compression: { algorithm } }).set('a', value);
      await runtime.sleep(1);

      const { entries } = await tier.read(['cache:a'], [], {
        signal: new AbortController().signal,
      });

      expect((entries[0]?.payload as Uint8Array).length).toBeLessThan(2_000);
      expect(await process<string>().get('a')).toBe(value);
    }),
  );

  it('leaves small values and incompressible ones alone', () =>
    scene(async ({ tier, process }) => {
      await process<string>().set('a', 'abc '.repeat(500));

      const { entries } = await tier.read(['cache:a'], [], {
        signal: new AbortController().signal,
      });

      expect((entries[0]?.payload as Uint8Array).length).toBeGreaterThan(2_000);
    }));
});

describe('an entry that is not ours', () => {
  const signal = new AbortController().signal;

  it.each([
    ['foreign bytes', new TextEncoder().encode('{"value":1}'.repeat(10))],
    ['nothing at all', new Uint8Array(0)],
    ['no bytes', { value: 1 }],
    ['text', 'text'],
  ])('(%s) is a miss with an event', (_, payload) =>
    scene(async ({ tier, process }) => {
      await tier.write([{ key: 'cache:a', payload, ttlMs: 1_000 }], { signal });
      const one = process();
      const events = heard(one as never, 'corrupt');

      expect(await one.get('a')).toBeUndefined();
      expect(await one.get('a', () => 2)).toBe(2);
      expect(events).toHaveLength(2);
    }),
  );

  it('after any one flipped bit is a miss, never a wrong value', () =>
    scene(async ({ tier, process }) => {
      await process().set('a', 123_456);
      const { entries } = await tier.read(['cache:a'], [], { signal });
      const bytes = entries[0]?.payload as Uint8Array;

      const read: unknown[] = [];
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const broken = bytes.slice();
        broken[bit >> 3] = (broken[bit >> 3] as number) ^ (1 << (bit & 7));
        await tier.write([{ key: 'cache:a', payload: broken, ttlMs: 1_000 }], { signal });
        read.push(await process().get('a'));
      }

      expect(new Set(read)).toEqual(new Set([undefined]));
    }));

  it('of another codec is a miss', () =>
    scene(async ({ process }) => {
      await process({}, { codec: v8Codec() }).set('a', 1);

      expect(await process().get('a')).toBeUndefined();
    }));

  it('of an older version is migrated, of a newer one is a miss', () =>
    scene(async ({ process }) => {
      await process<unknown>().set('a', 'ada');
      const next = process<unknown>({ version: 2, migrate: (name, from) => ({ name, from }) });

      expect(await next.get('a')).toEqual({ name: 'ada', from: 1 });
      await next.set('a', { name: 'ada' });
      expect(await process<unknown>().get('a')).toBeUndefined();
      expect(await process<unknown>({ version: 3 }).get('a')).toBeUndefined();
    }));
});

describe('an existing lru-cache instance', () => {
  it('is a tier like any other, tags and lives included', async () => {
    const existing = new LRUCache<string, object>({ max: 100 });
    const one = cache<() => number>({ memory: false, tiers: [lruTier(existing)] });
    const value = (): number => 1;

    await one.set('a', value, { tags: ['t'] });
    const before = await one.get('a');
    await one.deleteTag('t');

    expect([before, await one.get('a'), existing.size]).toEqual([value, undefined, 1]);
    expect(existing.getRemainingTTL('cache:a')).toBeGreaterThan(50_000);
  });

  it('that lacks a method is refused', () => {
    expect(() => lruTier(new Map() as never)).toThrow('getRemainingTTL');
  });
});

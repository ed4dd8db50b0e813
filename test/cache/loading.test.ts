import { describe, expect, it } from 'vitest';
import type { Cache, CacheOptions } from '../../src/cache/index.ts';
import { cache, UNCHANGED } from '../../src/cache/index.ts';
import { workQueue } from '../../src/queue/index.ts';
import { circuitBreaker } from '../../src/breaker/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

/** A source that counts, takes its time and can be told to fail. */
class Source {
  loads = 0;
  fails = false;
  ms = 10;
  readonly runtime: VirtualRuntime;

  constructor(runtime: VirtualRuntime) {
    this.runtime = runtime;
  }

  readonly load = async (): Promise<number> => {
    const number = ++this.loads;
    await this.runtime.sleep(this.ms);
    if (this.fails) throw new Error(`failure ${number}`);
    return number;
  };
}

function scene(
  options: CacheOptions<number>,
  play: (stage: { runtime: VirtualRuntime; one: Cache<number>; source: Source }) => Promise<void>,
): Promise<void> {
  const runtime = virtualRuntime({ seed: 2 });
  const one = cache<number>({ ttlMs: 1_000, ...options, runtime });
  return runtime.run(() => play({ runtime, one, source: new Source(runtime) }));
}

describe('single flight', () => {
  it('makes 1,000 concurrent misses one load', () =>
    scene({}, async ({ one, source }) => {
      const answers = await Promise.all(
        Array.from({ length: 1_000 }, () => one.get('a', source.load)),
      );

      expect([new Set(answers), source.loads]).toEqual([new Set([1]), 1]);
    }));

  it('shares one rejection among all when the loader throws', () =>
    scene({}, async ({ one, source }) => {
      source.fails = true;

      const answers = await Promise.allSettled(
        Array.from({ length: 1_000 }, () => one.get('a', source.load)),
      );

      const errors = new Set(
        answers.map((answer) => (answer as PromiseRejectedResult).reason as unknown),
      );
      expect([errors.size, source.loads]).toEqual([1, 1]);
    }));

  it('survives a loader that throws at once', () =>
    scene({}, async ({ one }) => {
      const load = (): number => {
        throw new Error('at once');
      };

      await expect(one.get('a', load)).rejects.toThrow('at once');
      expect(await one.get('a', () => 2)).toBe(2);
    }));

  it('joins a batch with single readers', () =>
    scene({}, async ({ runtime, one, source }) => {
      const batches: (readonly string[])[] = [];
      const single = one.get('a', source.load);

      const many = await one.getMany(['a', 'b', 'c', 'b'], async (keys) => {
        batches.push(keys);
        await runtime.sleep(5);
        return new Map([['b', 20]]);
      });

      expect(batches).toEqual([['b', 'c']]);
      expect(many).toEqual(
        new Map([
          ['a', 1],
          ['b', 20],
        ]),
      );
      expect([await single, one.peek('b'), source.loads]).toEqual([1, 20, 1]);
    }));

  it('rejects a batch whose loader fails or answers with no Map, and nothing hangs', () =>
    scene({}, async ({ one }) => {
      const failing = one.getMany(['a', 'b'], async () => Promise.reject(new Error('batch')));
      await expect(failing).rejects.toThrow('batch');

      const wrong = one.getMany(['a'], (() => [1]) as never);
      await expect(wrong).rejects.toThrow('must answer with a Map');
      expect(one.snapshot().loads.running).toBe(0);
    }));

  it('caps the loads at once by the policy it is given', () =>
    scene({}, async ({ runtime }) => {
      let running = 0;
      let most = 0;
      const loads = workQueue({ concurrency: 3, runtime });
      const one = cache<number>({ runtime, loads });

      await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          one.get(`${i}`, async () => {
            most = Math.max(most, ++running);
            await runtime.sleep(10);
            return running--;
          }),
        ),
      );

      expect(most).toBe(3);
    }));

  it('serves stale values while the breaker before the source is open', () =>
    scene({}, async ({ runtime, source }) => {
      const loads = circuitBreaker({ runtime });
      const one = cache<number>({ runtime, loads, ttlMs: 100, staleIfErrorMs: 10_000 });
      await one.get('a', source.load);
      loads.trip(60_000);
      await runtime.sleep(200);

      expect([await one.get('a', source.load), source.loads]).toEqual([1, 1]);
      await expect(one.get('b', source.load)).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
    }));
});

describe('errors', () => {
  it('are answered without a load for errorTtlMs', () =>
    scene({ errorTtlMs: 100 }, async ({ runtime, one, source }) => {
      source.fails = true;
      await expect(one.get('a', source.load)).rejects.toThrow('failure 1');
      await expect(one.get('a', source.load)).rejects.toThrow('failure 1');

      await runtime.sleep(100);
      source.fails = false;

      expect([await one.get('a', source.load), source.loads]).toEqual([2, 2]);
    }));

  it('are forgotten when the key is written', () =>
    scene({ errorTtlMs: 10_000 }, async ({ one, source }) => {
      source.fails = true;
      await expect(one.get('a', source.load)).rejects.toThrow();
      await one.set('a', 7);
      await one.delete('a');
      source.fails = false;

      expect(await one.get('a', source.load)).toBe(2);
    }));

  it('give way to a stale value, with one attempt per retryAfterErrorMs', () =>
    scene({ staleIfErrorMs: 60_000, retryAfterErrorMs: 500 }, async ({ runtime, one, source }) => {
      await one.get('a', source.load);
      await runtime.sleep(1_000);
      source.fails = true;

      const answers: unknown[] = [];
      for (let i = 0; i < 20; i++) {
        answers.push(await one.get('a', source.load));
        await runtime.sleep(100);
      }

      expect(new Set(answers)).toEqual(new Set([1]));
      expect(source.loads).toBeLessThanOrEqual(6);
      expect(source.loads).toBeGreaterThanOrEqual(4);
    }));

  it('come through again once the stale value is too old', () =>
    scene({ staleIfErrorMs: 500, retryAfterErrorMs: 0 }, async ({ runtime, one, source }) => {
      await one.get('a', source.load);
      source.fails = true;
      await runtime.sleep(1_400);
      const inTime = await one.get('a', source.load);
      await runtime.sleep(200);

      expect(inTime).toBe(1);
      await expect(one.get('a', source.load)).rejects.toThrow('failure');
    }));
});

describe('stale while revalidate', () => {
  it('answers at once and loads once in the background', () =>
    scene({ staleWhileRevalidateMs: 500 }, async ({ runtime, one, source }) => {
      await one.get('a', source.load);
      await runtime.sleep(1_100);
      const before = runtime.now();

      const answers = await Promise.all([1, 2, 3].map(() => one.get('a', source.load)));
      const waitedMs = runtime.now() - before;
      await runtime.sleep(20);

      expect([answers, waitedMs, source.loads]).toEqual([[1, 1, 1], 0, 2]);
      expect(one.peek('a')).toBe(2);
    }));

  it('does not serve what is older than its window', () =>
    scene({ staleWhileRevalidateMs: 500 }, async ({ runtime, one, source }) => {
      await one.get('a', source.load);
      await runtime.sleep(1_600);

      expect(await one.get('a', source.load)).toBe(2);
    }));

  it('yields to a caller who accepts less, or more', () =>
    scene(
      { staleWhileRevalidateMs: 500, staleIfErrorMs: 5_000 },
      async ({ runtime, one, source }) => {
        await one.get('a', source.load);
        await runtime.sleep(1_100);
        const strict = await one.get('a', source.load, { maxStaleMs: 0 });
        await runtime.sleep(3_000);
        const lenient = await one.get('a', source.load, { maxStaleMs: 4_000 });

        expect([strict, lenient]).toEqual([2, 2]);
        expect(source.loads).toBe(3);
      },
    ));

  it('works for many keys with one load', () =>
    scene({ staleWhileRevalidateMs: 500 }, async ({ runtime, one }) => {
      let batches = 0;
      const loadMany = async (keys: readonly string[]): Promise<Map<string, number>> => {
        batches++;
        await runtime.sleep(5);
        return new Map(keys.map((key) => [key, batches]));
      };
      await one.getMany(['a', 'b'], loadMany);
      await runtime.sleep(1_100);

      const stale = await one.getMany(['a', 'b', 'a'], loadMany);
      await runtime.sleep(10);

      expect([[...stale.values()], batches]).toEqual([[1, 1], 2]);
      expect([one.peek('a'), one.peek('b')]).toEqual([2, 2]);
    }));
});

describe('time-outs', () => {
  it('soft: a slow load is answered with the stale value, and kept when it comes', () =>
    scene({ staleIfErrorMs: 60_000, softTimeoutMs: 30 }, async ({ runtime, one, source }) => {
      await one.get('a', source.load);
      await runtime.sleep(1_500);
      source.ms = 200;
      const before = runtime.now();

      const answer = await one.get('a', source.load);
      const waitedMs = runtime.now() - before;
      await runtime.sleep(300);

      expect([answer, waitedMs, one.peek('a')]).toEqual([1, 30, 2]);
    }));

  it('hard: without a stale value the caller is rejected, and the load goes on', () =>
    scene({ softTimeoutMs: 30, hardTimeoutMs: 100 }, async ({ runtime, one, source }) => {
      source.ms = 200;
      const before = runtime.now();

      await expect(one.get('a', source.load)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
      const waitedMs = runtime.now() - before;
      await runtime.sleep(300);

      expect([waitedMs, one.peek('a')]).toEqual([100, 1]);
    }));

  it('of a load that hangs ends it, so that the next caller loads anew', () =>
    scene({ loadTimeoutMs: 1_000 }, async ({ one }) => {
      let aborted: unknown;
      const hung = one.get('a', (_, { signal }) => {
        signal.addEventListener('abort', () => (aborted = signal.reason as unknown));
        return new Promise<number>(() => undefined);
      });

      await expect(hung).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });

      expect(aborted).toMatchObject({ code: 'ERR_TIMEOUT' });
      expect(await one.get('a', () => 2)).toBe(2);
      expect(one.snapshot().loads).toMatchObject({ running: 0, failed: 1 });
    }));
});

describe('a caller’s abort', () => {
  it('ends only his own waiting', () =>
    scene({}, async ({ one, source }) => {
      const controller = new AbortController();
      const impatient = one.get('a', source.load, { signal: controller.signal });
      const patient = one.get('a', source.load);
      const outcome = expect(impatient).rejects.toThrow('enough');

      controller.abort(new Error('enough'));

      await outcome;
      expect([await patient, source.loads]).toEqual([1, 1]);
    }));

  it('aborts the load when he was the last, and counts as no failure', () =>
    scene({ errorTtlMs: 1_000 }, async ({ runtime, one }) => {
      const controller = new AbortController();
      let aborted = false;
      const answer = one.get(
        'a',
        async (_, { signal }) => {
          signal.addEventListener('abort', () => (aborted = true));
          await runtime.sleep(50, signal);
          return 1;
        },
        { signal: controller.signal },
      );
      const outcome = expect(answer).rejects.toThrow('gone');

      controller.abort(new Error('gone'));

      await outcome;
      await runtime.sleep(1);
      expect([aborted, one.snapshot().loads.failed]).toEqual([true, 0]);
      expect(await one.get('a', () => 2)).toBe(2);
    }));

  it('before he asks starts nothing', () =>
    scene({}, async ({ one, source }) => {
      const signal = AbortSignal.abort(new Error('early'));

      await expect(one.get('a', source.load, { signal })).rejects.toThrow('early');
      expect(source.loads).toBe(0);
    }));

  it('keeps a batch going as long as somebody waits for one of its keys', () =>
    scene({}, async ({ runtime, one }) => {
      const controller = new AbortController();
      let aborted = false;
      const batch = one.getMany(
        ['a', 'b'],
        async (keys, { signal }) => {
          signal.addEventListener('abort', () => (aborted = true));
          await runtime.sleep(20);
          return new Map(keys.map((key) => [key, 1]));
        },
        { signal: controller.signal },
      );
      const outcome = expect(batch).rejects.toThrow('gone');
      const other = one.get('b', () => 9);

      controller.abort(new Error('gone'));

      await outcome;
      expect([await other, aborted]).toEqual([1, false]);
    }));
});

describe('a loader', () => {
  it('sees the previous value and may say that it is unchanged', () =>
    scene({ staleIfErrorMs: 10_000 }, async ({ runtime, one, source }) => {
      await one.get('a', source.load);
      await runtime.sleep(1_000);
      let seen: unknown;

      const answer = await one.get('a', async (_, { previous }) => {
        seen = previous?.value;
        return UNCHANGED;
      });

      expect([seen, answer, one.peek('a')]).toEqual([1, 1, 1]);
    }));

  it('may not say so where there was nothing', () =>
    scene({}, async ({ one }) => {
      await expect(one.get('a', () => UNCHANGED)).rejects.toThrow('UNCHANGED');
      await expect(one.get('a', async () => UNCHANGED)).rejects.toThrow('UNCHANGED');
    }));

  it('may change the life of its value', () =>
    scene({}, async ({ runtime, one }) => {
      await one.get('short', (_, load) => ((load.ttlMs = 10), 1));
      await one.get('none', (_, load) => ((load.ttlMs = 0), 2));
      await runtime.sleep(10);

      expect([one.peek('short'), one.peek('none')]).toEqual([undefined, undefined]);
      await expect(one.get('bad', (_, load) => ((load.ttlMs = NaN), 1))).rejects.toThrow('ttlMs');
    }));

  it('that is no function is refused', () =>
    scene({}, async ({ one }) => {
      await expect(one.get('a', 5 as never)).rejects.toMatchObject({ code: 'ERR_OPTION' });
    }));
});

describe('early refresh', () => {
  it('renews a busy key before it ends, so that nobody waits', () =>
    scene({ earlyRefreshBeta: 1 }, async ({ runtime, one, source }) => {
      let waits = 0;
      await one.get('a', source.load);
      for (let i = 0; i < 20_000; i++) {
        const before = runtime.now();
        await one.get('a', source.load);
        if (runtime.now() > before) waits++;
        await runtime.sleep(1);
      }

      expect(waits).toBeLessThanOrEqual(1);
      expect(source.loads).toBeGreaterThan(18);
      expect(source.loads).toBeLessThan(32);
    }));

  it('matches the published chance: 37 % at a gap of one load time', () =>
    scene({ earlyRefreshBeta: 1, ttlMs: 1_000 }, async ({ runtime, one, source }) => {
      source.ms = 50;
      let refreshed = 0;
      for (let i = 0; i < 2_000; i++) {
        await one.get(`${i}`, source.load);
        await runtime.sleep(950);
        const before = source.loads;
        await one.get(`${i}`, source.load);
        refreshed += source.loads - before;
      }

      expect(refreshed / 2_000).toBeGreaterThan(0.34);
      expect(refreshed / 2_000).toBeLessThan(0.4);
    }));

  it('never happens in the first half of a life', () =>
    scene({ earlyRefreshBeta: 1, ttlMs: 100 }, async ({ runtime, one, source }) => {
      source.ms = 1_000;
      await one.get('a', source.load);
      for (let i = 0; i < 5_000; i++) await one.get('a', source.load);
      await runtime.sleep(49);
      for (let i = 0; i < 5_000; i++) await one.get('a', source.load);

      expect(source.loads).toBe(1);
    }));
});

describe('fencing', () => {
  it('a delete during a load keeps the late value out, and the next reader loads anew', () =>
    scene({}, async ({ runtime, one, source }) => {
      const fenced: string[] = [];
      one.on('fenced', ({ key }) => fenced.push(key));
      const early = one.get('a', source.load);

      await one.delete('a');
      const late = one.get('a', source.load);

      expect([await early, await late, source.loads]).toEqual([1, 2, 2]);
      await runtime.sleep(20);
      expect([one.peek('a'), fenced, one.snapshot().loads.fenced]).toEqual([2, ['a'], 1]);
    }));

  it('a write during a load wins over the late value', () =>
    scene({}, async ({ one, source }) => {
      const early = one.get('a', source.load);

      await one.set('a', 99);

      await early;
      expect(one.peek('a')).toBe(99);
    }));

  it.each(['tag', 'all'] as const)('an invalidation (%s) during a load does the same', (what) =>
    scene({}, async ({ one, source }) => {
      const early = one.get('a', source.load, { tags: ['t'] });

      await (what === 'tag' ? one.deleteTag('t') : one.clear());
      const late = one.get('a', source.load, { tags: ['t'] });

      expect([await early, await late]).toEqual([1, 2]);
      expect(one.peek('a')).toBe(2);
    }),
  );

  it('expire lets the old value be served only while, or instead of, loading', () =>
    scene({ staleIfErrorMs: 1_000 }, async ({ one, source }) => {
      await one.get('a', source.load);
      await one.expire('a');
      source.fails = true;

      expect([one.peek('a'), await one.get('a', source.load), source.loads]).toEqual([
        undefined,
        1,
        2,
      ]);
    }));
});

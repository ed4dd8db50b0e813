import { describe, expect, it } from 'vitest';
import type { BatcherOptions } from '../../src/queue/index.ts';
import { batcher, runAll, runEach, workQueue } from '../../src/queue/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { settled } from './settle.ts';

/** A batcher that doubles numbers and notes its batches. */
function doubler(
  runtime: VirtualRuntime,
  options: Partial<BatcherOptions<number, number>> = {},
): { batches: string[]; double: ReturnType<typeof batcher<number, number>> } {
  const batches: string[] = [];
  const double = batcher<number, number>({
    maxSize: 3,
    lingerMs: 10,
    work: (items) => {
      batches.push(`${items.join(' ')} @${runtime.now()}`);
      return items.map((item) => item * 2);
    },
    runtime,
    ...options,
  });
  return { batches, double };
}

describe('a batcher', () => {
  it('sends a batch off when it is full, or has lingered', async () => {
    const runtime = virtualRuntime();
    const { batches, double } = doubler(runtime);

    const results = await runtime.run(() => Promise.all([1, 2, 3, 4].map((n) => double.add(n))));

    expect(results).toEqual([2, 4, 6, 8]);
    expect(batches).toEqual(['1 2 3 @0', '4 @10']);
    expect(double.snapshot()).toEqual({ collected: 0, running: 0, batches: 2, items: 4 });
  });

  it('fails one item, or the whole batch', async () => {
    const runtime = virtualRuntime();
    const { double } = doubler(runtime, {
      maxSize: 2,
      work: (items) => {
        if (items.includes(9)) throw new Error('all');
        return items.map((item) => (item === 2 ? new Error('only this') : item));
      },
    });

    const ends = await runtime.run(() =>
      Promise.all([1, 2, 3, 9].map((n) => settled(double.add(n)))),
    );

    expect(ends).toEqual([1, 'only this', 'all', 'all']);
  });

  it('fails a batch whose work returns too few results', async () => {
    const runtime = virtualRuntime();
    const { double } = doubler(runtime, { maxSize: 2, work: () => [1] });

    const ends = await runtime.run(() => Promise.all([1, 2].map((n) => settled(double.add(n)))));

    expect(ends).toEqual(Array(2).fill('batcher: work returned 1 results for 2 items'));
  });

  it('drops who gives up before, and stops waiting for who gives up later', async () => {
    const runtime = virtualRuntime();
    const aborted: boolean[] = [];
    const { batches, double } = doubler(runtime, {
      work: async (items, { signal }) => {
        batches.push(items.join(' '));
        await runtime.sleep(50);
        aborted.push(signal.aborted);
        return items.map((item) => item * 2);
      },
    });
    const early = new AbortController();
    const late = new AbortController();

    const ends = await runtime.run(async () => {
      const adding = [
        settled(double.add(1, { signal: early.signal })),
        settled(double.add(2, { signal: late.signal })),
        settled(double.add(3)),
      ];
      early.abort('early');
      return Promise.all([runtime.sleep(20).then(() => late.abort('late')), ...adding]);
    });

    // Three made the batch go off at once, before the first gave up.
    expect(ends.slice(1)).toEqual(['early', 'late', 6]);
    expect([batches, aborted]).toEqual([['1 2 3'], [false]]);
  });

  it('takes out of the next batch who gives up in time, and aborts what nobody wants', async () => {
    const runtime = virtualRuntime();
    const seen: unknown[] = [];
    const { double } = doubler(runtime, {
      work: async (items, { signal }) => {
        seen.push([...items]);
        await runtime.sleep(50);
        seen.push(signal.aborted);
        return items;
      },
    });
    const controller = new AbortController();
    const other = new AbortController();

    await runtime.run(async () => {
      const gone = settled(double.add(1, { signal: controller.signal }));
      const kept = settled(double.add(2, { signal: other.signal }));
      controller.abort('gone');
      await runtime.sleep(20);
      other.abort('gone, too');
      await Promise.all([gone, kept]);
      await double.flush();
    });

    expect(seen).toEqual([[2], true]);
  });

  it('runs its batches under a policy, and flushes when it is closed', async () => {
    const runtime = virtualRuntime();
    const policy = workQueue({ concurrency: 1, runtime });
    const { batches, double } = doubler(runtime, {
      maxSize: 2,
      policy,
      work: async (items) => {
        batches.push(`${items.join(' ')} @${runtime.now()}`);
        await runtime.sleep(5);
        return items.map((item) => item * 2);
      },
    });

    const result = await runtime.run(async () => {
      const adding = [1, 2, 3].map((n) => double.add(n));
      await double.close();
      return [await Promise.all(adding), await settled(double.add(4))];
    });

    expect(result).toEqual([[2, 4, 6], 'ERR_CLOSED']);
    expect(batches).toEqual(['1 2 @0', '3 @5']);
  });

  it.each([
    [{ maxSize: 0 }, 'batcher.maxSize'],
    [{ lingerMs: -1 }, 'batcher.lingerMs'],
    [{ lingerMs: NaN }, 'batcher.lingerMs'],
    [{ work: 'none' }, 'batcher.work'],
  ])('%j is refused', (options, message) => {
    expect(() => doubler(virtualRuntime(), options as never)).toThrow(message);
  });
});

describe('work on every item', () => {
  it('answers with successes and failures, so many at a time', async () => {
    const runtime = virtualRuntime();
    let running = 0;
    let most = 0;

    const report = await runtime.run(() =>
      runAll(
        [30, 10, 20, 5],
        async (ms) => {
          most = Math.max(most, ++running);
          await runtime.sleep(ms);
          running--;
          if (ms === 10) throw new Error('ten');
          return ms * 2;
        },
        { concurrency: 2 },
      ),
    );

    expect(report.values).toEqual([60, undefined, 40, 10]);
    expect(report.failures).toEqual([{ index: 1, item: 10, error: new Error('ten') }]);
    expect([most, runtime.now()]).toEqual([2, 35]);
  });

  it('takes items only as there is room, from an endless source', async () => {
    const runtime = virtualRuntime();
    let taken = 0;
    let isClosed = false;
    async function* numbers(): AsyncGenerator<number> {
      try {
        for (;;) yield taken++;
      } finally {
        isClosed = true;
      }
    }

    const seen = await runtime.run(async () => {
      const values: number[] = [];
      const results = runEach(numbers(), (n) => runtime.sleep(10).then(() => n), {
        concurrency: 3,
      });
      for await (const result of results) {
        if (result.ok) values.push(result.value);
        if (values.length === 6) break;
      }
      return values;
    });

    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
    expect(taken).toBeLessThanOrEqual(10);
    expect(isClosed).toBe(true);
  });

  it('hands results on while the next item is long in coming', async () => {
    const runtime = virtualRuntime();
    async function* rare(): AsyncGenerator<number> {
      yield 1;
      await runtime.sleep(1_000);
      yield 2;
    }

    const at = await runtime.run(async () => {
      const times: number[] = [];
      const results = runEach(rare(), () => runtime.sleep(10), { concurrency: 4 });
      for await (const _result of results) times.push(runtime.now());
      return times;
    });

    expect(at).toEqual([10, 1_010]);
  });

  it('ends when its signal aborts, and aborts what runs', async () => {
    const runtime = virtualRuntime();
    const controller = new AbortController();
    const aborted: number[] = [];

    const end = await runtime.run(() => {
      void runtime.sleep(15).then(() => controller.abort('enough'));
      return settled(
        runAll(
          [1, 2, 3],
          async (n, { signal }) => {
            signal.addEventListener('abort', () => aborted.push(n));
            await runtime.sleep(10);
          },
          { concurrency: 1, call: { signal: controller.signal } },
        ),
      );
    });

    expect([end, aborted.includes(2), aborted.includes(3)]).toEqual(['enough', true, false]);
  });

  it('passes on what the source throws', async () => {
    const bad = {
      *[Symbol.iterator](): Generator<number> {
        yield 1;
        throw new Error('source');
      },
    };

    expect(await settled(runAll(bad, (n) => n, { concurrency: 1 }))).toBe('source');
  });

  it('runs under a policy', async () => {
    const runtime = virtualRuntime();
    const policy = workQueue({ concurrency: 1, runtime });

    await runtime.run(() => runAll([1, 2, 3], () => runtime.sleep(10), { concurrency: 3, policy }));

    expect(runtime.now()).toBe(30);
  });

  it('refuses a concurrency of nothing', async () => {
    expect(await settled(runAll([1], (n) => n, { concurrency: 0 }))).toBe('ERR_OPTION');
  });
});

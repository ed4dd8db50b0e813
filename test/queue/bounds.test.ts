import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/core/index.ts';
import type { WhenFull } from '../../src/queue/index.ts';
import { workQueue } from '../../src/queue/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { settled } from './settle.ts';

/** Adds named jobs of 10 ms to a queue that holds two; answers with what became of each. */
async function overfill(whenFull: WhenFull, calls: Record<string, Call>): Promise<unknown> {
  const runtime = virtualRuntime();
  const queue = workQueue({ concurrency: 1, capacity: 2, whenFull, runtime });
  return runtime.run(async () => {
    queue.add(() => runtime.sleep(10));
    const names = Object.entries(calls).map(async ([name, call]) => [
      name,
      await settled(queue.add(() => runtime.sleep(10).then(() => runtime.now()), call)),
    ]);
    return Object.fromEntries((await Promise.all(names)) as [string, unknown][]) as unknown;
  });
}

describe('a full queue', () => {
  const full = 'ERR_QUEUE_FULL';

  it.each<[WhenFull, Record<string, Call>, Record<string, unknown>]>([
    ['refuse', { a: {}, b: {}, c: { priority: 9 } }, { a: 20, b: 30, c: full }],
    ['evict-last', { a: {}, b: {}, c: { priority: 9 } }, { a: 30, b: full, c: 20 }],
    ['evict-last', { a: {}, b: {}, c: { priority: -9 } }, { a: 20, b: 30, c: full }],
    [
      'evict-last',
      { a: { priority: 3 }, b: { priority: 2 }, c: { priority: 1 }, d: { priority: 4 } },
      { a: 30, b: full, c: full, d: 20 },
    ],
    ['evict-oldest', { a: { priority: 9 }, b: {}, c: {} }, { a: full, b: 20, c: 30 }],
    ['wait', { a: {}, b: {}, c: {}, d: {} }, { a: 20, b: 30, c: 40, d: 50 }],
    ['wait', { a: {}, b: {}, c: { priority: 9 } }, { a: 20, b: 40, c: 30 }],
  ])('with %s, given %j', async (whenFull, calls, ends) => {
    expect(await overfill(whenFull, calls)).toEqual(ends);
  });

  it('evicts from the flow with most waiting, in a fair queue', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({
      concurrency: 1,
      capacity: 4,
      whenFull: 'evict-last',
      fair: {},
      runtime,
    });

    const result = await runtime.run(async () => {
      queue.add(() => runtime.sleep(10));
      const work = (): Promise<void> => runtime.sleep(10);
      const hogs = [1, 2, 3, 4].map(() => settled(queue.add(work, { tenant: 'hog' })));
      const mouse = settled(queue.add(work, { tenant: 'mouse' }));
      return [await mouse, (await Promise.all(hogs)).filter((end) => end === full).length];
    });

    expect(result).toEqual([undefined, 1]);
  });

  it('honours deadlines and cancellation of those who wait outside', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, capacity: 1, whenFull: 'wait', runtime });

    const result = await runtime.run(async () => {
      queue.add(() => runtime.sleep(100));
      queue.add(() => runtime.sleep(100));
      const late = queue.add(() => 'ran', { deadline: 50 });
      const gone = queue.add(() => 'ran');
      const kept = queue.add(() => 'ran');
      const before = [gone.position(), kept.position(), queue.explain(kept)?.because];
      gone.cancel('gone');
      return [...before, await settled(late), runtime.now(), await settled(gone), await kept];
    });

    const because = 'the line is full, and it waits outside for room';
    expect(result).toEqual([2, 3, because, 'ERR_EXPIRED', 50, 'gone', 'ran']);
  });

  it('says when asking again may succeed', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, capacity: 20, runtime });

    const retryAfterMs = await runtime.run(async () => {
      const jobs = Array.from({ length: 21 }, () => queue.run(() => runtime.sleep(10)));
      await jobs[14];
      for (let i = 0; i < 15; i++) jobs.push(queue.run(() => runtime.sleep(10)));
      const refused = queue.run(() => 'ran').catch((error: unknown) => error);
      await Promise.all(jobs);
      return ((await refused) as { retryAfterMs: number }).retryAfterMs;
    });

    expect(retryAfterMs).toBeCloseTo(10, 0);
  });
});

describe('work that is refused because it would start too late', () => {
  it('is turned away on arrival, once the pace of the line is known', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });

    const result = await runtime.run(async () => {
      for (let i = 0; i < 60; i++) queue.add(() => runtime.sleep(10));
      await runtime.sleep(300);
      // About 30 wait, at 10 ms each.
      const hopeless = queue.add(() => 'ran', { deadline: runtime.now() + 100 });
      const hopeful = queue.add(() => 'ran', { deadline: runtime.now() + 100, priority: 1 });
      return [hopeless.state, await settled(hopeless), await settled(hopeful)];
    });

    expect(result).toEqual(['refused', 'ERR_EXPIRED', 'ran']);
  });

  it('is let in when the queue is told to', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, refuseHopeless: false, runtime });

    const state = await runtime.run(async () => {
      for (let i = 0; i < 60; i++) queue.add(() => runtime.sleep(10));
      await runtime.sleep(300);
      const task = queue.add(() => 'ran', { deadline: runtime.now() + 100 });
      const { state: before } = task;
      await settled(task);
      return before;
    });

    expect(state).toBe('waiting');
  });
});

describe('the longest wait of a queue', () => {
  it('turns away who has waited so long, unless its own deadline comes first', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, maxWaitMs: 50, runtime });
    const endOf = async (call: Call): Promise<unknown> => [
      await settled(queue.add(() => 'ran', call)),
      runtime.now(),
    ];

    const ends = await runtime.run(async () => {
      queue.add(() => runtime.sleep(40));
      const first = endOf({ priority: 1 });
      queue.add(() => runtime.sleep(40));
      return Promise.all([first, endOf({}), endOf({ deadline: 20 }), endOf({ deadline: 900 })]);
    });

    expect(ends).toEqual([
      ['ran', 40],
      ['ERR_EXPIRED', 50],
      ['ERR_EXPIRED', 20],
      ['ERR_EXPIRED', 50],
    ]);
    expect(queue.snapshot().expired).toBe(3);
  });

  it('is counted from the time a task comes into line, and is over once it has run', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({
      concurrency: 1,
      maxWaitMs: 50,
      retry: { attempts: 2, delayMs: () => 100 },
      runtime,
    });
    let attempts = 0;

    const ends = await runtime.run(async () => {
      const delayed = queue.add(() => 'ran', { startAt: 200 });
      const retried = queue.add(async () => {
        attempts++;
        if (attempts === 1) throw new Error('once');
        return 'ran';
      });
      await runtime.sleep(90);
      queue.add(() => runtime.sleep(120));
      return [await settled(retried), runtime.now(), await settled(delayed), runtime.now()];
    });

    expect(ends).toEqual(['ran', 210, 'ran', 210]);
  });

  it('refuses on arrival who would wait longer, once the pace of the line is known', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, maxWaitMs: 300, runtime });

    const state = await runtime.run(async () => {
      const jobs = Array.from({ length: 25 }, () => settled(queue.add(() => runtime.sleep(10))));
      await runtime.sleep(200);
      jobs.push(...Array.from({ length: 25 }, () => settled(queue.add(() => runtime.sleep(10)))));
      const late = queue.add(() => 'ran');
      const { state: first } = late;
      await Promise.all([settled(late), ...jobs]);
      return first;
    });

    expect(state).toBe('refused');
  });
});

describe('calls that take several slots', () => {
  it('wait until all of them fit, and nobody slips past', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 4, unit: 'gb', runtime });
    const starts: Record<string, number> = {};
    const job = (name: string, gb: number): PromiseLike<unknown> =>
      queue.add(
        async () => {
          starts[name] = runtime.now();
          await runtime.sleep(10);
        },
        { cost: { gb } },
      );

    await runtime.run(() =>
      Promise.all([job('a', 2), job('b', 3), job('c', 1), job('d', 1), job('wider than all', 9)]),
    );

    expect(starts).toEqual({ a: 0, b: 10, c: 10, d: 20, 'wider than all': 30 });
  });

  it.each([NaN, 0, -1])('count a cost of %d as none', async (gb) => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, unit: 'gb', runtime });

    await runtime.run(() =>
      Promise.all([1, 2, 3].map(() => queue.add(() => runtime.sleep(10), { cost: { gb } }))),
    );

    expect(runtime.now()).toBe(10);
  });
});

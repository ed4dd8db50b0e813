import { describe, expect, it } from 'vitest';
import { tokenBucket } from '../../src/admission/index.ts';
import { workQueue } from '../../src/queue/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { settled } from './settle.ts';

describe('a rate cap', () => {
  it('holds the line until the limiter lets go on, and loses nobody', async () => {
    const runtime = virtualRuntime();
    const rate = tokenBucket({ capacity: 2, refillPerSecond: 10, runtime });
    const queue = workQueue({ concurrency: 5, rate, runtime });

    const starts = await runtime.run(async () => {
      const tasks = Array.from({ length: 5 }, () => queue.add(() => runtime.now()));
      await runtime.sleep(50);
      const because = queue.explain(5)?.because;
      return [await Promise.all(tasks), because];
    });

    expect(starts).toEqual([[0, 0, 100, 200, 300], 'the rate limit lets nothing start at present']);
  });

  it('must be a limiter', () => {
    const rate = { run: () => undefined } as never;

    expect(() => workQueue({ concurrency: 1, rate })).toThrow('workQueue.rate');
  });
});

describe('tenants in a fair queue', () => {
  it('share slots by the time their work takes', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 2, fair: { cost: 'time' }, runtime });
    const used: Record<string, number> = { slow: 0, quick: 0 };

    await runtime.run(async () => {
      const job = (tenant: string, ms: number): unknown =>
        queue.add(
          async () => {
            await runtime.sleep(ms);
            used[tenant] = (used[tenant] ?? 0) + ms;
          },
          { tenant },
        );
      for (let i = 0; i < 500; i++) job('slow', 40);
      for (let i = 0; i < 2_000; i++) job('quick', 4);
      await runtime.sleep(4_000);
    });

    const { slow = 0, quick = 0 } = used;
    expect(slow + quick).toBeGreaterThan(7_900);
    expect(slow / quick).toBeGreaterThan(0.9);
    expect(slow / quick).toBeLessThan(1.1);
  });

  it('share by what ended work says it cost, whatever that says', async () => {
    const runtime = virtualRuntime();
    const answers: unknown[] = [{ tokens: 5 }, { tokens: NaN }, undefined];
    const queue = workQueue({
      concurrency: 1,
      fair: { cost: ({ detail }) => (detail as { tokens: number }).tokens },
      runtime,
    });

    await runtime.run(() => Promise.all(answers.map((answer) => queue.add(() => answer))));

    expect(runtime.faults.map(({ origin }) => origin)).toEqual([
      'queue: fair.cost',
      'queue: fair.cost',
    ]);
  });

  it.each([0, NaN, -1, Infinity])('a weight of %d counts as 1, with a report', async (weight) => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, fair: { weight: () => weight }, runtime });

    await runtime.run(() => queue.run(() => 1, { tenant: 'a' }));

    expect(runtime.faults).toHaveLength(1);
  });

  it('are paused and capped one by one', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 4, fair: { concurrency: 1 }, runtime });
    queue.pause('b');

    const seen = await runtime.run(async () => {
      const tasks = ['a', 'a', 'b', 'c'].map((tenant) =>
        queue.add(() => runtime.sleep(10).then(() => runtime.now()), { tenant }),
      );
      const because = tasks.map((task) => queue.explain(task)?.because);
      await runtime.sleep(50);
      queue.resume('b');
      return [because, await Promise.all(tasks)];
    });

    expect(seen).toEqual([
      [
        'it was started, as attempt 1',
        'its flow (a) runs as much as it may',
        'its flow (b) is paused',
        'it was started, as attempt 1',
      ],
      [10, 20, 60, 10],
    ]);
  });

  it('can only be paused where there are flows', () => {
    const queue = workQueue({ concurrency: 1 });

    expect(() => queue.pause('acme')).toThrow('workQueue.fair');
  });

  it('get other shares while it runs', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, fair: {}, runtime });
    const served: string[] = [];

    await runtime.run(async () => {
      for (let i = 0; i < 200; i++) {
        for (const tenant of ['a', 'b']) {
          queue.add(
            async () => {
              served.push(tenant);
              await runtime.sleep(1);
            },
            { tenant },
          );
        }
      }
      await runtime.sleep(99.5);
      queue.update({ weight: (tenant) => (tenant === 'a' ? 3 : 1) });
      await runtime.sleep(100);
    });

    const share = (from: number): number =>
      served.slice(from, from + 100).filter((tenant) => tenant === 'a').length;
    expect(share(0)).toBe(50);
    expect(Math.abs(share(100) - 75)).toBeLessThanOrEqual(2);
  });

  it.each([
    [{ fair: { by: 'colour' } }, 'workQueue.fair.by'],
    [{ fair: { by: [] } }, 'workQueue.fair.by'],
    [{ fair: { concurrency: 0 } }, 'workQueue.fair.concurrency'],
    [{ fair: { priorities: 'above' }, ageing: { msPerLevel: 5 } }, 'workQueue.fair.priorities'],
    [{ perKey: { ordered: true, concurrency: 2 } }, 'workQueue.perKey.concurrency'],
    [{ perKey: { concurrency: 0 } }, 'workQueue.perKey.concurrency'],
    [{ ageing: { msPerLevel: 0 } }, 'workQueue.ageing.msPerLevel'],
    [{ ageing: { msPerLevel: 5 }, overload: {} }, 'workQueue.overload'],
    [{ overload: { targetMs: 9, intervalMs: 5 } }, 'codel.targetMs'],
    [{ whenFull: 'explode' }, 'workQueue.whenFull'],
    [{ retry: { attempts: 0 } }, 'workQueue.retry.attempts'],
    [{ yieldAfterMs: 0 }, 'workQueue.yieldAfterMs'],
    [{ unit: '' }, 'workQueue.unit'],
  ])('%j is refused', (options, message) => {
    expect(() => workQueue({ concurrency: 1, ...options } as never)).toThrow(message);
  });
});

describe('the books of a queue', () => {
  it('count by priority and tenant, and time waiting and running', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, capacity: 3, statistics: true, runtime });

    await runtime.run(async () => {
      const job = (): Promise<void> => runtime.sleep(10);
      queue.add(job, { tenant: 'a', priority: 1 });
      void settled(queue.add(() => Promise.reject(new Error('no')), { tenant: 'a' }));
      const gone = queue.add(job, { tenant: 'b' });
      void settled(queue.add(job, { tenant: 'b', deadline: 5 }));
      void settled(queue.add(job, { tenant: 'b' }));
      gone.cancel();
      await queue.idle();
    });

    const none = {
      entered: 0,
      started: 0,
      succeeded: 0,
      failed: 0,
      cancelled: 0,
      refused: 0,
      expired: 0,
    };
    const { total, byTenant, byPriority, wait, run } = queue.statistics ?? {};
    expect(total).toEqual({
      entered: 5,
      started: 2,
      succeeded: 1,
      failed: 1,
      cancelled: 1,
      refused: 1,
      expired: 1,
    });
    expect(byTenant?.get('a')).toEqual({
      ...none,
      entered: 2,
      started: 2,
      succeeded: 1,
      failed: 1,
    });
    expect(byTenant?.get('b')).toEqual({
      ...none,
      entered: 3,
      cancelled: 1,
      refused: 1,
      expired: 1,
    });
    expect(byPriority?.get(1)).toEqual({ ...none, entered: 1, started: 1, succeeded: 1 });
    expect([wait?.count, wait?.max, run?.count, run?.max]).toEqual([2, 10, 2, 10]);
  });

  it('are bounded, however many tenants there are', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, statistics: true, runtime });

    await runtime.run(async () => {
      for (let i = 0; i < 5_000; i++) queue.add(() => 1, { tenant: `t${i}`, priority: i });
      await queue.idle();
    });

    expect(queue.statistics?.byTenant.size).toBe(1_001);
    expect(queue.statistics?.byTenant.get('…')?.succeeded).toBe(4_000);
    expect(queue.statistics?.byPriority.get(NaN)?.succeeded).toBe(4_000);
  });

  it('are not kept unless asked for', () => {
    expect(workQueue({ concurrency: 1 }).statistics).toBeUndefined();
  });
});

describe('moments of a queue', () => {
  it('come when it is empty, idle, or below a number', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });
    const at: Record<string, number> = {};
    const note = (name: string) => (): void => void (at[name] = runtime.now());

    await runtime.run(async () => {
      for (let i = 0; i < 5; i++) queue.add(() => runtime.sleep(10));
      await Promise.all([
        queue.whenBelow(3).then(note('below 3')),
        queue.empty().then(note('empty')),
        queue.idle().then(note('idle')),
      ]);
    });

    expect(at).toEqual({ 'below 3': 20, empty: 40, idle: 50 });
  });

  it('come at once when they are there', async () => {
    const queue = workQueue({ concurrency: 1 });

    await Promise.all([queue.idle(), queue.empty(), queue.whenBelow(1)]);
  });

  it('come though the last one was cancelled or paused work was resumed', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });

    await runtime.run(async () => {
      queue.pause();
      const task = queue.add(() => 1);
      const empty = queue.empty();
      task.cancel();
      await empty;
      queue.add(() => 1);
      const idle = queue.idle();
      queue.resume();
      await idle;
    });

    expect(queue.snapshot().started).toBe(1);
  });
});

describe('closing a queue that holds everything it can', () => {
  it('lets paused tenants, outsiders and retries finish, and leaves what is due later', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({
      concurrency: 1,
      capacity: 1,
      whenFull: 'wait',
      fair: {},
      retry: { attempts: 2, delayMs: () => 50 },
      runtime,
    });
    queue.pause('held');

    const result = await runtime.run(async () => {
      const flaky = queue.add(async ({ attempt }) => {
        if (attempt === 1) throw new Error('not yet');
        return 'flaky';
      });
      const held = queue.add(() => 'held', { tenant: 'held' });
      const outside = queue.add(() => 'outside', { tenant: 'other' });
      const later = settled(queue.add(() => 'later', { startAt: 9_999, key: 'k' }));
      await runtime.sleep(1);
      const report = await queue.close();
      return [report, await flaky, await held, await outside, await later, runtime.now()];
    });

    const left = [{ id: 4, state: 'delayed', call: { startAt: 9_999, key: 'k' } }];
    expect(result).toEqual([{ left, running: 0 }, 'flaky', 'held', 'outside', 'ERR_CLOSED', 50]);
  });

  it('ends at once without grace', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });

    const result = await runtime.run(async () => {
      const running = queue.run(() => runtime.sleep(10).then(() => 'finished'));
      const waiting = settled(queue.run(() => 'ran'));
      const patient = queue.close();
      const report = await queue.close({ graceMs: 0 });
      return [report.running, report.left.length, await waiting, await running, await patient];
    });

    expect(result).toEqual([
      1,
      1,
      'ERR_CLOSED',
      'finished',
      { left: [{ id: 2, state: 'waiting', call: {} }], running: 1 },
    ]);
  });

  it('is done by `await using`', async () => {
    const runtime = virtualRuntime();
    let done = 0;

    await runtime.run(async () => {
      await using queue = workQueue({ concurrency: 1, runtime });
      for (let i = 0; i < 3; i++) queue.add(async () => void (await runtime.sleep(10), done++));
    });

    expect(done).toBe(3);
  });
});

import { describe, expect, it } from 'vitest';
import type { OverloadOptions, WorkQueueSnapshot } from '../../src/queue/index.ts';
import { workQueue } from '../../src/queue/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { settled } from './settle.ts';

interface Outcome {
  /** Answered within 60 ms of arriving. */
  readonly inTime: number;
  readonly dropped: number;
  readonly late: number;
  readonly during: WorkQueueSnapshot;
}

/** Twice as many calls as can be served, for two seconds, after a calm second. */
async function overloaded(overload: OverloadOptions | undefined): Promise<Outcome> {
  const runtime = virtualRuntime();
  const queue = workQueue({
    concurrency: 1,
    runtime,
    ...(overload === undefined ? {} : { overload }),
  });
  const count = { inTime: 0, dropped: 0, late: 0 };
  return runtime.run(async () => {
    const call = async (): Promise<void> => {
      const arrivedAt = runtime.now();
      const end = await settled(queue.run(() => runtime.sleep(10)));
      if (end === 'ERR_OVERLOADED') count.dropped++;
      else if (runtime.now() - arrivedAt <= 60) count.inTime++;
      else count.late++;
    };
    const calls: Promise<void>[] = [];
    for (let i = 0; i < 50; i++, await runtime.sleep(20)) calls.push(call());
    for (let i = 0; i < 400; i++, await runtime.sleep(5)) calls.push(call());
    const during = queue.snapshot();
    await Promise.all(calls);
    return { ...count, during };
  });
}

describe('a queue that stands', () => {
  it('serves almost nobody in time when it does nothing', async () => {
    const { inTime, late } = await overloaded(undefined);

    // The calm second, and the first of the storm.
    expect(inTime).toBeLessThan(70);
    expect(late).toBeGreaterThan(380);
  });

  it('drops who has waited too long, so that the rest is in time', async () => {
    const { inTime, dropped, during } = await overloaded({ newestFirst: false });

    expect(during.isOverloaded).toBe(true);
    expect(dropped).toBeGreaterThan(150);
    expect(inTime).toBeGreaterThan(200);
  });

  it('serves the newest first, so that many are in time though nobody is dropped', async () => {
    const { inTime, dropped } = await overloaded({ drop: false });

    expect(dropped).toBe(0);
    expect(inTime).toBeGreaterThan(200);
  });

  it('tells the oldest soon that they will not be served, and keeps its line short', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 10, overload: {}, runtime });
    const droppedAfterMs: number[] = [];
    let longest = 0;

    await runtime.run(async () => {
      const call = async (): Promise<void> => {
        const arrivedAt = runtime.now();
        const end = await settled(queue.run(() => runtime.sleep(50)));
        if (end === 'ERR_OVERLOADED') droppedAfterMs.push(runtime.now() - arrivedAt);
      };
      const calls: Promise<void>[] = [];
      for (let i = 0; i < 3000; i++, await runtime.sleep(5 / 3)) {
        calls.push(call());
        longest = Math.max(longest, queue.snapshot().waiting);
      }
      await Promise.all(calls);
    });

    // Three times the load. Dropped when their own turn came, the oldest waited until the storm was over.
    droppedAfterMs.sort((a, b) => a - b);
    expect(droppedAfterMs.length).toBeGreaterThan(1500);
    expect(droppedAfterMs[Math.floor(0.99 * droppedAfterMs.length)]).toBeLessThan(200);
    expect(longest).toBeLessThan(150);
  });

  it('goes back to first come, first served, when the storm is over', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, overload: { drop: false }, runtime });
    const order: number[] = [];

    await runtime.run(async () => {
      for (let i = 0; i < 100; i++) queue.add(() => runtime.sleep(10));
      await queue.idle();
      await runtime.sleep(500);
      for (let i = 0; i < 20; i++, await runtime.sleep(30)) queue.add(() => runtime.sleep(1));
      await runtime.sleep(200);
      for (let i = 0; i < 4; i++) {
        queue.add(async () => {
          order.push(i);
          await runtime.sleep(1);
        });
      }
      await queue.idle();
    });

    expect(order).toEqual([0, 1, 2, 3]);
  });

  it('never turns the order of a key round', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({
      concurrency: 1,
      overload: { drop: false, targetMs: 1, intervalMs: 5 },
      perKey: { ordered: true },
      runtime,
    });
    const seen: Record<string, number[]> = { a: [], b: [], c: [] };

    await runtime.run(async () => {
      for (let i = 0; i < 60; i++, await runtime.sleep(2)) {
        const key = 'abc'[i % 3] as string;
        queue.add(
          async () => {
            seen[key]?.push(i);
            await runtime.sleep(10);
          },
          { key },
        );
      }
      expect(queue.snapshot().isOverloaded).toBe(true);
      await queue.idle();
    });

    for (const numbers of Object.values(seen)) {
      expect(numbers).toHaveLength(20);
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
  });
});

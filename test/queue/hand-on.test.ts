import { describe, expect, it } from 'vitest';
import { compose, timeout } from '../../src/policy/index.ts';
import { workQueue } from '../../src/queue/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

describe('a slot whose work has ended', () => {
  it('goes to the next in line', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 2, runtime });
    const started: number[] = [];

    await runtime.run(async () => {
      for (let i = 0; i < 6; i++) {
        queue.add(async () => {
          started.push(runtime.now());
          await runtime.sleep(10);
        });
      }
      await queue.idle();
    });

    expect(started).toEqual([0, 0, 10, 10, 20, 20]);
    expect(queue.snapshot()).toMatchObject({ started: 6, running: 0, waiting: 0 });
  });

  it('goes to nobody once there are fewer slots', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 4, runtime });
    const running: number[] = [];

    await runtime.run(async () => {
      for (let i = 0; i < 12; i++) {
        queue.add(async () => {
          running.push(queue.snapshot().running);
          await runtime.sleep(10 + i);
        });
      }
      await runtime.sleep(5);
      queue.update({ concurrency: 2 });
      await queue.idle();
    });

    expect(Math.max(...running.slice(4))).toBe(2);
    expect(queue.snapshot()).toMatchObject({ started: 12, running: 0 });
  });

  it('lets no work start within work that answers at once', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 3, yieldAfterMs: Infinity, runtime });
    let depth = 0;
    let deepest = 0;
    let ended = 0;

    await runtime.run(async () => {
      const first = queue.run(() => runtime.sleep(10));
      queue.pause();
      for (let i = 0; i < 20_000; i++) {
        void queue.run(() => {
          deepest = Math.max(deepest, ++depth);
          depth--;
          ended++;
        });
      }
      queue.resume();
      await first;
      await queue.idle();
    });

    expect([deepest, ended]).toEqual([1, 20_000]);
  });

  it('serves tasks and calls of a composed policy in one order', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });
    const guard = compose(queue, timeout({ ms: 60_000, runtime }));
    const order: string[] = [];
    const job = (name: string) => async (): Promise<void> => {
      order.push(name);
      await runtime.sleep(10);
    };

    await runtime.run(async () => {
      await Promise.all([
        queue.run(job('first')),
        guard.run(job('call')),
        queue.run(job('task')),
        guard.run(job('urgent call'), { priority: 1 }),
      ]);
    });

    expect(order).toEqual(['first', 'urgent call', 'call', 'task']);
  });

  it('stays free while the queue is paused', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });

    const times = await runtime.run(async () => {
      const first = queue.run(() => runtime.sleep(10));
      const second = queue.run(() => runtime.now());
      await runtime.sleep(5);
      queue.pause();
      await first;
      await runtime.sleep(90);
      queue.resume();
      return second;
    });

    expect(times).toBe(100);
  });
});

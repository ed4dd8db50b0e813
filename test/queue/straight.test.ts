import { describe, expect, it } from 'vitest';
import { compose, timeout } from '../../src/policy/index.ts';
import type { WorkQueue } from '../../src/queue/index.ts';
import { workQueue } from '../../src/queue/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

/** A queue as one of two policies, so that calls enter by its door. */
const behind = (queue: WorkQueue<unknown>, runtime: VirtualRuntime) =>
  compose(queue as WorkQueue, timeout({ ms: 60_000, runtime }));

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'answered',
    (error: unknown) => (error as { code?: string }).code ?? error,
  );

describe('a call that finds nobody in line and a free slot', () => {
  it('is counted like those who stood in line', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 2, runtime });
    const guard = behind(queue, runtime);

    await runtime.run(async () => {
      const first = guard.run(() => runtime.sleep(10));

      expect(queue.snapshot()).toMatchObject({ entered: 1, started: 1, running: 1, waiting: 0 });

      await Promise.all([first, guard.run(() => runtime.sleep(10))]);
    });

    expect(queue.snapshot()).toMatchObject({ entered: 2, started: 2, running: 0, waiting: 0 });
  });

  it('never goes before somebody who waits, also of lower priority and while a slot is free', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });
    const guard = behind(queue, runtime);
    const started: string[] = [];
    const job = (name: string) => async (): Promise<void> => {
      started.push(name);
      await runtime.sleep(10);
    };

    await runtime.run(async () => {
      queue.pause();
      const waiting = [guard.run(job('first'), { priority: -1 }), guard.run(job('second'))];
      queue.resume();
      await Promise.all([...waiting, guard.run(job('third'))]);
    });

    expect(started).toEqual(['second', 'third', 'first']);
  });

  it('is refused when its deadline has passed', async () => {
    const runtime = virtualRuntime({ startMs: 100 });
    const queue = workQueue({ concurrency: 1, runtime });

    const code = await runtime.run(() =>
      codeOf(behind(queue, runtime).run(() => 1, { deadline: 100 })),
    );

    expect(code).toBe('ERR_EXPIRED');
    expect(queue.snapshot()).toMatchObject({ entered: 1, started: 0, expired: 1 });
  });

  it('lets those who wait for idleness know when it ends', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });

    await runtime.run(async () => {
      void behind(queue, runtime).run(() => runtime.sleep(10));
      await queue.idle();
    });

    expect(runtime.now()).toBe(10);
  });
});

/**
 * The documented behaviour of p-queue, on p-queue itself, on p-queue with our order inside it, and on
 * our own queue behind the few lines that translate.
 */

import PQueue from 'p-queue';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pQueueOrder, pQueuePolicy } from '../../src/adapters/index.ts';
import { rateLimiter, slidingLog } from '../../src/admission/index.ts';
import { compose, timeout } from '../../src/policy/index.ts';
import type { Task } from '../../src/queue/index.ts';
import { workQueue } from '../../src/queue/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

type Work = (context: { signal?: AbortSignal | undefined }) => unknown;

interface Options {
  readonly concurrency?: number;
  readonly autoStart?: boolean;
  readonly intervalCap?: number;
  readonly interval?: number;
}

/** What the documented behaviours are about. */
interface Subject {
  add(
    work: Work,
    options?: { priority?: number; id?: string; signal?: AbortSignal },
  ): Promise<unknown>;
  pause(): void;
  start(): void;
  onEmpty(): Promise<void>;
  onIdle(): Promise<void>;
  onSizeLessThan(limit: number): Promise<void>;
  setPriority(id: string, priority: number): void;
  readonly size: number;
  readonly pending: number;
  readonly isPaused: boolean;
  concurrency: number;
}

interface Scene {
  readonly make: (options?: Options) => Subject;
  readonly sleep: (ms: number) => Promise<void>;
  /** Runs `scene` while time passes by itself. */
  readonly play: <T>(scene: () => Promise<T>) => Promise<T>;
}

/** p-queue on the clock of vitest. */
function rival(options: object): Scene {
  // eslint-disable-next-line no-restricted-globals -- p-queue knows no runtime; this is the clock of vitest
  const sleep = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms));
  return {
    make: (given = {}) =>
      new PQueue({
        ...given,
        ...(given.intervalCap && { strict: true }),
        ...options,
      }) as unknown as Subject,
    sleep,
    play: async (scene) => {
      let isOver = false;
      const playing = scene().finally(() => (isOver = true));
      while (!isOver) await vi.advanceTimersByTimeAsync(1);
      return playing;
    },
  };
}

/** Our queue, spoken to in p-queue's words. */
function ours(): Scene {
  const runtime = virtualRuntime();
  return {
    make: ({ concurrency = Infinity, autoStart = true, intervalCap, interval = 0 } = {}) => {
      const unbounded = Math.min(concurrency, Number.MAX_SAFE_INTEGER);
      const rate =
        intervalCap === undefined
          ? {}
          : {
              rate: rateLimiter({
                rate: slidingLog({ limit: intervalCap, windowMs: interval }),
                runtime,
              }),
            };
      const queue = workQueue({ concurrency: unbounded, ...rate, runtime });
      const byId = new Map<string, Task<unknown>>();
      if (!autoStart) queue.pause();
      return {
        add: (work, { id, ...call } = {}) => {
          const task = queue.add(work, call);
          if (id !== undefined) byId.set(id, task);
          return task.promise;
        },
        pause: () => queue.pause(),
        start: () => queue.resume(),
        onEmpty: () => queue.empty(),
        onIdle: () => queue.idle(),
        onSizeLessThan: (limit) => queue.whenBelow(limit),
        setPriority: (id, priority) => {
          if (byId.get(id)?.setPriority(priority) !== true) throw new ReferenceError(id);
        },
        get size() {
          return queue.snapshot().waiting;
        },
        get pending() {
          return queue.snapshot().running;
        },
        get isPaused() {
          return queue.snapshot().isPaused;
        },
        get concurrency() {
          return queue.snapshot().concurrency;
        },
        set concurrency(value: number) {
          queue.update({ concurrency: value });
        },
      };
    },
    sleep: (ms) => runtime.sleep(ms),
    play: (scene) => runtime.run(scene),
  };
}

const subjects: [string, () => Scene][] = [
  ['p-queue', () => rival({})],
  ['p-queue with our order', () => rival({ queueClass: pQueueOrder() })],
  ['our queue', ours],
];

describe.each(subjects)('%s', (_name, makeScene) => {
  beforeEach(
    () =>
      void vi.useFakeTimers({
        toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
      }),
  );
  afterEach(() => void vi.useRealTimers());

  it('settles with what the work returns or throws, be it sync or async', async () => {
    const { make, play } = makeScene();

    const ends = await play(async () => {
      const queue = make();
      const bad = new Error('bad');
      const throwing = (): never => {
        throw bad;
      };
      return [
        await queue.add(() => 1),
        await queue.add(async () => 2),
        (await queue.add(throwing).catch((error: unknown) => error)) === bad,
        await queue.add(() => 3),
      ];
    });

    expect(ends).toEqual([1, 2, true, 3]);
  });

  it('runs no more than concurrency at once', async () => {
    const { make, play, sleep } = makeScene();
    let running = 0;
    let most = 0;

    await play(async () => {
      const queue = make({ concurrency: 5 });
      const jobs = Array.from({ length: 40 }, (_, i) =>
        queue.add(async () => {
          most = Math.max(most, ++running);
          await sleep(5 + (i % 7));
          running--;
        }),
      );
      expect([queue.pending, queue.size]).toEqual([5, 35]);
      await Promise.all(jobs);
    });

    expect(most).toBe(5);
  });

  it('runs greater priorities first, equals in order', async () => {
    const { make, play, sleep } = makeScene();
    const order: number[] = [];

    await play(async () => {
      const queue = make({ concurrency: 1 });
      void queue.add(() => sleep(5));
      for (const priority of [1, 0, 1, 2, 0, 2])
        void queue.add(() => order.push(priority), { priority });
      await queue.onIdle();
    });

    expect(order).toEqual([2, 2, 1, 1, 0, 0]);
  });

  it('moves a waiting task by its id, up and down', async () => {
    const { make, play, sleep } = makeScene();
    const order: string[] = [];

    await play(async () => {
      const queue = make({ concurrency: 1 });
      const push = (name: string) => (): number => order.push(name);
      void queue.add(() => sleep(5));
      void queue.add(push('a'), { priority: 1, id: 'a' });
      void queue.add(push('b'), { priority: 0, id: 'b' });
      void queue.add(push('c'), { priority: 1, id: 'c' });
      queue.setPriority('b', 2);
      queue.setPriority('a', -1);
      await queue.onIdle();
      expect(() => queue.setPriority('gone', 1)).toThrow(ReferenceError);
    });

    expect(order).toEqual(['b', 'c', 'a']);
  });

  it('starts nothing while paused, and everything once started', async () => {
    const { make, play, sleep } = makeScene();

    await play(async () => {
      const queue = make({ concurrency: 2, autoStart: false });
      const jobs = [1, 2, 3].map((n) => queue.add(async () => n));
      await sleep(10);
      expect([queue.isPaused, queue.size, queue.pending]).toEqual([true, 3, 0]);
      queue.start();
      expect(await Promise.all(jobs)).toEqual([1, 2, 3]);
      queue.pause();
      const held = queue.add(() => 4);
      await sleep(10);
      expect([queue.isPaused, queue.size]).toEqual([true, 1]);
      queue.start();
      expect(await held).toBe(4);
    });
  });

  it('is empty when nothing waits, idle when nothing runs either', async () => {
    const { make, play, sleep } = makeScene();

    await play(async () => {
      const queue = make({ concurrency: 2 });
      for (let i = 0; i < 4; i++) void queue.add(() => sleep(20));
      await queue.onEmpty();
      expect(queue.size).toBe(0);
      expect(queue.pending).toBeGreaterThan(0);
      await queue.onIdle();
      expect([queue.size, queue.pending]).toEqual([0, 0]);
      await queue.onEmpty();
      await queue.onIdle();
    });
  });

  it('says when fewer than a number wait', async () => {
    const { make, play, sleep } = makeScene();

    await play(async () => {
      const queue = make({ concurrency: 1 });
      for (let i = 0; i < 6; i++) void queue.add(() => sleep(10));
      await queue.onSizeLessThan(4);
      expect([queue.size, queue.pending]).toEqual([3, 1]);
      await queue.onSizeLessThan(10);
      await queue.onIdle();
    });
  });

  it('takes an aborted task out of the line and rejects with the reason', async () => {
    const { make, play, sleep } = makeScene();
    let hasRun = false;

    await play(async () => {
      const queue = make({ concurrency: 1 });
      const controller = new AbortController();
      void queue.add(() => sleep(20));
      const doomed = queue.add(() => (hasRun = true), { signal: controller.signal });
      doomed.catch(() => undefined);
      await sleep(1);
      controller.abort(new Error('enough'));
      await expect(doomed).rejects.toThrow('enough');
      expect(queue.size).toBe(0);
      await queue.onIdle();
    });

    expect(hasRun).toBe(false);
  });

  it('rejects at once what comes with an aborted signal', async () => {
    const { make, play } = makeScene();

    await play(async () => {
      const queue = make({ concurrency: 1 });
      const signal = AbortSignal.abort(new Error('before'));
      await expect(queue.add(() => 'ran', { signal })).rejects.toThrow('before');
      expect(await queue.add(() => 'next')).toBe('next');
      await queue.onIdle();
    });
  });

  it('hands its signal to running work', async () => {
    const { make, play, sleep } = makeScene();
    const seen: unknown[] = [];

    await play(async () => {
      const queue = make({ concurrency: 1 });
      const controller = new AbortController();
      const job = queue.add(
        ({ signal }) =>
          new Promise((_resolve, reject) => {
            signal?.addEventListener('abort', () => {
              seen.push('told');
              reject(new Error('stopped'));
            });
          }),
        { signal: controller.signal },
      );
      job.catch(() => seen.push('ended'));
      await sleep(5);
      controller.abort();
      await queue.onIdle();
    });

    expect(seen.toSorted()).toEqual(['ended', 'told']);
  });

  it('follows a change of concurrency at once', async () => {
    const { make, play, sleep } = makeScene();

    await play(async () => {
      const queue = make({ concurrency: 1 });
      for (let i = 0; i < 9; i++) void queue.add(() => sleep(20));
      queue.concurrency = 4;
      await sleep(1);
      expect([queue.concurrency, queue.pending]).toEqual([4, 4]);
      queue.concurrency = 2;
      await sleep(20);
      expect(queue.pending).toBe(2);
      await queue.onIdle();
    });
  });

  it('may be added to by its own tasks', async () => {
    const { make, play } = makeScene();

    const inner = await play(async () => {
      const queue = make({ concurrency: 2 });
      return queue.add(async () => [await queue.add(() => 'inner')]);
    });

    expect(inner).toEqual(['inner']);
  });

  it('starts no more than its cap in any interval', async () => {
    const { make, play, sleep } = makeScene();
    const seen: number[] = [];

    await play(async () => {
      const queue = make({ concurrency: 100, intervalCap: 3, interval: 100 });
      let started = 0;
      const jobs = Array.from({ length: 10 }, () => queue.add(() => started++));
      for (let i = 0; i < 4; i++) {
        await sleep(50);
        seen.push(started);
        await sleep(50);
      }
      await Promise.all(jobs);
    });

    expect(seen).toEqual([3, 6, 9, 10]);
  });
});

describe('our order inside p-queue', () => {
  it('shares between tenants, which p-queue cannot', async () => {
    const queue = new PQueue({
      concurrency: 1,
      queueClass: pQueueOrder({ fair: {} }),
      autoStart: false,
    });
    const order: string[] = [];
    for (const tenant of ['hog', 'hog', 'hog', 'hog', 'mouse', 'mouse']) {
      void queue.add(() => order.push(tenant), { tenant } as never);
    }

    queue.start();
    await queue.onIdle();

    expect(order.slice(0, 4).toSorted()).toEqual(['hog', 'hog', 'mouse', 'mouse']);
  });

  it('counts by priority', () => {
    const queue = new PQueue({ queueClass: pQueueOrder(), autoStart: false });
    for (const priority of [1, 0, 1]) void queue.add(() => 1, { priority });

    expect([queue.sizeBy({ priority: 1 }), queue.sizeBy({ priority: 0 })]).toEqual([2, 1]);
  });

  it.each([{ fair: { cost: 'time' } }, { fair: { by: [] } }, { aging: {} }])(
    'refuses %j',
    (options) => {
      expect(() => pQueueOrder(options as never)).toThrow();
    },
  );
});

describe('a p-queue as a policy', () => {
  it('stands in a composition, with priority and cancellation', async () => {
    const queue = new PQueue({ concurrency: 1 });
    const guard = compose(pQueuePolicy(queue), timeout({ ms: 5_000 }));
    const order: string[] = [];
    const controller = new AbortController();
    const job = (name: string, priority: number): Promise<number> =>
      guard.run(async () => order.push(name), { priority });

    const first = job('first', 0);
    const doomed = guard.run(() => order.push('doomed'), { signal: controller.signal });
    const rest = [job('low', 0), job('high', 1)];
    controller.abort(new Error('enough'));

    await expect(doomed).rejects.toThrow('enough');
    await Promise.all([first, ...rest]);
    expect(order).toEqual(['first', 'high', 'low']);
  });
});

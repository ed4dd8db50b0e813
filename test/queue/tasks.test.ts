import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { preemptible, workQueue } from '../../src/queue/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { settled } from './settle.ts';

describe('a task in line', () => {
  it('knows its position, and when it is likely to start', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 2, runtime });

    const seen = await runtime.run(async () => {
      const tasks = Array.from({ length: 50 }, () => queue.add(() => runtime.sleep(10)));
      const atFirst = [tasks[0]?.position(), tasks[2]?.position(), tasks[49]?.position()];
      const unknown = tasks[49]?.estimate();
      await runtime.sleep(100);
      const last = tasks[49];
      return [atFirst, unknown, last?.position(), last?.estimate()];
    });

    expect(seen[0]).toEqual([undefined, 0, 47]);
    expect(seen[1]).toBeUndefined();
    expect(seen[2]).toBe(29);
    // 30 starts, two every 10 ms.
    const estimate = seen[3] as { inMs: number; errorMs: number };
    expect(Math.abs(estimate.inMs - 150)).toBeLessThan(estimate.errorMs + 30);
  });

  it('refuses a priority that is no number', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });

    const end = await runtime.run(async () => {
      queue.add(() => runtime.sleep(1));
      const task = queue.add(() => 1);
      expect(() => task.setPriority(NaN)).toThrow('must be a number, got NaN');
      await task;
      return settled(queue.add(() => 1, { priority: NaN }));
    });

    expect(end).toBe('ERR_OPTION');
  });
});

describe('a task whose time has not come', () => {
  it('starts then, in line with those who came then', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });

    const seen = await runtime.run(async () => {
      const later = queue.add(() => runtime.now(), { startAt: 500 });
      const { state } = later;
      const { delayed } = queue.snapshot();
      return [state, delayed, queue.explain(later)?.because, await later];
    });

    expect(seen).toEqual(['delayed', 1, 'its time has not come', 500]);
  });

  it('stands behind those who came before its time, and has waited for nothing', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, statistics: true, runtime });
    const order: string[] = [];

    const ids = await runtime.run(async () => {
      const later = queue.add(() => order.push('later'), { startAt: 50 });
      queue.add(() => runtime.sleep(100));
      const other = queue.add(() => order.push('other'));
      await runtime.sleep(60);
      const found = queue.explain(later.id)?.id;
      await queue.idle();
      return [later.id, other.id, found];
    });

    expect(order).toEqual(['other', 'later']);
    expect(ids).toEqual([1, 3, 1]);
    expect(queue.statistics?.wait.max).toBeCloseTo(100, 0);
  });

  it('must have a time that is one', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });

    expect(await settled(queue.add(() => 1, { startAt: NaN }))).toBe('ERR_OPTION');
  });

  it('may be cancelled before', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });

    await runtime.run(async () => {
      const later = queue.add(() => 'ran', { startAt: 500 });
      expect(later.cancel('never mind')).toBe(true);
      expect(await settled(later)).toBe('never mind');
      await queue.idle();
    });

    expect(runtime.now()).toBe(0);
  });

  it('is refused when its deadline comes first', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });

    const end = await runtime.run(() => settled(queue.add(() => 1, { startAt: 50, deadline: 20 })));

    expect(end).toBe('ERR_EXPIRED');
  });
});

describe('a task with a de-duplication key', () => {
  it('stands for all that are added while it is open', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });
    let runs = 0;
    const work = async (): Promise<number> => {
      await runtime.sleep(10);
      return ++runs;
    };

    const results = await runtime.run(async () => {
      const first = queue.add(work, { dedupeKey: 'report' });
      const second = queue.add(work, { dedupeKey: 'report' });
      const other = queue.add(work, { dedupeKey: 'other' });
      await Promise.all([first, second, other]);
      const again = await queue.add(work, { dedupeKey: 'report' });
      return [first === second, await second, await other, again];
    });

    expect(results).toEqual([true, 1, 2, 3]);
  });

  it.each(['cancelled', 'expired'])('makes room for another when it was %s', async (how) => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });

    const second = await runtime.run(async () => {
      queue.add(() => runtime.sleep(100));
      const first = queue.add(() => 'first', { dedupeKey: 'k', deadline: 50 });
      if (how === 'cancelled') first.cancel();
      await settled(first);
      return queue.add(() => 'second', { dedupeKey: 'k' });
    });

    expect(second).toBe('second');
  });
});

describe('a task that fails', () => {
  it('is tried again without holding a slot, at its old rank', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({
      concurrency: 1,
      retry: { attempts: 3, delayMs: () => 20 },
      runtime,
    });
    const log: string[] = [];

    await runtime.run(async () => {
      const flaky = queue.add(async ({ attempt }) => {
        log.push(`flaky ${attempt} @${runtime.now()}`);
        await runtime.sleep(5);
        if (attempt < 3) throw new Error('not yet');
        return 'done';
      });
      for (let i = 0; i < 10; i++) {
        queue.add(async () => {
          log.push(`other @${runtime.now()}`);
          await runtime.sleep(8);
        });
      }
      expect(await flaky).toBe('done');
      await queue.idle();
    });

    expect(log.slice(0, 8)).toEqual([
      'flaky 1 @0',
      'other @5',
      'other @13',
      'other @21',
      'flaky 2 @29',
      'other @34',
      'other @42',
      'other @50',
    ]);
    expect(log[8]).toBe('flaky 3 @58');
    expect(queue.deadLetters()).toEqual([]);
  });

  it('ends among the dead letters, and can be given another chance', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({
      concurrency: 1,
      retry: { attempts: 2, delayMs: () => 1, deadLetters: 2 },
      runtime,
    });
    let isBroken = true;
    const work = (): string => {
      if (isBroken) throw new Error('broken');
      return 'done';
    };

    const again = await runtime.run(async () => {
      for (const tenant of ['a', 'b', 'c']) await settled(queue.add(work, { tenant }));
      isBroken = false;
      const [letter] = queue.deadLetters();
      return queue.add(letter?.work as () => unknown, letter?.call);
    });

    expect(again).toBe('done');
    expect(queue.deadLetters().map(({ call, attempts }) => [call.tenant, attempts])).toEqual([
      ['b', 2],
      ['c', 2],
    ]);
  });

  it('is not tried again when that cannot help', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({
      concurrency: 1,
      retry: { attempts: 9, isRetryable: (error) => (error as Error).message !== 'fatal' },
      runtime,
    });

    const end = await runtime.run(() =>
      settled(queue.run(() => Promise.reject(new Error('fatal')))),
    );

    expect([end, runtime.now()]).toEqual(['fatal', 0]);
  });

  it.each([
    [
      'throws',
      (): number => {
        throw new Error('bad rule');
      },
    ],
    ['answers NaN', (): number => NaN],
  ])('fails at once, with a report, when the rule %s', async (_name, delayMs) => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, retry: { attempts: 2, delayMs }, runtime });

    const end = await runtime.run(() => settled(queue.run(() => Promise.reject(new Error('no')))));

    expect(end).toBe('no');
    expect(runtime.faults.map(({ origin }) => origin)).toEqual(['queue: retry']);
  });

  it('keeps the caller’s context through every attempt', async () => {
    const runtime = virtualRuntime();
    const storage = new AsyncLocalStorage<string>();
    const queue = workQueue({ concurrency: 1, retry: { attempts: 3 }, runtime });
    const seen: unknown[] = [];

    await runtime.run(() =>
      storage.run('mine', () =>
        settled(
          queue.run(() => {
            seen.push(storage.getStore());
            throw new Error('no');
          }),
        ),
      ),
    );

    expect(seen).toEqual(['mine', 'mine', 'mine']);
  });

  it('can be cancelled while it waits to be tried again', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({
      concurrency: 1,
      perKey: { ordered: true },
      retry: { attempts: 5, delayMs: () => 1_000 },
      runtime,
    });

    const ends = await runtime.run(async () => {
      const failing = queue.add(() => Promise.reject(new Error('no')), { key: 'k' });
      const next = queue.add(() => runtime.now(), { key: 'k' });
      await runtime.sleep(10);
      const before = [failing.state, next.state];
      failing.cancel('enough');
      return [...before, await settled(failing), await next];
    });

    expect(ends).toEqual(['delayed', 'waiting', 'enough', 10]);
  });
});

describe('a task that can be preempted', () => {
  it('gives way to more urgent work and goes on where it stopped', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, preemption: true, runtime });
    const storage = new AsyncLocalStorage<string>();
    const log: string[] = [];
    const long = preemptible<string, undefined, number>(async (_call, _resource, turn) => {
      log.push(`long from ${turn.saved ?? 0} @${runtime.now()} ${storage.getStore()}`);
      for (let step = turn.saved ?? 0; step < 10; step++) {
        if (turn.shouldYield) return turn.pause(step);
        await runtime.sleep(10);
      }
      return 'done';
    });

    const answer = await runtime.run(async () => {
      const task = storage.run('ctx', () => queue.add(long, { priority: -1 }));
      await runtime.sleep(35);
      const urgent = queue.add(async () => {
        log.push(`urgent @${runtime.now()}`);
        await runtime.sleep(5);
      });
      const meek = queue.add(() => log.push(`meek @${runtime.now()}`), { priority: -1 });
      await urgent;
      const result = await task;
      await meek;
      return result;
    });

    expect(answer).toBe('done');
    expect(log).toEqual(['long from 0 @0 ctx', 'urgent @40', 'long from 4 @45 ctx', 'meek @105']);
  });

  it('is left alone by work that is no more urgent', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, preemption: true, runtime });

    const asked = await runtime.run(() => {
      const long = queue.run(
        preemptible<boolean>(async (_call, _resource, turn) => {
          await runtime.sleep(50);
          return turn.shouldYield || turn.yieldSignal.aborted;
        }),
      );
      queue.add(() => 1);
      return long;
    });

    expect(asked).toBe(false);
  });

  it('hears of the wish by a signal', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, preemption: true, runtime });

    const at = await runtime.run(async () => {
      const heard = new Promise<number>((resolve) => {
        const work = preemptible(async (_call, _resource, turn) => {
          turn.yieldSignal.addEventListener('abort', () => resolve(runtime.now()));
          await runtime.sleep(50);
        });
        queue.add(work, { priority: -1 });
      });
      await runtime.sleep(20);
      queue.add(() => 1);
      return heard;
    });

    expect(at).toBe(20);
  });

  it('runs in one turn where nobody preempts', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });
    const work = preemptible((_call, _resource, turn) => [turn.shouldYield, turn.saved]);

    expect(await runtime.run(() => queue.run(work))).toEqual([false, undefined]);
  });
});

describe('a task that answers with a stream', () => {
  it('holds its slot until the stream has ended', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });
    async function* words(): AsyncGenerator<string> {
      yield 'one';
      await runtime.sleep(30);
      yield 'two';
    }

    const result = await runtime.run(async () => {
      const stream = await queue.run(() => words());
      const next = queue.run(() => runtime.now());
      const read: string[] = [];
      for await (const word of stream) read.push(word);
      return [read, await next, queue.snapshot().running];
    });

    expect(result).toEqual([['one', 'two'], 30, 0]);
  });

  it('ends the stream when it is cancelled', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });
    async function* ticks(): AsyncGenerator<number> {
      for (let i = 0; ; i++) {
        yield i;
        await runtime.sleep(10);
      }
    }

    const result = await runtime.run(async () => {
      const task = queue.add(() => ticks());
      const stream = await task;
      const end = settled(
        (async () => {
          for await (const tick of stream) if (tick === 3) task.cancel('enough');
        })(),
      );
      return [await end, (await queue.idle(), runtime.now() <= 40)];
    });

    expect(result).toEqual(['enough', true]);
  });
});

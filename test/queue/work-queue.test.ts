import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { compose, timeout } from '../../src/policy/index.ts';
import type { Task } from '../../src/queue/index.ts';
import { workQueue } from '../../src/queue/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

const outcome = async (task: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(task).then(
    (value) => value,
    (error: unknown) => (error as { code?: string }).code ?? error,
  );

describe('a work queue', () => {
  it('starts at once what finds a slot, the rest by priority, then by arrival', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });
    const started: string[] = [];
    const job = (name: string) => async (): Promise<void> => {
      started.push(`${name}@${runtime.now()}`);
      await runtime.sleep(10);
    };

    await runtime.run(async () => {
      queue.add(job('first'));
      queue.add(job('low'), { priority: -1 });
      queue.add(job('plain'));
      queue.add(job('urgent'), { priority: 5 });
      await queue.add(job('plain too'));
      await queue.idle();
    });

    expect(started).toEqual(['first@0', 'urgent@10', 'plain@20', 'plain too@30', 'low@40']);
  });

  it('never runs more than concurrency allows, and follows a change', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 2, runtime });
    let running = 0;
    const seen: number[] = [];
    const work = async (): Promise<void> => {
      seen.push(++running);
      await runtime.sleep(10);
      running--;
    };

    await runtime.run(async () => {
      for (let i = 0; i < 12; i++) queue.add(work);
      await runtime.sleep(5);
      queue.update({ concurrency: 4 });
      await runtime.sleep(10);
      queue.update({ concurrency: 1 });
      await queue.idle();
    });

    // 2 at 0 ms, 2 more at 5 ms, 4 at a time at 10 and 15 ms, then one by one.
    expect(Math.max(...seen)).toBe(4);
    expect(seen.slice(-3)).toEqual([1, 1, 1]);
    expect(queue.snapshot()).toMatchObject({ waiting: 0, running: 0, started: 12, concurrency: 1 });
  });

  it('refuses what comes beyond its capacity', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, capacity: 1, runtime });

    const results = await runtime.run(() =>
      Promise.all([1, 2, 3].map((i) => outcome(queue.add(async () => i)))),
    );

    expect(results).toEqual([1, 2, 'ERR_QUEUE_FULL']);
  });

  it('uses a free slot where nobody may wait', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, capacity: 0, runtime });

    const results = await runtime.run(() =>
      Promise.all([1, 2].map((i) => outcome(queue.add(async () => i)))),
    );

    expect(results).toEqual([1, 'ERR_QUEUE_FULL']);
  });

  it('rejects waiting work at its deadline, and never runs it', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });
    let ran = false;

    const [code, at] = await runtime.run(async () => {
      queue.add(() => runtime.sleep(100));
      const late = queue.add(() => (ran = true), { deadline: 40 });
      return [await outcome(late), runtime.now()];
    });

    expect([code, at, ran]).toEqual(['ERR_EXPIRED', 40, false]);
    expect(queue.snapshot()).toMatchObject({ expired: 1 });
  });

  it('rejects on arrival what is already too late', async () => {
    const runtime = virtualRuntime({ startMs: 50 });
    const queue = workQueue({ concurrency: 1, runtime });

    const code = await runtime.run(() => outcome(queue.add(() => 'ran', { deadline: 50 })));

    expect(code).toBe('ERR_EXPIRED');
  });

  it('keeps the caller’s async context, started at once or later', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });
    const storage = new AsyncLocalStorage<string>();
    const work = async (): Promise<string | undefined> => {
      await runtime.sleep(1);
      return storage.getStore();
    };

    const seen = await runtime.run(() =>
      Promise.all(['a', 'b', 'c'].map((name) => storage.run(name, () => queue.run(work)))),
    );

    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('lets a signal take a call out of the line', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });
    const controller = new AbortController();

    const reason = await runtime.run(async () => {
      queue.add(() => runtime.sleep(100));
      const waiting = queue.run(() => 'ran', { signal: controller.signal });
      controller.abort('changed my mind');
      return outcome(waiting);
    });

    expect(reason).toBe('changed my mind');
    expect(queue.snapshot().waiting).toBe(0);
  });

  it('answers an aborted running call at once and keeps its slot until the work settles', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });
    const controller = new AbortController();
    let heard: unknown = undefined;

    const times = await runtime.run(async () => {
      const stubborn = queue.run(
        async ({ signal }) => {
          signal.addEventListener('abort', () => void (heard = signal.reason));
          await runtime.sleep(50);
        },
        { signal: controller.signal },
      );
      const next = queue.run(() => runtime.now());
      await runtime.sleep(10);
      controller.abort('enough');
      await outcome(stubborn);
      return [runtime.now(), await next];
    });

    expect(times).toEqual([10, 50]);
    expect(heard).toBe('enough');
  });

  it('is fused by compose, and holds its slot until the work has settled', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });
    const policy = compose(queue, timeout({ ms: 10, runtime }));

    const [first, second] = await runtime.run(async () => {
      const late = outcome(policy.run(() => runtime.sleep(30)));
      const next = policy.run(() => runtime.now());
      return [await late, await next];
    });

    expect(first).toBe('ERR_TIMEOUT');
    expect(second).toBe(30);
  });

  it('starts nothing while paused', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });
    queue.pause();

    const at = await runtime.run(async () => {
      const task = queue.add(() => runtime.now());
      await runtime.sleep(25);
      queue.resume();
      return task;
    });

    expect(at).toBe(25);
  });
});

describe('a task', () => {
  it('says where it is on its way', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });
    const states: string[] = [];
    const look = (task: Task<unknown>): number => states.push(task.state);

    await runtime.run(async () => {
      const first = queue.add(() => runtime.sleep(10));
      const second = queue.add(() => Promise.reject(new Error('no')));
      look(first);
      look(second);
      await first;
      await outcome(second);
      look(first);
      look(second);
    });

    expect(states).toEqual(['running', 'waiting', 'succeeded', 'failed']);
  });

  it('may be cancelled in line, and again, without harm', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });

    await runtime.run(async () => {
      queue.add(() => runtime.sleep(10));
      const task = queue.add(() => 'ran');

      expect([task.cancel('gone'), task.cancel('again')]).toEqual([true, false]);
      expect(task.state).toBe('cancelled');
      expect(await outcome(task)).toBe('gone');
    });

    expect(runtime.faults).toEqual([]);
  });

  it('moves up when its priority is raised', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });
    const order: string[] = [];

    await runtime.run(async () => {
      queue.add(() => runtime.sleep(10));
      queue.add(() => order.push('a'));
      const b = queue.add(() => order.push('b'));
      expect(b.setPriority(1)).toBe(true);
      await queue.idle();
      expect(b.setPriority(2)).toBe(false);
    });

    expect(order).toEqual(['b', 'a']);
  });
});

describe('work that misbehaves', () => {
  it.each([
    [
      'throws at once',
      () => {
        throw new Error('bad');
      },
      'failed',
    ],
    ['returns a value', () => 7, 'succeeded'],
    ['returns a foreign thenable', () => ({ then: (f: (v: number) => void) => f(7) }), 'succeeded'],
    [
      'returns a thenable that throws',
      () => ({
        then: () => {
          throw new Error('bad');
        },
      }),
      'failed',
    ],
    [
      'has a then that cannot be read',
      () =>
        Object.defineProperty({}, 'then', {
          get: () => {
            throw new Error('bad');
          },
        }),
      'failed',
    ],
  ])('%s, and the queue goes on', async (_name, work: () => unknown, state) => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });

    const task = await runtime.run(async () => {
      const one = queue.add(work);
      const next = queue.add(() => 'next');
      await outcome(one);
      expect(await next).toBe('next');
      return { one };
    });

    expect(task.one.state).toBe(state);
    expect(queue.snapshot()).toMatchObject({ waiting: 0, running: 0 });
  });

  it.each([
    ['no work', undefined, {}],
    ['work that is a number', 7, {}],
    ['a priority that is a word', () => 1, { priority: 'high' }],
    ['a priority of NaN', () => 1, { priority: NaN }],
  ])('is refused when it comes with %s, and upsets nothing', async (_name, work, call) => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });

    const ends = await runtime.run(async () => {
      const busy = queue.add(() => runtime.sleep(10));
      const wrong = await queue.add(work as never, call as never).promise.catch((e: unknown) => e);
      await busy;
      const report = await queue.close();
      return [(wrong as { code: string }).code, report];
    });

    expect(ends).toEqual(['ERR_OPTION', { left: [], running: 0 }]);
  });

  it('takes null for no call', async () => {
    const queue = workQueue({ concurrency: 1, runtime: virtualRuntime() });

    expect(await queue.add(() => 'answer', null as never)).toBe('answer');
  });

  it('adds to its own queue', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 2, runtime });

    const sum = await runtime.run(() =>
      queue.run(async () => 1 + (await queue.run(() => 2)) + (await queue.run(async () => 3))),
    );

    expect(sum).toBe(6);
  });

  it('is named when it never settles', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, name: 'agents', runtime });
    queue.add(() => new Promise(() => undefined));

    const stalled = runtime.run(() => queue.run(() => 'never'));

    await expect(stalled).rejects.toThrow('queue agents: 1 waiting, 1 running');
  });
});

describe('closing a queue', () => {
  it('takes nothing more and works off what waits', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });

    const result = await runtime.run(async () => {
      const tasks = [1, 2, 3].map((i) => queue.run(async () => runtime.sleep(10).then(() => i)));
      const closed = queue.close();
      const refused = await outcome(queue.run(() => 'late'));
      return [refused, await Promise.all(tasks), await closed, await queue.close()];
    });

    const left = { left: [], running: 0 };
    expect(result).toEqual(['ERR_CLOSED', [1, 2, 3], left, left]);
  });

  it('says what was left when the grace is over', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });

    const result = await runtime.run(async () => {
      const tasks = [1, 2, 3].map((i) =>
        outcome(queue.run(async () => runtime.sleep(10).then(() => i))),
      );
      const report = await queue.close({ graceMs: 15 });
      return [report, runtime.now(), await Promise.all(tasks)];
    });

    const left = [{ id: 3, state: 'waiting', call: {} }];
    expect(result).toEqual([{ left, running: 1 }, 15, [1, 2, 'ERR_CLOSED']]);
  });

  it('lifts a pause', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });
    queue.pause();

    const answer = await runtime.run(async () => {
      const task = queue.run(() => 'done');
      await queue.close();
      return task;
    });

    expect(answer).toBe('done');
  });
});

describe('options of a queue', () => {
  it.each([
    [
      { concurrency: 0 },
      'workQueue.concurrency must be a whole number of 1 or more (Infinity allowed), got 0',
    ],
    [{ concurrency: NaN }, 'workQueue.concurrency'],
    [{ concurrency: 1, capacity: -1 }, 'workQueue.capacity'],
    [{ concurrency: 1, capacity: 1.5 }, 'workQueue.capacity'],
    [{ concurrency: 1, name: '' }, 'workQueue.name'],
    [{ concurrency: 1, fair: 'tenant' }, 'workQueue.fair must be an object'],
    [{ concurrency: 1, perKey: true }, 'workQueue.perKey must be an object'],
    [{ concurrency: 1, preemption: 'yes' }, 'workQueue.preemption'],
    [{ concurrency: 1, statistics: 1 }, 'workQueue.statistics'],
    [{ concurrency: 1, refuseHopeless: 'no' }, 'workQueue.refuseHopeless'],
    [{ concurrency: 1, overload: true }, 'workQueue.overload must be an object'],
    [{ concurrency: 1, retry: { times: 3 } }, 'workQueue.retry.times'],
    [{ concurrency: 1, ageing: { perLevelMs: 3 } }, 'workQueue.ageing.perLevelMs'],
    [{ concurrency: 1, maxWaitMs: 0 }, 'workQueue.maxWaitMs'],
    [{ concurrency: 1, size: 3 }, 'workQueue.size'],
  ])('%j is refused', (options, message) => {
    expect(() => workQueue(options as never)).toThrow(message);
  });
});

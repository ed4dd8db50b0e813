// What an attack on the queue, the batcher and runEach found: each of these lost work, hung, or left
// something behind.
import { describe, expect, it } from 'vitest';
import { tokenBucket } from '../../src/admission/index.ts';
import { pool } from '../../src/pool/index.ts';
import type { TaskCall } from '../../src/queue/index.ts';
import { batcher, preemptible, runEach, workQueue } from '../../src/queue/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { settled } from '../queue/settle.ts';

const thrower = (): never => {
  throw new Error('thrown');
};

describe('what work answers with', () => {
  it('may be an object that throws when it is looked at, also where work can pause', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, preemption: true, runtime });
    const hostile = new Proxy({}, { has: thrower });

    const answers = await runtime.run(async () => [
      await queue.run(async () => hostile).then((value) => value === hostile),
      await queue.run(() => 'next'),
    ]);

    expect(answers).toEqual([true, 'next']);
  });
});

describe('the functions given to a fair queue', () => {
  it.each(['by', 'weight'])('may throw: %s', async (option) => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, fair: { [option]: thrower }, runtime });

    expect(await runtime.run(() => queue.run(() => 'done'))).toBe('done');
    expect(runtime.faults[0]?.origin).toBe(`queue: fair.${option}`);
  });
});

it.each<Record<string, unknown>>([
  { retry: { attempts: 2, delayMs: 100 } },
  { retry: { attempts: 2, isRetryable: true } },
  { fair: { weight: { acme: 3 } } },
  { fair: { cost: 'tokens' } },
  { fair: { unit: 5 } },
  { fair: null },
  { perKey: null },
  { rate: null },
  { capacity: 0, whenFull: 'wait' }, // nobody outside could ever come in
])('%j is refused', (options) => {
  expect(() => workQueue({ concurrency: 1, ...options })).toThrow(
    expect.objectContaining({ code: 'ERR_OPTION' }),
  );
});

it.each<TaskCall>([{ deadline: NaN }, { startAt: Infinity }, { startAt: -Infinity }])(
  'a task with %j is refused',
  async (call) => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });

    expect(await runtime.run(() => settled(queue.add(() => 1, call)))).toBe('ERR_OPTION');
  },
);

it('the number to wait for must be one', async () => {
  const queue = workQueue({ concurrency: 1 });

  expect(await settled(queue.whenBelow(NaN))).toBe('ERR_OPTION');
});

it('slots may be without number, and seats a fraction, at first and later', () => {
  const seats = workQueue({ concurrency: 2.5, unit: 'gb' });
  seats.update({ concurrency: 0.5 });

  expect(seats.snapshot().concurrency).toBe(0.5);
  expect(workQueue({ concurrency: Infinity }).snapshot().concurrency).toBe(Infinity);
});

it('those outside come in as soon as the line may be longer', async () => {
  const runtime = virtualRuntime();
  const queue = workQueue({ concurrency: 1, capacity: 1, whenFull: 'wait', runtime });
  const order: string[] = [];

  await runtime.run(async () => {
    for (const [name, priority] of [
      ['running', 0],
      ['a', 0],
      ['b', 0],
      ['urgent', 9],
    ] as const) {
      queue.add(() => runtime.sleep(5).then(() => void order.push(name)), { priority });
    }
    queue.update({ capacity: 10 });
    await queue.idle();
  });

  expect(order).toEqual(['running', 'urgent', 'a', 'b']);
});

it('a call that costs more than may ever pass the rate is refused, and holds up nobody', async () => {
  const runtime = virtualRuntime();
  const rate = tokenBucket({ capacity: 5, refillPerSecond: 10, runtime });
  const queue = workQueue({ concurrency: 1, rate, runtime });

  const ends = await runtime.run(() =>
    Promise.all([50, 1].map((cost) => settled(queue.add(() => 'ran', { cost })))),
  );

  expect(ends).toEqual(['ERR_RATE_LIMITED', 'ran']);
});

it('equally infinite priorities of different lots go by arrival', async () => {
  const runtime = virtualRuntime();
  const workers = pool({ max: 1, create: () => ({}), specialities: {}, runtime });
  const queue = workQueue({ concurrency: workers, runtime });
  const order: number[] = [];

  await runtime.run(async () => {
    const kinds = ['y', 'x', 'y', 'x'];
    kinds.forEach((kind, i) => {
      queue.add(() => void order.push(i), { kind, priority: i === 0 ? 0 : Infinity });
    });
    await queue.idle();
  });

  expect(order).toEqual([1, 2, 3, 0]);
});

it('a delayed task can be made more urgent', async () => {
  const runtime = virtualRuntime();
  const queue = workQueue({ concurrency: 1, runtime });
  const order: string[] = [];

  const isMoved = await runtime.run(async () => {
    const late = queue.add(() => void order.push('late'), { startAt: 10 });
    const moved = late.setPriority(9);
    queue.add(() => runtime.sleep(20));
    queue.add(() => void order.push('early'), { priority: 5 });
    await queue.idle();
    return moved;
  });

  expect([isMoved, order]).toEqual([true, ['late', 'early']]);
});

it('explain counts seats, not calls, and says when what is free does not fit', async () => {
  const runtime = virtualRuntime();
  const queue = workQueue({ concurrency: 10, unit: 'gb', runtime });

  const because = await runtime.run(() => {
    const tasks = [3, 3, 3, 3].map((gb) => queue.add(() => runtime.sleep(5), { cost: { gb } }));
    return queue.explain(tasks[3]?.id ?? 0)?.because;
  });

  expect(because).toBe('9 of 10 slots are taken, and no other is free for it; it is next');
});

describe('the books of a queue', () => {
  it('count who gave up at work as cancelled, and not who gave up before he came', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, statistics: true, runtime });

    await runtime.run(async () => {
      await settled(queue.add(() => 1, { signal: AbortSignal.abort() }));
      const task = queue.add(() => runtime.sleep(10));
      await runtime.sleep(1);
      task.cancel();
      await queue.idle();
    });

    const total = { entered: 1, started: 1, succeeded: 0, cancelled: 1 };
    expect(queue.statistics?.total).toMatchObject(total);
  });
});

describe('closing a queue', () => {
  it('leaves no alarm behind when it was done before its grace', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });

    await runtime.run(() => queue.close({ graceMs: 60_000 }));
    await runtime.runToIdle();

    expect(runtime.now()).toBe(0);
  });

  it.each([NaN, -1])('is refused with a grace of %d', async (graceMs) => {
    const queue = workQueue({ concurrency: 1 });

    expect(await settled(queue.close({ graceMs }))).toBe('ERR_OPTION');
  });

  it('tries again what fails meanwhile, and buries what fails for good', async () => {
    const runtime = virtualRuntime();
    const retry = { attempts: 3, delayMs: () => 5 };
    const queue = workQueue({ concurrency: 1, retry, runtime });
    let attempts = 0;

    const ends = await runtime.run(async () => {
      const tasks = [
        queue.add(async () => (++attempts < 3 ? thrower() : attempts)),
        queue.add(async () => thrower()),
      ];
      void queue.close();
      return Promise.all(tasks.map((task) => settled(task)));
    });

    expect(ends).toEqual([3, 'thrown']);
    expect(queue.deadLetters()).toMatchObject([{ id: 2, attempts: 3 }]);
  });

  it('rejects work that pauses, or fails, after the grace is over', async () => {
    const runtime = virtualRuntime();
    const options = { concurrency: 2, preemption: true, retry: { attempts: 3 }, runtime };
    const queue = workQueue(options);

    const ends = await runtime.run(async () => {
      const tasks = [
        queue.add(
          preemptible(async (_call, _resource, turn) => {
            await runtime.sleep(50);
            return turn.pause(1);
          }),
        ),
        queue.add(() => runtime.sleep(50).then(thrower)),
      ];
      expect(await queue.close({ graceMs: 10 })).toEqual({ left: [], running: 2 });
      return Promise.all(tasks.map((task) => settled(task)));
    });

    expect(ends).toEqual(['ERR_CLOSED', 'thrown']);
    expect(queue.deadLetters()).toMatchObject([{ attempts: 1 }]);
    expect(queue.snapshot()).toMatchObject({ waiting: 0, running: 0 });
  });
});

describe('a batcher', () => {
  it('lets nobody linger longer for calls that were given up before they came', async () => {
    const runtime = virtualRuntime();
    const squares = batcher<number, number>({ maxSize: 9, lingerMs: 5, work: (n) => n, runtime });

    await runtime.run(async () => {
      const first = squares.add(1);
      await runtime.sleep(3);
      await settled(squares.add(2, { signal: AbortSignal.abort() }));
      await first;
    });

    expect(runtime.now()).toBe(5);
  });

  it('has no alarm when nobody is left', async () => {
    const runtime = virtualRuntime();
    const squares = batcher<number, number>({ maxSize: 9, lingerMs: 5, work: (n) => n, runtime });
    const leaving = new AbortController();

    await runtime.run(async () => {
      const only = settled(squares.add(1, { signal: leaving.signal }));
      leaving.abort();
      await only;
    });
    await runtime.runToIdle();

    expect(runtime.now()).toBe(0);
  });

  it('says so when its work answers with no array', async () => {
    const work = (): never => undefined as never;
    const squares = batcher<number, number>({ maxSize: 1, lingerMs: 5, work });

    expect(await settled(squares.add(1))).toContain('must return an array');
  });
});

it('a source that fails while results are read slowly is no unhandled rejection', async () => {
  const runtime = virtualRuntime();
  const seen: unknown[] = [];
  const unhandled: unknown[] = [];
  const note = (error: unknown): unknown => unhandled.push(error);
  process.on('unhandledRejection', note);

  const end = await runtime.run(async () => {
    async function* source(): AsyncGenerator<number> {
      yield* [1, 2];
      await runtime.sleep(5);
      thrower();
    }
    const read = async (): Promise<void> => {
      for await (const result of runEach(source(), (n) => n, { concurrency: 5 })) {
        seen.push(result.item);
        await runtime.sleep(20);
      }
    };
    return settled(read());
  });
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);

  expect([seen, end, unhandled]).toEqual([[1, 2], 'thrown', []]);
});

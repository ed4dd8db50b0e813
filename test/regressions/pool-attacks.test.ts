// What an attack on the pool found: hostile calls and callbacks, and ends that left something behind.
import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/core/index.ts';
import { pool } from '../../src/pool/index.ts';
import { workQueue } from '../../src/queue/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { agents, codeOf } from '../pool/agents.ts';

describe('acquiring with a call that cannot be served', () => {
  it.each<[unknown, unknown]>([
    [{ signal: AbortSignal.abort('gone') }, 'gone'],
    [{ deadline: -1 }, 'ERR_EXPIRED'],
    [{ deadline: NaN }, 'ERR_OPTION'],
    [{ priority: NaN }, 'ERR_OPTION'],
    [null, 'ERR_OPTION'],
    ['text', 'ERR_OPTION'],
  ])('%j rejects, though a worker is free, and leaves nobody in line', async (call, code) => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, { min: 1, max: 1 });

    const [answer, next] = await runtime.run(async () => {
      await made.ready();
      const refused = await codeOf(made.acquire(call as Call));
      return [refused, await made.acquire()];
    });

    expect(answer).toBe(code);
    expect(next.resource.id).toBe(1);
    expect(made.snapshot()).toMatchObject({ backlog: 0, busy: 1 });
  });
});

describe('a pool whose create fails for ever', () => {
  const kinds = ['a', 'b', 'c', undefined];
  const broken = {
    create: () => Promise.reject(new Error('no')),
    specialities: { shares: { a: 0.5 } },
  };

  it('refuses whoever waits, whatever kind of work, where all workers are alike', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, broken);

    const codes = await runtime.run(() =>
      Promise.all(kinds.map((kind) => codeOf(made.acquire({ kind })))),
    );

    expect(codes).toEqual(kinds.map(() => 'ERR_UNAVAILABLE'));
  });

  it('has the queue in front of it refuse them, too', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: agents(runtime, broken).made, runtime });

    const codes = await runtime.run(() =>
      Promise.all(kinds.map((kind) => codeOf(queue.run(() => 1, { kind })))),
    );

    expect(codes).toEqual(kinds.map(() => 'ERR_UNAVAILABLE'));
  });
});

it('a queue that was paused until all workers had idled away goes on when it is resumed', async () => {
  const runtime = virtualRuntime();
  const { made } = agents(runtime, { idleMs: 20 });
  const queue = workQueue({ concurrency: made, runtime });

  const answer = await runtime.run(async () => {
    await queue.run(() => 'first');
    queue.pause();
    const second = queue.run(() => 'second');
    await runtime.sleep(100);
    queue.resume();
    return second;
  });

  expect(answer).toBe('second');
});

describe('callbacks of a pool that throw', () => {
  it('ask for nothing, where it is what a call asks for', async () => {
    const runtime = virtualRuntime();
    const of = (): string => {
      throw new Error('no kind');
    };
    const { made } = agents(runtime, { specialities: { of } });
    const queue = workQueue({ concurrency: made, runtime });

    const answers = await runtime.run(() =>
      Promise.all([made.run(() => 'alone'), queue.run(() => 'queued')]),
    );

    expect(answers).toEqual(['alone', 'queued']);
    expect(new Set(runtime.faults.map(({ origin }) => origin))).toEqual(new Set(['pool: of']));
  });

  it('choose nobody, where it is who goes first', async () => {
    const runtime = virtualRuntime();
    const victim = (): number => {
      throw new Error('who knows');
    };
    const { made } = agents(runtime, { min: 3, max: 3, scaleIn: { victim } });

    await runtime.run(async () => {
      await made.ready();
      made.resize({ min: 0, max: 1 });
    });

    expect(made.snapshot().size).toBe(1);
    expect(runtime.faults[0]?.origin).toBe('pool: victim');
  });
});

describe('callbacks of a pool that hang', () => {
  it('make a worker unfit after its time-out, and another is lent', async () => {
    const runtime = virtualRuntime();
    const validate = ({ id }: { id: number }): boolean | Promise<boolean> =>
      id > 1 || new Promise(() => undefined);
    const { made, destroyed } = agents(runtime, { min: 1, validate, validateTimeoutMs: 20 });

    const lease = await runtime.run(async () => {
      await made.ready();
      await runtime.sleep(1);
      return made.acquire();
    });

    expect([lease.resource.id, runtime.now(), destroyed]).toEqual([2, 21, [1]]);
    expect(String(runtime.faults[0]?.error)).toContain('validate took longer than 20 ms');
  });

  it('are waited for no longer than their time-out when the pool is closed', async () => {
    const runtime = virtualRuntime();
    const destroy = (): Promise<void> => new Promise(() => undefined);
    const { made } = agents(runtime, { min: 1, destroy, destroyTimeoutMs: 30 });

    await runtime.run(async () => {
      await made.ready();
      await made.close();
    });

    expect(runtime.now()).toBe(30);
    expect(runtime.faults[0]?.origin).toBe('pool: destroy');
  });
});

it('a validate that answers with something true finds a worker fit at once', async () => {
  const runtime = virtualRuntime();
  const { made } = agents(runtime, { min: 1, validate: () => 1 as never });

  const lease = await runtime.run(async () => {
    await made.ready();
    await runtime.sleep(1);
    return made.tryAcquire();
  });

  expect(lease?.ok).toBe(true);
});

describe('a worker on its way that nobody wants any more', () => {
  it('is down before the closed pool says so', async () => {
    const runtime = virtualRuntime();
    const { made, destroyed } = agents(runtime, { startMs: 50 });

    await runtime.run(async () => {
      const waiting = codeOf(made.acquire());
      await runtime.sleep(5);
      await made.close();
      expect(await waiting).toBe('ERR_CLOSED');
    });

    expect([runtime.now(), destroyed]).toEqual([50, [1]]);
  });

  it('is no failure when its create heeds the signal', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, {
      min: 1,
      create: ({ signal }) =>
        new Promise((_made, stop) => {
          signal.addEventListener('abort', () => stop(signal.reason));
        }),
    });

    await runtime.run(async () => {
      made.resize({ min: 0 });
      made.apply(0);
      await runtime.sleep(1);
    });

    expect(made.snapshot()).toMatchObject({ createFailures: 0, starting: 0 });
    expect(runtime.faults).toEqual([]);
  });

  it('is taken down though it comes after its time-out, and was no failure', async () => {
    const runtime = virtualRuntime();
    const { made, destroyed } = agents(runtime, { startMs: 50, createTimeoutMs: 20, min: 1 });

    await runtime.run(async () => {
      made.resize({ min: 0 });
      made.apply(0);
      await runtime.sleep(100);
    });

    expect(destroyed).toEqual([1]);
    expect(made.snapshot().createFailures).toBe(0);
    expect(runtime.faults).toEqual([]);
  });
});

describe('closing a pool within a grace', () => {
  it('leaves no alarm behind when it was done before', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime);

    await runtime.run(async () => {
      await made.run(() => 1);
      await made.close({ graceMs: 60_000 });
    });
    await runtime.runToIdle();

    expect(runtime.now()).toBe(0);
  });

  it.each([NaN, -1, 'soon'])('of %s is refused', async (graceMs) => {
    const { made } = agents(virtualRuntime());

    expect(await codeOf(made.close({ graceMs: graceMs as number }))).toBe('ERR_OPTION');
  });
});

it('a pool takes one queue in front of it at a time, since only one would hear of free workers', async () => {
  const runtime = virtualRuntime();
  const made = pool({ max: 1, create: () => ({}), runtime });
  const first = workQueue({ concurrency: made, runtime });

  expect(() => workQueue({ concurrency: made, runtime })).toThrow('one queue at a time');

  await runtime.run(() => first.close());
  expect(
    await runtime.run(() => workQueue({ concurrency: made, runtime }).run(() => 'second')),
  ).toBe('second');
});

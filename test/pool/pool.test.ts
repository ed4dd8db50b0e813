import { describe, expect, it } from 'vitest';
import { pool } from '../../src/pool/index.ts';
import { workQueue } from '../../src/queue/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import type { Agent } from './agents.ts';
import { agents, codeOf } from './agents.ts';

describe('an elastic pool', () => {
  it('lends a worker to work, and lends it again', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, { startMs: 100 });

    const seen = await runtime.run(async () => {
      const first = await made.run(async (_call, agent) => agent.id);
      const second = await made.run((_call, agent) => agent.id);
      return [first, second, runtime.now()];
    });

    expect(seen).toEqual([1, 1, 100]);
  });

  it('grows with what waits, up to its maximum', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, { startMs: 10, max: 3 });

    await runtime.run(() =>
      Promise.all([1, 2, 3, 4, 5].map(() => made.run(() => runtime.sleep(100)))),
    );

    expect(made.snapshot()).toMatchObject({ created: 3, idle: 3 });
    expect(runtime.now()).toBe(210);
  });

  it('keeps its minimum warm', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, { startMs: 10, min: 2 });

    await runtime.advance(10);

    expect(made.snapshot()).toMatchObject({ size: 2, idle: 2 });
  });

  it('lets workers go that have idled for long, down to its minimum', async () => {
    const runtime = virtualRuntime();
    const { made, destroyed } = agents(runtime, { min: 1, idleMs: 1_000 });

    await runtime.run(() => Promise.all([1, 2, 3].map(() => made.run(() => runtime.sleep(10)))));
    await runtime.advance(2_000);

    expect(made.snapshot()).toMatchObject({ size: 1 });
    expect(destroyed).toHaveLength(2);
  });

  it('is resized while it runs: busy workers finish first', async () => {
    const runtime = virtualRuntime();
    const { made, destroyed } = agents(runtime, { max: 3 });

    const sizes = await runtime.run(async () => {
      const work = [1, 2, 3].map(() => made.run(() => runtime.sleep(100)));
      await runtime.sleep(10);
      made.resize({ max: 1 });
      const during = made.snapshot();
      await Promise.all(work);
      return [during.size, during.draining, destroyed.length, made.size];
    });

    expect(sizes).toEqual([1, 2, 2, 1]);
  });

  it('holds the size a scaling engine applies', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, { min: 1, max: 10, idleMs: 50 });

    made.apply(6);
    await runtime.advance(500);
    const up = made.size;
    made.apply(2);
    await runtime.advance(500);

    expect([up, made.size]).toEqual([6, 2]);
  });

  it('takes draining workers back when it is to grow again', async () => {
    const runtime = virtualRuntime();
    const { made, destroyed } = agents(runtime, { max: 3 });

    await runtime.run(async () => {
      const work = [1, 2, 3].map(() => made.run(() => runtime.sleep(100)));
      await runtime.sleep(10);
      made.apply(1);
      made.apply(3);
      await Promise.all(work);
    });

    expect([destroyed, made.snapshot().created, made.size]).toEqual([[], 3, 3]);
  });

  it('says how busy it is, now and over time', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, { min: 4 });
    await runtime.advance(0);

    const during = await runtime.run(async () => {
      const lease = await made.acquire();
      await runtime.sleep(100);
      const snapshot = made.snapshot();
      lease.release();
      return snapshot;
    });

    expect(during).toMatchObject({ utilisation: 0.25, busyMs: 100, aliveMs: 400 });
  });
});

describe('waiting for a worker', () => {
  it('goes by priority, then by arrival', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, { max: 1 });
    const order: string[] = [];
    const job = (name: string, priority: number): Promise<unknown> =>
      made.run(
        async () => {
          order.push(name);
          await runtime.sleep(10);
        },
        { priority },
      );

    await runtime.run(() =>
      Promise.all([job('a', 0), job('b', 0), job('c', 5), job('d', 5), job('e', -1)]),
    );

    expect(order.join('')).toBe('cdabe');
  });

  it('ends at the deadline', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, { max: 1 });

    const result = await runtime.run(async () => {
      const lease = await made.acquire();
      const code = await codeOf(made.acquire({ deadline: 30 }));
      lease.release();
      lease.release();
      return [code, runtime.now(), made.snapshot().idle];
    });

    expect(result).toEqual(['ERR_EXPIRED', 30, 1]);
  });

  it('ends when the caller aborts', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, { max: 1 });
    const controller = new AbortController();

    const reason = await runtime.run(async () => {
      await made.acquire();
      const waiting = codeOf(made.acquire({ signal: controller.signal }));
      controller.abort('no longer');
      return waiting;
    });

    expect(reason).toBe('no longer');
    expect(made.snapshot().backlog).toBe(0);
  });
});

describe('a pool behind a queue', () => {
  it('serves the queue in its order, and grows with its backlog', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, { max: 2, startMs: 10 });
    const queue = workQueue({ concurrency: made, runtime });
    const order: string[] = [];
    const job = (name: string, priority: number): PromiseLike<unknown> =>
      queue.add(
        async (_call, agent) => {
          order.push(`${name}${agent.id}`);
          await runtime.sleep(100);
        },
        { priority },
      );

    await runtime.run(() => Promise.all([job('a', 0), job('b', 0), job('c', 9), job('d', 1)]));

    expect(order).toEqual(['c1', 'd2', 'a1', 'b2']);
    expect(made.snapshot()).toMatchObject({ created: 2, busy: 0 });
  });

  it('tells the queue when no worker can be had', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, { create: () => Promise.reject(new Error('no machine')) });
    const queue = workQueue({ concurrency: made, runtime });

    const codes = await runtime.run(() =>
      Promise.all([1, 2, 3].map(() => codeOf(queue.run(() => 'ran')))),
    );

    expect(codes).toEqual(['ERR_UNAVAILABLE', 'ERR_UNAVAILABLE', 'ERR_UNAVAILABLE']);
  });
});

describe('a pool whose workers misbehave', () => {
  it('gives up on a create that fails for ever, and tries again later', async () => {
    const runtime = virtualRuntime();
    let isDown = true;
    let tries = 0;
    const { made } = agents(runtime, {
      create: async () => {
        tries++;
        if (isDown) throw new Error('no machine');
        return { id: tries };
      },
    });

    const codes = await runtime.run(async () => {
      const first = await codeOf(made.acquire());
      const triesUsed = tries;
      const second = await codeOf(made.acquire());
      isDown = false;
      await runtime.sleep(10_000);
      const third = await made.acquire();
      return [first, triesUsed, second, tries, third.resource];
    });

    expect(codes).toEqual(['ERR_UNAVAILABLE', 3, 'ERR_UNAVAILABLE', 4, { id: 4 }]);
    expect(runtime.faults.map((fault) => fault.origin)).toEqual(Array(3).fill('pool: create'));
  });

  it('survives a create that throws at once', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, {
      createAttempts: 1,
      create: () => {
        throw new Error('bad');
      },
    });

    expect(await runtime.run(() => codeOf(made.acquire()))).toBe('ERR_UNAVAILABLE');
  });

  it.each([
    ['sync', (agent: Agent) => agent.id > 1],
    ['async', async (agent: Agent) => agent.id > 1],
  ])('replaces a worker that fails its %s check', async (_kind, validate) => {
    const runtime = virtualRuntime();
    const { made, destroyed } = agents(runtime, { validate });

    const id = await runtime.run(async () => {
      await made.run(() => runtime.sleep(1));
      await runtime.sleep(5);
      return made.run((_call, agent) => agent.id);
    });

    expect([id, destroyed]).toEqual([2, [1]]);
  });

  it('destroys a worker that comes when it is no longer wanted', async () => {
    const runtime = virtualRuntime();
    const { made, destroyed } = agents(runtime, { min: 2, max: 2, startMs: 100 });

    await runtime.advance(50);
    made.resize({ min: 0, max: 1 });
    await runtime.advance(100);

    expect([made.size, destroyed]).toEqual([1, [2]]);
  });

  it('reports a destroy that throws', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, { destroy: () => Promise.reject(new Error('stuck')) });

    await runtime.run(async () => {
      await made.run(() => 1);
      await made.close();
    });

    expect(runtime.faults.map((fault) => fault.origin)).toEqual(['pool: destroy']);
  });
});

describe('closing a pool', () => {
  it('waits for what is lent and refuses the rest', async () => {
    const runtime = virtualRuntime();
    const { made, destroyed } = agents(runtime, { max: 1 });

    const result = await runtime.run(async () => {
      const work = made.run(() => runtime.sleep(50));
      const waiting = codeOf(made.run(() => 'ran'));
      await runtime.sleep(10);
      const report = await made.close();
      return [report, runtime.now(), await waiting, await work, await codeOf(made.acquire())];
    });

    expect(result).toEqual([{ busy: 0 }, 50, 'ERR_CLOSED', undefined, 'ERR_CLOSED']);
    expect(destroyed).toEqual([1]);
  });

  it('takes busy workers down when the grace is over', async () => {
    const runtime = virtualRuntime();
    const { made, destroyed } = agents(runtime);

    const result = await runtime.run(async () => {
      const work = made.run(() => runtime.sleep(500));
      await runtime.sleep(10);
      const report = await made.close({ graceMs: 100 });
      const at = runtime.now();
      await work;
      return [report, at];
    });

    expect(result).toEqual([{ busy: 1 }, 110]);
    expect(destroyed).toEqual([1]);
  });
});

describe('options of a pool', () => {
  const create = (): Agent => ({ id: 1 });

  it.each([
    [{ create, max: 0 }, 'pool.max must be a whole number of 1 or more, got 0'],
    [{ create, max: NaN }, 'pool.max'],
    [{ create, max: 2, min: 3 }, 'pool.min must be a whole number from 0 to 2, got 3'],
    [{ create, max: 2, idleMs: 0 }, 'pool.idleMs'],
    [{ create: undefined, max: 2 }, 'pool.create must be a function'],
    [{ create, max: 2, createAttempts: 0 }, 'pool.createAttempts'],
    [{ create, max: 2, colour: 'red' }, 'pool.colour'],
  ])('%o is refused', (options, message) => {
    expect(() => pool(options as never)).toThrow(message);
  });
});

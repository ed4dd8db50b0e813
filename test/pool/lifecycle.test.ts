import { describe, expect, it } from 'vitest';
import { timeout } from '../../src/policy/index.ts';
import { workQueue } from '../../src/queue/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { agents, codeOf } from './agents.ts';

describe('workers that are replaced', () => {
  it('go after so many uses', async () => {
    const runtime = virtualRuntime();
    const { made, destroyed } = agents(runtime, { max: 1, recycle: { maxUses: 2 } });

    const ids = await runtime.run(async () => {
      const seen: number[] = [];
      for (let i = 0; i < 5; i++) seen.push(await made.run((_call, agent) => agent.id));
      return seen;
    });

    expect(ids).toEqual([1, 1, 2, 2, 3]);
    expect(destroyed).toEqual([1, 2]);
  });

  it('go at the end of their lives, not all together, a busy one when it comes back', async () => {
    const runtime = virtualRuntime({ seed: 4 });
    const { made, destroyed } = agents(runtime, { min: 3, recycle: { maxLifetimeMs: 1_000 } });
    const goneAt: number[] = [];

    await runtime.run(async () => {
      const long = made.run(() => runtime.sleep(1_500));
      for (let at = 0; at < 1_400; at += 10) {
        while (goneAt.length < destroyed.length) goneAt.push(runtime.now());
        await runtime.sleep(10);
      }
      await long;
    });

    expect(goneAt).toHaveLength(2);
    expect(new Set(goneAt).size).toBe(2);
    goneAt.forEach((at) => expect(at).toBeGreaterThanOrEqual(900));
    expect(destroyed).toHaveLength(3);
    expect(made.size).toBe(3);
  });

  it('go when they hold too much memory, or cannot say', async () => {
    const runtime = virtualRuntime();
    const bytes: Record<number, number> = { 1: 500, 2: NaN, 3: 50 };
    const { made, destroyed } = agents(runtime, {
      max: 1,
      recycle: { maxBytes: 100, bytesOf: (agent) => bytes[agent.id] as number },
    });

    await runtime.run(async () => {
      for (let i = 0; i < 4; i++) await made.run(() => 1);
    });

    expect(destroyed).toEqual([1, 2]);
  });

  it('go after a failure, where the host says so', async () => {
    const runtime = virtualRuntime();
    const { made, destroyed } = agents(runtime, {
      max: 1,
      recycle: { afterFailure: (error) => (error as Error).message === 'broken pipe' },
    });
    const failing = (message: string): Promise<unknown> =>
      codeOf(made.run(() => Promise.reject(new Error(message))));

    await runtime.run(async () => {
      await failing('bad question');
      await failing('broken pipe');
    });

    expect(destroyed).toEqual([1]);
  });
});

describe('a worker that is told to go', () => {
  it('goes at once when it is idle', async () => {
    const runtime = virtualRuntime();
    const { made, destroyed } = agents(runtime, { min: 1 });

    await runtime.run(async () => {
      const agent = await made.run((_call, one) => one);
      expect(made.retire(agent)).toBe(true);
      expect(made.retire(agent)).toBe(false);
      expect(made.retire({ id: 99 })).toBe(false);
      await made.ready();
    });

    expect(destroyed).toEqual([1]);
    expect(made.snapshot()).toMatchObject({ size: 1, created: 2 });
  });

  it('finishes its work and is replaced meanwhile', async () => {
    const runtime = virtualRuntime();
    const { made, destroyed } = agents(runtime, { min: 1, max: 1, startMs: 20 });

    const seen = await runtime.run(async () => {
      const lease = await made.acquire();
      made.retire(lease.resource, { noticeMs: 1_000 });
      const next = await made.run((_call, agent) => [agent.id, runtime.now()]);
      const before = [...destroyed];
      await runtime.sleep(100);
      lease.release();
      return [next, before, [...destroyed]];
    });

    // The first needed 20 ms to start, and so did the second.
    expect(seen).toEqual([[2, 40], [], [1]]);
  });

  it('is taken down with its work when the notice is over', async () => {
    const runtime = virtualRuntime();
    const { made, destroyed } = agents(runtime, { max: 1 });

    const sizes = await runtime.run(async () => {
      const lease = await made.acquire();
      made.retire(lease.resource, { noticeMs: 120 });
      await runtime.sleep(119);
      const before = destroyed.length;
      await runtime.sleep(2);
      const after = destroyed.length;
      lease.release();
      return [before, after, destroyed.length];
    });

    expect(sizes).toEqual([0, 1, 1]);
    expect(made.snapshot()).toMatchObject({ busy: 0, draining: 0 });
  });

  it('loses no task of a queue that tries again', async () => {
    const runtime = virtualRuntime();
    const cut = new Map<number, (error: Error) => void>();
    const { made } = agents(runtime, {
      max: 2,
      destroy: (agent) => cut.get(agent.id)?.(new Error('taken away')),
    });
    const queue = workQueue({
      concurrency: made,
      retry: { attempts: 2, delayMs: () => 0 },
      runtime,
    });
    const seen: { id: number }[] = [];
    const work = (_call: unknown, agent: { id: number }): Promise<string> =>
      new Promise((resolve, reject) => {
        seen.push(agent);
        cut.set(agent.id, reject);
        void runtime.sleep(100).then(() => resolve('done'));
      });

    const answers = await runtime.run(async () => {
      const tasks = [1, 2, 3, 4].map(() => queue.run(work));
      await runtime.sleep(30);
      made.retire(seen[0] as { id: number }, { noticeMs: 50 });
      return Promise.all(tasks);
    });

    expect(answers).toEqual(['done', 'done', 'done', 'done']);
    expect(seen).toHaveLength(5);
  });
});

describe('a create that hangs', () => {
  it('counts as failed after its time-out, and what comes late is taken down', async () => {
    const runtime = virtualRuntime();
    const { made, destroyed } = agents(runtime, {
      startMs: 500,
      createTimeoutMs: 100,
      createAttempts: 1,
    });

    const end = await runtime.run(async () => {
      const code = await codeOf(made.acquire());
      const at = runtime.now();
      await runtime.sleep(1_000);
      return [code, at];
    });

    expect(end).toEqual(['ERR_UNAVAILABLE', 100]);
    expect(destroyed).toEqual([1]);
    expect(runtime.faults.map((fault) => fault.origin)).toEqual(['pool: create']);
  });

  it('hears of the time-out by its signal', async () => {
    const runtime = virtualRuntime();
    const reasons: unknown[] = [];
    const { made } = agents(runtime, {
      createTimeoutMs: 100,
      createAttempts: 1,
      create: ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reasons.push((signal.reason as { code: string }).code);
            reject(signal.reason as Error);
          });
        }),
    });

    const code = await runtime.run(() => codeOf(made.acquire()));

    expect([code, reasons]).toEqual(['ERR_UNAVAILABLE', ['ERR_TIMEOUT']]);
  });
});

describe('a pool that is warmed up', () => {
  it('says when it is ready', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, { min: 3, startMs: 70 });

    const seen = await runtime.run(async () => {
      await made.ready();
      const { idle } = made.snapshot();
      await made.ready();
      return [idle, runtime.now()];
    });

    expect(seen).toEqual([3, 70]);
  });

  it.each([
    ['create fails for ever', 'ERR_UNAVAILABLE'],
    ['it is closed', 'ERR_CLOSED'],
  ])('says so when %s', async (how, code) => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, {
      min: 1,
      createAttempts: 2,
      create: ({ signal }) =>
        how === 'it is closed'
          ? new Promise((_made, stop) => signal.addEventListener('abort', stop))
          : Promise.reject(new Error('no')),
    });

    const end = await runtime.run(async () => {
      const ready = codeOf(made.ready());
      if (how === 'it is closed') await made.close();
      return ready;
    });

    expect(end).toBe(code);
  });

  it('keeps spares beyond who is busy', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, { max: 5, spares: 2, idleMs: 100 });

    const idle = await runtime.run(async () => {
      const seen = [made.snapshot().size];
      const leases = [await made.acquire(), await made.acquire()];
      await runtime.sleep(500);
      seen.push(made.snapshot().idle);
      for (const lease of leases) lease.release();
      await runtime.sleep(500);
      seen.push(made.snapshot().idle);
      return seen;
    });

    expect(idle).toEqual([2, 2, 2]);
  });
});

describe('leases that do not come back', () => {
  it('are reported once, with the place of acquisition and what was called', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, { leakAfterMs: 1_000 });

    const counts = await runtime.run(async () => {
      const forgetful = async function borrowAndForget(): Promise<{ release(): void }> {
        return made.acquire({ kind: 'report', tenant: 'acme' });
      };
      const leaked = await forgetful();
      const short = await made.acquire();
      short.release();
      await runtime.sleep(5_000);
      const open = made.snapshot().leaks;
      leaked.release();
      return [open, made.snapshot().leaks];
    });

    const [fault] = runtime.faults;
    const error = fault?.error as Error;
    expect(runtime.faults).toHaveLength(1);
    expect(error.message).toBe(
      'a worker was lent 1000 ms ago and has not come back, kind report, tenant acme',
    );
    expect(error.stack).toContain('borrowAndForget');
    expect(counts).toEqual([1, 0]);
  });
});

describe('choosing who goes', () => {
  it('follows the rule of the host, and its veto', async () => {
    const runtime = virtualRuntime();
    const { made, destroyed } = agents(runtime, {
      min: 0,
      max: 4,
      scaleIn: { victim: (a, b) => b.id - a.id, veto: (agent) => agent.id === 3 },
    });

    await runtime.run(async () => {
      made.apply(4);
      await runtime.sleep(1);
      made.apply(2);
      await runtime.sleep(1);
      made.apply(0);
      await runtime.sleep(1);
    });

    expect(destroyed).toEqual([4, 2, 1]);
    expect(made.size).toBe(1);
  });

  it('takes a veto that throws as a veto', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, {
      min: 0,
      max: 4,
      scaleIn: {
        veto: () => {
          throw new Error('bad');
        },
      },
    });

    await runtime.run(async () => {
      made.apply(2);
      await runtime.sleep(1);
      made.apply(0);
    });

    expect(made.size).toBe(2);
    expect(runtime.faults.length).toBeGreaterThan(0);
  });
});

describe('leases', () => {
  it('are given back by `await using`, and by a flight when its work has settled', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, { max: 1 });

    await runtime.run(async () => {
      {
        await using lease = await made.acquire();
        expect(lease.resource.id).toBe(1);
        expect(made.snapshot().busy).toBe(1);
      }
      expect(made.snapshot().busy).toBe(0);
      const slow = timeout({ ms: 10, runtime }).run(() => made.run(() => runtime.sleep(50)));
      expect(await codeOf(slow)).toBe('ERR_TIMEOUT');
      expect(made.snapshot().busy).toBe(1);
      await runtime.sleep(100);
      expect(made.snapshot().busy).toBe(0);
    });
  });

  it('may be given back twice, and after the end of the pool', async () => {
    const runtime = virtualRuntime();
    const { made, destroyed } = agents(runtime, { max: 1 });

    await runtime.run(async () => {
      const first = await made.acquire();
      first.release();
      first.release();
      const second = await made.acquire();
      first.release();
      expect(made.snapshot().busy).toBe(1);
      await made.close({ graceMs: 0 });
      second.release();
    });

    expect(destroyed).toEqual([1]);
  });

  it('wait until everything is down when the pool is closed', async () => {
    const runtime = virtualRuntime();
    const { made } = agents(runtime, { min: 2, destroy: () => runtime.sleep(300) });

    const at = await runtime.run(async () => {
      await made.ready();
      await made.close();
      return runtime.now();
    });

    expect(at).toBe(300);
  });
});

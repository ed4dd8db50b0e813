import { describe, expect, it } from 'vitest';
import type { Pass } from '../../src/core/index.ts';
import { concurrencyLimiter } from '../../src/admission/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import adaptive from '../vectors/admission-adaptive-limits.json' with { type: 'json' };
import vectors from '../vectors/admission-partitions.json' with { type: 'json' };

interface Step {
  acquire?: string;
  release?: string;
  bypass?: boolean;
  times?: number;
  ok?: boolean;
  setLimit?: number;
  expectShare?: Record<string, number>;
  inflight?: number;
}

/** A limiter with partitions driven step by step, as the vectors do. */
function partitioned(limit: number, partitions: Record<string, number>) {
  const limiter = concurrencyLimiter({
    limit,
    partitions,
    exempt: ({ tenant }) => tenant === 'admin',
    runtime: virtualRuntime(),
  });
  const held = new Map<string, Pass[]>();
  const acquire = (tenant: string): boolean => {
    const entry = limiter.tryEnter({ tenant });
    if (entry.ok) held.set(tenant, [...(held.get(tenant) ?? []), entry]);
    return entry.ok;
  };
  const release = (tenant: string): void => held.get(tenant)!.pop()!.done('success');
  return { limiter, acquire, release };
}

describe('concurrencyLimiter on the partitions of concurrency-limits', () => {
  it.each(adaptive.partitions.cases)('shares as published: $name', (row) => {
    const shares = (row.shares ?? adaptive.partitions.shares) as Record<string, number>;
    const { limiter, acquire, release } = partitioned(adaptive.partitions.limit, shares);

    for (const step of (row.steps ?? []) as Step[]) {
      const { acquire: name, times = 1, ok, bypass, release: leaver, setLimit } = step;
      const asks =
        bypass === true ? ['admin'] : Array.from({ length: name ? times : 0 }, () => name!);
      expect(asks.map(acquire)).toEqual(asks.map(() => ok));
      if (leaver !== undefined) release(leaver);
      if (setLimit !== undefined) limiter.update(setLimit);
      for (const [partition, share] of Object.entries(step.expectShare ?? {})) {
        const state = limiter.snapshot().partitions[partition];
        expect(state).toEqual({ share, inFlight: step.inflight });
      }
    }

    if (row.inflight !== undefined) expect(limiter.snapshot().inFlight).toBe(row.inflight);
    for (const [name, share] of Object.entries(row.expect ?? {})) {
      expect(limiter.snapshot().partitions[name]?.share).toBe(share);
    }
  });

  it.each(vectors.cases)('counts as published: $name', (row) => {
    const { limiter, acquire, release } = partitioned(row.limit ?? 10, row.parts);

    for (const [op, name, times, ok] of (row.ops ?? []) as [string, string, number, boolean][]) {
      if (op === 'inflightTotal') expect(limiter.snapshot().inFlight).toBe(name);
      else if (op === 'rel') for (let i = 0; i < times; i++) release(name);
      else for (let i = 0; i < times; i++) expect(acquire(name)).toBe(ok);
    }

    for (const [name, share] of Object.entries(row.expectLimits ?? {})) {
      expect(limiter.snapshot().partitions[name]?.share).toBe(share);
    }
  });

  it('gives a partition nobody named no share of its own', () => {
    const { acquire } = partitioned(2, { live: 0.5 });
    acquire('stranger');
    acquire('stranger');

    expect(acquire('stranger')).toBe(false);
    expect(acquire('live')).toBe(true);
  });

  it('refuses shares of more than everything', () => {
    expect(() => concurrencyLimiter({ partitions: { a: 0.7, b: 0.4 } })).toThrow('partitions');
  });
});

describe('concurrencyLimiter with a line, on the facts of LifoBlockingLimiter', () => {
  const { limit, backlog, timeoutS } = vectors.lifo;
  const setUp = () => {
    const runtime = virtualRuntime();
    const limiter = concurrencyLimiter({
      limit,
      order: 'lifo',
      maxWaiting: backlog,
      maxWaitMs: timeoutS * 1000,
      runtime,
    });
    const held = Array.from({ length: limit }, () => limiter.tryEnter() as Pass);
    return { runtime, limiter, held };
  };

  it('holds four, and lets the fifth wait and fail at the time limit', async () => {
    const { runtime, limiter } = setUp();

    await runtime.run(async () => {
      await expect(limiter.enter()).rejects.toMatchObject({ code: 'ERR_CONCURRENCY_LIMITED' });
      expect(runtime.now()).toBe(1000);
    });
    expect(limiter.snapshot()).toMatchObject({ inFlight: 4, waiting: 0 });
  });

  it('admits the fifth when one leaves meanwhile', async () => {
    const { runtime, limiter, held } = setUp();

    await runtime.run(async () => {
      const fifth = limiter.enter();
      await runtime.sleep(300);
      held[0]!.done('success');
      expect((await fifth).ok).toBe(true);
      expect(runtime.now()).toBe(300);
    });
  });

  it('rejects the fifteenth at once', async () => {
    const { runtime, limiter } = setUp();

    await runtime.run(async () => {
      const waiting = Array.from({ length: backlog }, () => limiter.enter().catch(() => 'late'));
      await expect(limiter.enter()).rejects.toMatchObject({ code: 'ERR_CONCURRENCY_LIMITED' });
      expect(runtime.now()).toBe(0);
      await Promise.all(waiting);
    });
  });

  it('admits at once when the limit is raised', async () => {
    const { runtime, limiter } = setUp();

    await runtime.run(async () => {
      const fifth = limiter.enter();
      limiter.update(5);
      expect((await fifth).ok).toBe(true);
      expect(runtime.now()).toBe(0);
    });
  });

  it('admits the newest first', async () => {
    const { runtime, limiter, held } = setUp();
    const order: number[] = [];

    await runtime.run(async () => {
      const waiting = [0, 1, 2, 3, 4].map(async (i) => {
        const pass = await limiter.enter();
        order.push(i);
        pass.done('success');
      });
      held[0]!.done('success');
      await Promise.all(waiting);
    });

    expect(order).toEqual([4, 3, 2, 1, 0]);
  });

  it('leaks no place when the time limit and the grant meet', async () => {
    const { runtime, limiter, held } = setUp();

    await runtime.run(async () => {
      const fifth = limiter.enter().then(
        (pass) => pass.done('success'),
        () => undefined,
      );
      await runtime.sleep(1000);
      held[0]!.done('success');
      await fifth;
    });

    expect(limiter.snapshot()).toMatchObject({ inFlight: 3, waiting: 0 });
  });
});

describe('concurrencyLimiter', () => {
  it('holds a place until the work has settled, and gives it back once', async () => {
    const runtime = virtualRuntime();
    const limiter = concurrencyLimiter({ limit: 1, runtime });

    await runtime.run(async () => {
      const first = limiter.run(() => runtime.sleep(10));
      await expect(limiter.run(() => 'second')).rejects.toMatchObject({
        code: 'ERR_CONCURRENCY_LIMITED',
        policy: 'concurrencyLimiter',
      });
      await first;
      expect(await limiter.run(() => 'third')).toBe('third');
    });
    const pass = limiter.tryEnter() as Pass;
    pass.done('success');
    pass.done('success');

    expect(limiter.snapshot().inFlight).toBe(0);
  });

  it('gives the place of a cancelled call that waited to nobody twice', async () => {
    const runtime = virtualRuntime();
    const limiter = concurrencyLimiter({ limit: 1, maxWaitMs: Infinity, runtime });
    const controller = new AbortController();

    await runtime.run(async () => {
      const first = limiter.tryEnter() as Pass;
      const cancelled = limiter.enter({ signal: controller.signal });
      const patient = limiter.enter();
      controller.abort('enough');
      await expect(cancelled).rejects.toBe('enough');
      first.done('success');
      (await patient).done('success');
    });

    expect(limiter.snapshot()).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  it('counts places by unit, and lets one heavier than the limit go alone', () => {
    const limiter = concurrencyLimiter({ limit: 4, unit: 'seats', runtime: virtualRuntime() });
    const heavy = { cost: { seats: 9 } };

    const first = limiter.tryEnter(heavy) as Pass;
    const second = limiter.tryEnter({ cost: { seats: 1 } });
    first.done('success');
    limiter.tryEnter({ cost: { seats: 1 } });

    expect(first.ok).toBe(true);
    expect(second.ok).toBe(false);
    expect(limiter.tryEnter(heavy).ok).toBe(false);
    expect(limiter.tryEnter({ cost: { seats: 3 } }).ok).toBe(true);
  });

  it('lets partitions that wait take turns', async () => {
    const runtime = virtualRuntime();
    const limiter = concurrencyLimiter({
      limit: 1,
      partitions: {},
      maxWaitMs: Infinity,
      runtime,
    });
    const order: string[] = [];

    await runtime.run(async () => {
      const call = (tenant: string) =>
        limiter.run(
          async () => {
            order.push(tenant);
            await runtime.sleep(1);
          },
          { tenant },
        );
      await Promise.all(['a', 'a', 'a', 'b', 'b', 'c'].map(call));
    });

    expect(order).toEqual(['a', 'a', 'b', 'c', 'a', 'b']);
  });

  it('refuses those who waited long once the line stands, and serves the newest first', async () => {
    const runtime = virtualRuntime();
    const limiter = concurrencyLimiter({
      limit: 1,
      order: 'adaptive',
      codel: { targetMs: 5, intervalMs: 100 },
      maxWaitMs: Infinity,
      runtime,
    });
    const waits: number[] = [];

    await runtime.run(async () => {
      const calls: Promise<unknown>[] = [];
      for (let i = 0; i < 400; i++) {
        const arrivedAt = runtime.now();
        const call = limiter.run(async () => {
          waits.push(runtime.now() - arrivedAt);
          await runtime.sleep(10);
        });
        calls.push(call.catch((error: { code: string }) => error.code));
        await runtime.sleep(5);
      }
      const codes = await Promise.all(calls);
      expect(codes).toContain('ERR_OVERLOADED');
    });

    // Twice the load: first come, first served would have let the last wait two seconds.
    expect(Math.max(...waits)).toBeLessThanOrEqual(110);
  });
});

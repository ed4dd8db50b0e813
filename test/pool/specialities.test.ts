import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/core/index.ts';
import type { Pool, PoolOptions } from '../../src/pool/index.ts';
import { pool } from '../../src/pool/index.ts';
import { workQueue } from '../../src/queue/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { codeOf } from './agents.ts';

interface Skilled {
  readonly id: number;
  readonly skills: readonly string[];
}

/** A pool of workers that can do what they were made for. */
function specialists(
  runtime: VirtualRuntime,
  options: Partial<PoolOptions<Skilled>> = {},
): { made: Pool<Skilled>; made4: (string | undefined)[] } {
  const made4: (string | undefined)[] = [];
  const made = pool<Skilled>({
    max: 4,
    create: async ({ speciality }) => {
      made4.push(speciality);
      await runtime.sleep(10);
      return { id: made4.length, skills: speciality === undefined ? [] : [speciality] };
    },
    specialities: { canDo: (worker, speciality) => worker.skills.includes(speciality) },
    runtime,
    ...options,
  });
  return { made, made4 };
}

const generalists = (
  runtime: VirtualRuntime,
  shares: Record<string, number>,
  max = 10,
): Pool<object> => pool<object>({ max, create: () => ({}), specialities: { shares }, runtime });

describe('workers with specialities', () => {
  it('are made for what waits, and lent to what they can do', async () => {
    const runtime = virtualRuntime();
    const { made, made4 } = specialists(runtime);
    const queue = workQueue({ concurrency: made, runtime });
    const ask = (kind: string | undefined): Promise<readonly string[]> =>
      queue.run(
        async (_call, worker) => {
          await runtime.sleep(50);
          return worker.skills;
        },
        { kind },
      );

    const skills = await runtime.run(() => Promise.all(['image', 'text', 'image'].map(ask)));

    expect(skills).toEqual([['image'], ['text'], ['image']]);
    expect(made4.toSorted()).toEqual(['image', 'image', 'text']);
  });

  it('hold up only what asks for them', async () => {
    const runtime = virtualRuntime();
    const { made } = specialists(runtime, { max: 2 });
    const queue = workQueue({ concurrency: made, runtime });
    const order: string[] = [];
    const job = (name: string, kind: string, priority = 0): PromiseLike<unknown> =>
      queue.add(
        async () => {
          await runtime.sleep(100);
          order.push(name);
        },
        { kind, priority },
      );

    await runtime.run(async () => {
      const slow = [job('image 1', 'image'), job('text 1', 'text')];
      await runtime.sleep(50);
      // More urgent, but there is one worker for images.
      const more = [job('image 2', 'image', 9), job('image 3', 'image', 9), job('text 2', 'text')];
      await Promise.all([...slow, ...more]);
    });

    expect(order).toEqual(['image 1', 'text 1', 'image 2', 'text 2', 'image 3']);
  });

  it('are what a queue says it waits for', async () => {
    const runtime = virtualRuntime();
    const { made } = specialists(runtime, { max: 3 });
    const queue = workQueue({ concurrency: made, runtime });

    const because = await runtime.run(async () => {
      const jobs = ['image', 'text', 'image'].map((kind) =>
        queue.add(() => runtime.sleep(50), { kind }),
      );
      await runtime.sleep(40);
      await jobs[0];
      made.resize({ max: 1 });
      jobs.push(queue.add(() => runtime.sleep(50), { kind: 'image' }));
      const waiting = queue.add(() => 1, { kind: 'sound' });
      const said = queue.explain(waiting)?.because;
      await queue.idle();
      return said;
    });

    expect(because).toMatch(/slots are taken(, and no other fits it)?; it is next$/);
  });

  it('make way for others when nobody asks for them', async () => {
    const runtime = virtualRuntime();
    const { made, made4 } = specialists(runtime, { max: 2 });

    const seen = await runtime.run(async () => {
      await Promise.all([1, 2].map(() => made.run(() => runtime.sleep(5), { kind: 'image' })));
      const { skills } = await made.run((_call, worker) => worker, { kind: 'text' });
      return [skills, made.snapshot().size];
    });

    expect(seen).toEqual([['text'], 2]);
    expect(made4).toEqual(['image', 'image', 'text']);
  });

  it('serve calls that ask for nothing, whatever they can do', async () => {
    const runtime = virtualRuntime();
    const { made } = specialists(runtime, { max: 1 });

    const ids = await runtime.run(async () => [
      await made.run((_call, worker) => worker.id, { kind: 'image' }),
      await made.run((_call, worker) => worker.id),
    ]);

    expect(ids).toEqual([1, 1]);
  });

  it('serve those who wait at the pool itself by priority, past those they cannot serve', async () => {
    const runtime = virtualRuntime();
    const { made } = specialists(runtime, { max: 2 });
    const order: string[] = [];
    const job = (name: string, kind: string, priority: number): Promise<unknown> =>
      made.run(
        async () => {
          await runtime.sleep(100);
          order.push(name);
        },
        { kind, priority },
      );

    await runtime.run(() =>
      Promise.all([
        job('image a', 'image', 0),
        job('text a', 'text', 0),
        job('image b', 'image', 1),
        job('image c', 'image', 2),
        job('text b', 'text', 0),
      ]),
    );

    expect(order).toEqual(['image c', 'text a', 'image b', 'text b', 'image a']);
  });

  it('that cannot be had are refused, and hold up nobody else', async () => {
    const runtime = virtualRuntime();
    const { made } = specialists(runtime, {
      create: ({ speciality }) =>
        speciality === 'dream'
          ? Promise.reject(new Error('nobody can'))
          : { id: 1, skills: ['image'] },
    });
    const queue = workQueue({ concurrency: made, runtime });

    const ends = await runtime.run(() =>
      Promise.all(
        ['dream', 'image', 'text'].map((kind) =>
          codeOf(queue.run((_call, { skills }) => skills[0], { kind })),
        ),
      ),
    );

    // What is made instead of what was asked for counts as a failure, too.
    expect(ends).toEqual(['ERR_UNAVAILABLE', 'image', 'ERR_UNAVAILABLE']);
  });

  it('are asked once each, and a question that throws is a no', async () => {
    const runtime = virtualRuntime();
    let questions = 0;
    const made = pool<object>({
      max: 1,
      createAttempts: 1,
      create: () => ({}),
      specialities: {
        canDo: (_worker, speciality) => {
          questions++;
          if (speciality === 'bad') throw new Error('bad question');
          return true;
        },
      },
      runtime,
    });

    const ends = await runtime.run(async () => {
      for (let i = 0; i < 5; i++) await made.run(() => 1, { kind: 'good' });
      return codeOf(made.run(() => 1, { kind: 'bad' }));
    });

    expect(ends).toBe('ERR_UNAVAILABLE');
    expect(questions).toBe(3);
    expect(runtime.faults.map(({ origin }) => origin)).toContain('pool: canDo');
  });

  it('may be told by more than the kind: a region, a wanted quality', async () => {
    const runtime = virtualRuntime();
    const made = pool<{ quality: number }>({
      max: 2,
      create: ({ speciality }) => ({ quality: Number(speciality) }),
      specialities: {
        of: ({ cost }) => (typeof cost === 'number' ? undefined : String(cost?.['quality'])),
        canDo: ({ quality }, wanted) => quality >= Number(wanted),
      },
      runtime,
    });
    const ask = (quality: number): Promise<number> =>
      made.run((_call, worker) => worker.quality, { cost: { quality } });

    expect(await runtime.run(async () => [await ask(9), await ask(5), await ask(9)])).toEqual([
      9, 9, 9,
    ]);
  });
});

describe('shares of a pool', () => {
  const shares = { generation: 0.4, assessment: 0.25, personalisation: 0.2, intelligence: 0.15 };

  it('give each speciality its part when all are busy', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: generalists(runtime, shares, 20), runtime });
    const running: Record<string, number> = {};

    await runtime.run(async () => {
      for (let i = 0; i < 60; i++) {
        for (const kind of Object.keys(shares)) {
          queue.add(
            async () => {
              running[kind] = (running[kind] ?? 0) + 1;
              await runtime.sleep(10);
              running[kind]--;
            },
            { kind },
          );
        }
      }
      await runtime.sleep(45);
      expect(running).toEqual({
        generation: 8,
        assessment: 5,
        personalisation: 4,
        intelligence: 3,
      });
      await queue.idle();
    });
  });

  it('are lent while they idle, and are back as soon as work ends', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: generalists(runtime, { a: 0.5, b: 0.5 }), runtime });
    const starts: number[] = [];

    await runtime.run(async () => {
      for (let i = 0; i < 40; i++) queue.add(() => runtime.sleep(100), { kind: 'a' });
      await runtime.sleep(50);
      expect(queue.snapshot().running).toBe(10);
      for (let i = 0; i < 6; i++) queue.add(() => starts.push(runtime.now()), { kind: 'b' });
      await queue.idle();
    });

    expect(starts).toEqual(Array(6).fill(100));
  });

  it('hold whatever the priorities of others are', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: generalists(runtime, { meek: 0.1 }), runtime });
    let started = Infinity;

    await runtime.run(async () => {
      for (let i = 0; i < 100; i++)
        queue.add(() => runtime.sleep(100), { kind: 'loud', priority: 9 });
      queue.add(() => (started = runtime.now()), { kind: 'meek' });
      await queue.idle();
    });

    expect(started).toBeLessThanOrEqual(100);
  });

  it('leave no worker idle while somebody waits who could use it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const runtime = virtualRuntime({ seed });
        const random = seededRandom(seed);
        const agents = generalists(runtime, { a: 0.5, b: 0.3 }, 4);
        const queue = workQueue({
          concurrency: agents,
          fair: { concurrency: 3 },
          ageing: { overdueAfterMs: 80 },
          runtime,
        });

        await runtime.run(async () => {
          agents.apply(4);
          await agents.ready();
          for (let i = 0; i < 60; i++) {
            const kind = 'abc'[Math.floor(random() * 3)] as string;
            const tenant = 'xy'[Math.floor(random() * 2)] as string;
            queue.add(() => runtime.sleep(1 + random() * 20), { kind, tenant, priority: i % 3 });
            if (i % 4 === 0) await runtime.sleep(random() * 12);
            const { waiting, running } = queue.snapshot();
            // Each of two tenants may run three: whoever waits is held by his cap or by four busy workers.
            if (waiting > 0) expect(running).toBeGreaterThanOrEqual(3);
          }
          await queue.idle();
        });
        expect(runtime.faults).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('options of specialities', () => {
  const create = (): object => ({});

  it.each([
    [{ specialities: { shares: { a: 0.7, b: 0.4 } } }, 'specialities.shares must be at most 1'],
    [{ specialities: { shares: { a: -1 } } }, 'specialities.shares.a'],
    [{ specialities: { canDo: 'all' } }, 'specialities.canDo must be a function'],
    [{ specialities: { can: () => true } }, 'pool.specialities.can'],
    [{ recycle: { maxUses: 0 } }, 'recycle.maxUses'],
    [{ recycle: { maxBytes: 5 } }, 'recycle.bytesOf'],
    [{ recycle: { maxLifetimeMs: NaN } }, 'recycle.maxLifetimeMs'],
    [{ spares: -1 }, 'pool.spares'],
    [{ createTimeoutMs: 0 }, 'createTimeoutMs'],
    [{ leakAfterMs: 'soon' }, 'leakAfterMs'],
    [{ scaleIn: { order: 'oldest' } }, 'pool.scaleIn.order'],
  ])('%o is refused', (options, message) => {
    expect(() => pool({ create, max: 2, ...options } as never)).toThrow(message);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/core/index.ts';
import { costOf, seededRandom } from '../../src/core/index.ts';
import { compose, timeout } from '../../src/policy/index.ts';
import { pool } from '../../src/pool/index.ts';
import type { Task, WorkQueue, WorkQueueOptions } from '../../src/queue/index.ts';
import { workQueue } from '../../src/queue/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { settled } from './settle.ts';

/** What may run at once. */
interface Bounds {
  readonly all?: number;
  readonly tenant?: number;
  readonly key?: number;
  readonly seats?: number;
}

/** Kinds of queue, and their bounds; each is tried with many seeds. */
const kinds: Record<
  string,
  (runtime: VirtualRuntime) => Partial<WorkQueueOptions<unknown>> & { bounds?: Bounds }
> = {
  plain: () => ({}),
  bounded: () => ({ capacity: 10 }),
  evicting: () => ({ capacity: 10, whenFull: 'evict-last' }),
  fresh: () => ({ capacity: 10, whenFull: 'evict-oldest' }),
  patient: () => ({ capacity: 5, whenFull: 'wait' }),
  ageing: () => ({ ageing: { msPerLevel: 20, overdueAfterMs: 200 } }),
  fair: () => ({
    fair: { cost: 'time', concurrency: 2 },
    concurrency: 4,
    capacity: 30,
    bounds: { all: 4, tenant: 2 },
  }),
  nested: () => ({
    fair: { by: ['tenant', 'key'], priorities: 'within' },
    whenFull: 'evict-last',
    capacity: 20,
  }),
  keyed: () => ({ perKey: { concurrency: 1 }, bounds: { key: 1 } }),
  ordered: () => ({
    perKey: { ordered: true },
    retry: { attempts: 3, delayMs: () => 7 },
    bounds: { key: 1 },
  }),
  standing: () => ({ overload: { targetMs: 20, intervalMs: 50 } }),
  seated: () => ({ unit: 'seats', concurrency: 4, bounds: { all: 4, seats: 4 } }),
  retrying: () => ({ retry: { attempts: 2, delayMs: () => 15 }, fair: {}, capacity: 10 }),
  pooled: (runtime) => ({
    concurrency: pool({ min: 1, max: 3, idleMs: 50, create: () => runtime.sleep(13), runtime }),
    bounds: { all: 3 },
  }),
  'before a pool that breaks': (runtime) => {
    const chance = runtime.random('faults');
    const workers = pool({
      max: 3,
      idleMs: 20,
      create: async () => {
        await runtime.sleep(16 * chance());
        if (chance() < 0.2) throw new Error('no worker');
      },
      createTimeoutMs: 14,
      validate: async () => {
        await runtime.sleep(6 * chance());
        return chance() < 0.9;
      },
      validateTimeoutMs: 5,
      recycle: { maxUses: 4 },
      specialities: { of: ({ tenant }) => tenant, shares: { a: 0.34, b: 0.33 } },
      runtime,
    });
    return {
      concurrency: workers,
      retry: { attempts: 3, delayMs: () => 5 },
      bounds: { all: 3 },
    };
  },
};

interface Attempts {
  started: number;
  ended: number;
}

/** Throws work of every sort at a queue; checks what happened to each. */
async function storm(
  queue: WorkQueue<unknown>,
  runtime: VirtualRuntime,
  { seed, bounds }: { seed: number; bounds: Bounds },
): Promise<void> {
  const random = seededRandom(seed);
  const pick = (count: number): number => Math.floor(random() * count);
  const limited = compose(queue, timeout({ ms: 25, runtime }));
  const records: Attempts[] = [];
  const answers: Promise<unknown>[] = [];
  const tasks: Task<unknown>[] = [];
  const running: Call[] = [];

  const checkBounds = ({ tenant, key }: Call): void => {
    const { all = 2, seats = Infinity } = bounds;
    const seatsOf = (call: Call): number => costOf(call, 'seats');
    expect(running.length).toBeLessThanOrEqual(all);
    expect(running.reduce((sum, call) => sum + seatsOf(call), 0)).toBeLessThanOrEqual(seats);
    const ofTenant = running.filter((call) => call.tenant === tenant);
    expect(ofTenant.length).toBeLessThanOrEqual(bounds.tenant ?? Infinity);
    const ofKey = running.filter((call) => key !== undefined && call.key === key);
    expect(ofKey.length).toBeLessThanOrEqual(bounds.key ?? Infinity);
  };
  const job = (record: Attempts, call: Call, fails: boolean) => async (): Promise<string> => {
    record.started++;
    running.push(call);
    checkBounds(call);
    await runtime.sleep(pick(30));
    running.splice(running.indexOf(call), 1);
    record.ended++;
    if (fails) throw new Error('failed');
    return 'done';
  };

  for (let i = 0; i < 40; i++) {
    const record = { started: 0, ended: 0 };
    records.push(record);
    const wide = pick(8) === 0 ? 1 + pick(3) : 1;
    const call = {
      priority: pick(4),
      tenant: 'abc'[pick(3)] as string,
      ...(pick(2) === 0 ? { key: 'xyz'[pick(3)] as string } : {}),
      ...(pick(5) === 0 ? { deadline: runtime.now() + pick(60) } : {}),
      ...(pick(9) === 0 ? { startAt: runtime.now() + pick(40) } : {}),
      cost: { seats: wide },
    };
    const work = job(record, call, pick(6) === 0);
    if (pick(5) === 0) answers.push(settled(limited.run(work, call)));
    else {
      const task = queue.add(work, call);
      tasks.push(task);
      answers.push(settled(task));
    }
    const other = tasks[pick(Math.max(1, tasks.length))];
    if (pick(8) === 0) other?.setPriority(pick(6));
    if (pick(8) === 0) other?.cancel('cancelled');
    if (pick(12) === 0) queue.pause();
    if (pick(4) === 0) queue.resume();
    if (pick(4) === 0) await runtime.sleep(pick(20));
  }
  queue.resume();
  const ends = await Promise.all(answers);
  await queue.idle();

  const known = [
    'done',
    'failed',
    'cancelled',
    'ERR_EXPIRED',
    'ERR_QUEUE_FULL',
    'ERR_OVERLOADED',
    'ERR_TIMEOUT',
    'ERR_UNAVAILABLE',
  ];
  ends.forEach((end, i) => {
    const { started, ended } = records[i] as Attempts;
    expect(known).toContain(end);
    expect(started).toBe(ended);
    // Once, unless tried again after a failure; never when turned away.
    if (end === 'done') expect(started).toBeGreaterThanOrEqual(1);
    if (end === 'ERR_QUEUE_FULL' || end === 'ERR_OVERLOADED') expect(started).toBe(0);
  });
  tasks.forEach((task) => expect(['waiting', 'running', 'delayed']).not.toContain(task.state));
  const snapshot = queue.snapshot();
  expect(snapshot).toMatchObject({ waiting: 0, running: 0, delayed: 0 });
  expect(snapshot.started).toBe(records.reduce((sum, { started }) => sum + started, 0));
}

describe('no task is lost and none runs twice', () => {
  it.each(Object.entries(kinds))(
    'in a queue that is %s',
    async (_kind, options) => {
      await fc.assert(
        fc.asyncProperty(fc.integer(), async (seed) => {
          const runtime = virtualRuntime({ seed });
          await runtime.run(async () => {
            const { bounds = {}, ...given } = options(runtime);
            const queue = workQueue<unknown>({ concurrency: 2, runtime, ...given });
            await storm(queue, runtime, { seed, bounds });
          });
          expect(runtime.faults.filter(({ origin }) => !origin.startsWith('pool: '))).toEqual([]);
        }),
        { numRuns: 150 },
      );
    },
    60_000,
  );
});

describe('fairness with several slots and unknown durations', () => {
  it('gives each of four busy tenants its weight of the time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 4, maxLength: 4 }),
        async (seed, weights) => {
          const runtime = virtualRuntime({ seed });
          const random = seededRandom(seed);
          const used = [0, 0, 0, 0];
          const longest = 40;
          const slots = 3;

          await runtime.run(async () => {
            const queue = workQueue({
              concurrency: slots,
              fair: { cost: 'time', weight: (tenant) => weights[Number(tenant)] ?? 1 },
              runtime,
            });
            for (let i = 0; i < 4 * 300; i++) {
              const tenant = i % 4;
              const ms = 1 + random() * (longest - 1) * (tenant === 0 ? 1 : 0.2);
              queue.add(
                async () => {
                  await runtime.sleep(ms);
                  used[tenant] = (used[tenant] ?? 0) + ms;
                },
                { tenant: String(tenant) },
              );
            }
            await runtime.sleep(700);
            queue.pause();
            await runtime.sleep(longest);
          });

          const shares = used.map((ms, i) => ms / (weights[i] as number));
          // c₁/w₁ + c₂/w₂, and as much again for each further slot whose work is still unpaid for.
          const bound = 2 * longest * slots;
          expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(bound);
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  it('shares seats and time, however wide one’s work is and how long the other’s', async () => {
    const runtime = virtualRuntime();
    const used: Record<string, number> = { wide: 0, long: 0 };
    const kinds = { wide: { seats: 3, ms: 10 }, long: { seats: 1, ms: 45 } };

    await runtime.run(async () => {
      const queue = workQueue({
        concurrency: 6,
        unit: 'seats',
        fair: { cost: ({ call, durationMs }) => costOf(call, 'seats') * durationMs },
        runtime,
      });
      for (const [tenant, { seats, ms }] of Object.entries(kinds)) {
        for (let i = 0; i < 600; i++) {
          queue.add(
            async () => {
              await runtime.sleep(ms);
              used[tenant] = (used[tenant] ?? 0) + seats * ms;
            },
            { tenant, cost: { seats } },
          );
        }
      }
      await runtime.sleep(2_000);
      queue.pause();
      await runtime.sleep(100);
    });

    const { wide = 0, long = 0 } = used;
    expect(Math.abs(wide - long)).toBeLessThanOrEqual(2 * 45 * 6);
    // Wide work waits until its seats are free together, so that narrow work cannot starve it.
    expect(wide + long).toBeGreaterThan(0.6 * 6 * 2_000);
  });
});

import { describe, expect, it } from 'vitest';
import { pool } from '../../src/pool/index.ts';
import type { Actuator, Decision, HostUnit, ScaleInRules } from '../../src/scale/index.ts';
import {
  backlog,
  concurrencyActuator,
  controller,
  poolActuator,
  scalingEngine,
  unitActuator,
} from '../../src/scale/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

describe('poolActuator', () => {
  it('sizes a pool by what waits, and learns how long its workers take to start', async () => {
    const runtime = virtualRuntime();
    let made = 0;
    const workers = pool({
      min: 1,
      max: 20,
      create: async () => {
        await runtime.sleep(12_000);
        return ++made;
      },
      runtime,
    });
    let waiting = 0;
    const scaler = controller({
      engine: scalingEngine({
        bounds: { min: 1, max: 20 },
        policies: { queue: backlog({ backlog: 'queue', serviceMs: 1_000, drainMs: 10_000 }) },
      }),
      sources: { queue: { read: () => waiting } },
      actuator: poolActuator(workers),
      runtime,
    });
    await runtime.advance(15_000);
    waiting = 28;
    await runtime.advance(5_000);
    expect(workers.snapshot()).toMatchObject({ target: 4, size: 4, starting: 3 });

    await runtime.advance(15_000);

    expect(workers.snapshot()).toMatchObject({ size: 4, starting: 0 });
    expect(scaler.state()?.startUps?.took).toEqual([15_000]); // seen at the third tick
    await scaler.close();
    await workers.close();
  });
});

interface Worker extends HostUnit {
  busy: number;
}

interface House {
  readonly runtime: VirtualRuntime;
  readonly workers: Worker[];
  readonly done: string[];
  readonly actuator: Actuator;
}

/** Five workers, started a second apart; `w4` is the newest. Draining takes as long as a worker is busy. */
function house(scaleIn: ScaleInRules<Worker> = {}): House {
  const runtime = virtualRuntime({ startMs: 10_000 });
  const done: string[] = [];
  const workers: Worker[] = [3, 0, 2, 0, 1].map((busy, i) => ({
    id: `w${i}`,
    startedAt: i * 1_000,
    busy,
    unitPerHour: [1, 2, 9, 2, 1][i] as number,
  }));
  const actuator = unitActuator<Worker>({
    units: () => workers,
    add: (count) => {
      for (let i = 0; i < count; i++) {
        workers.push({ id: `n${workers.length}`, startedAt: runtime.now(), busy: 0, ready: false });
      }
    },
    drain: (unit) => runtime.sleep(unit.busy * 10_000),
    remove: (unit) => {
      done.push(`remove ${unit.id}`);
      workers.splice(workers.indexOf(unit), 1);
    },
    scaleIn,
    runtime,
  });
  return { runtime, workers, done, actuator };
}

const decision = {} as Decision;

describe('unitActuator', () => {
  it.each([
    ['leastBusy', ['w3', 'w1']],
    ['oldest', ['w0', 'w1']],
    ['newest', ['w4', 'w3']],
    ['dearest', ['w2', 'w3']],
  ] as const)('lets the %s go first', async (victim, gone) => {
    const { runtime, actuator, done } = house({ victim });

    await actuator.apply(3, decision);
    await runtime.advance(60_000);

    expect(new Set(done)).toEqual(new Set(gone.map((id) => `remove ${id}`)));
  });

  it('takes a rule of the host', async () => {
    const { runtime, actuator, done } = house({ victim: (a, b) => b.id.localeCompare(a.id) });

    await actuator.apply(4, decision);
    await runtime.advance(60_000);

    expect(done).toEqual(['remove w4']);
  });

  it('keeps who is vetoed or too young, and lets fewer go', async () => {
    const { runtime, actuator, done, workers } = house({
      veto: ({ busy }) => busy > 0,
      minLifetimeMs: 8_000, // started at 2 s or before: w0, w1, w2
    });

    await actuator.apply(1, decision);
    await runtime.advance(60_000);

    expect(done).toEqual(['remove w1']);
    expect(actuator.current()).toMatchObject({ current: 4 });
    expect(workers).toHaveLength(4);
  });

  it('runs the hooks before it drains, and drains before it removes', async () => {
    const order: string[] = [];
    const { runtime, actuator, done } = house({
      victim: 'dearest',
      before: [
        async (unit) => void order.push(`balancer ${unit.id}`),
        (unit) => runtime.sleep(1_000).then(() => void order.push(`shards ${unit.id}`)),
      ],
    });

    await actuator.apply(4, decision);
    await runtime.advance(500);
    expect(actuator.current()).toEqual({ current: 4, ready: 4, starting: 0, draining: 1 });
    await runtime.advance(20_000);
    expect(done).toEqual([]); // w2 has 20 s of work, after a second for its shards

    await runtime.advance(500);

    expect(order).toEqual(['balancer w2', 'shards w2']);
    expect(done).toEqual(['remove w2']);
    expect(actuator.current()).toMatchObject({ draining: 0 });
  });

  it('ends a unit that does not finish in time, and says so', async () => {
    const { runtime, actuator, done } = house({ victim: 'oldest', drainMs: 5_000 });

    await actuator.apply(4, decision);
    await runtime.advance(5_000);

    expect(done).toEqual(['remove w0']);
    expect(String(runtime.faults[0]?.error)).toContain('drain of w0');
  });

  it('keeps a unit whose shards cannot be moved', async () => {
    const { runtime, actuator, done } = house({
      before: [() => Promise.reject(new Error('no room'))],
    });

    await actuator.apply(4, decision);
    await runtime.advance(60_000);

    expect(done).toEqual([]);
    expect(actuator.current()).toMatchObject({ current: 5, draining: 0 });
    expect(runtime.faults[0]?.origin).toBe('unitActuator: w3 stays');
  });

  it('lets the host take a unit back whose hook failed or hung, and counts it only then', async () => {
    const order: string[] = [];
    const { runtime, actuator, done } = house({
      before: [
        (unit) => void order.push(`out ${unit.id}`),
        () => new Promise(() => undefined), // shards that never move
      ],
      beforeMs: 5_000,
      stays: async (unit) => {
        await runtime.sleep(1_000);
        order.push(`in ${unit.id}`);
        throw new Error('back, and loud');
      },
    });

    await actuator.apply(4, decision);
    await runtime.advance(5_500);
    expect(actuator.current()).toMatchObject({ current: 4, draining: 1 });
    await runtime.advance(500);

    expect(order).toEqual(['out w3', 'in w3']);
    expect(done).toEqual([]);
    expect(actuator.current()).toMatchObject({ current: 5, draining: 0 });
    expect(String(runtime.faults[0]?.error)).toContain('before of w3');
    expect(String(runtime.faults[1]?.error)).toContain('back, and loud');
  });

  it('counts units on their way once, listed or not', async () => {
    const { runtime } = house();
    const listed: Worker[] = [];
    const actuator = unitActuator<Worker>({
      units: () => listed,
      add: async (count) => {
        await runtime.sleep(5_000);
        for (let i = 0; i < count; i++) {
          listed.push({ id: `${i}`, startedAt: runtime.now(), busy: 0, ready: false });
        }
      },
      remove: () => undefined,
      runtime,
    });

    void actuator.apply(3, decision);
    const before = actuator.current();
    await runtime.advance(5_000);

    expect([before, actuator.current()]).toEqual([
      { current: 3, ready: 0, starting: 3, draining: 0 },
      { current: 3, ready: 0, starting: 3, draining: 0 },
    ]);
  });

  it.each([
    { scaleIn: { victim: 'anybody' as never } },
    { scaleIn: { drainMs: 0 } },
    { scaleIn: { minLifetimeMs: -1 } },
    { scaleIn: { beforeMs: 0 } },
    { add: undefined as never },
  ])('refuses %j', (options) => {
    const sound = { units: () => [], add: () => undefined, remove: () => undefined };

    expect(() => unitActuator({ ...sound, ...options })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION' }),
    );
  });
});

describe('concurrencyActuator', () => {
  it('shares slots out among the workers there are', async () => {
    const set: number[] = [];
    const actuator = concurrencyActuator({
      workers: () => 4,
      set: (slots) => set.push(slots),
      perWorker: { min: 2, max: 10 },
    });

    await actuator.apply(18, decision);
    await actuator.apply(100, decision);
    await actuator.apply(1, decision);

    expect(set).toEqual([5, 10, 2]);
    expect(actuator.current()).toBe(8);
  });
});

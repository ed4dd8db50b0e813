import { readFileSync } from 'node:fs';
import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TimeoutError } from '../../src/core/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { EndlessLoopError, StalledError, virtualRuntime } from '../../src/sim/index.ts';

/** Published programs; source and how each was run stand in the file. */
const published = JSON.parse(readFileSync('test/vectors/sim-virtual-time.json', 'utf8')) as {
  programs: { id: string; expect?: unknown }[];
};
const expected = (id: string): unknown => published.programs.find((one) => one.id === id)?.expect;

const tick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/** Calls `action` when virtual time reaches `at`. */
function at(runtime: VirtualRuntime, time: number, action: () => void): void {
  runtime.armAt({ alarmId: -1, ring: action }, time);
}

describe.each(['auto', 'turn'] as const)('virtual time, drained by %s', (drain) => {
  let runtime: VirtualRuntime;
  beforeEach(() => {
    runtime = virtualRuntime({ drain });
  });

  it('jumps over an hour of sleep', async () => {
    const answer = await runtime.run(async () => {
      await runtime.sleep(3_600_000);
      return 'rested';
    });

    expect(answer).toBe('rested');
    expect(runtime.now()).toBe(3_600_000);
  });

  it('lets a resolved promise and a sleep follow a timer (deno-std-7310)', async () => {
    const log: unknown[] = [];
    at(
      runtime,
      10,
      () =>
        void (async () => {
          await Promise.resolve();
          await runtime.sleep(10);
          log.push(['x', runtime.now()]);
        })(),
    );

    await runtime.runToIdle();

    expect(log).toEqual(expected('deno-std-7310'));
  });

  it('runs the microtasks of one timer before the next of the same instant', async () => {
    const log: string[] = [];
    at(runtime, 10, () => {
      log.push('a');
      void Promise.resolve().then(() => log.push('m'));
    });
    at(runtime, 10, () => log.push('b'));

    await runtime.advance(10);

    expect(log).toEqual(expected('same-deadline-microtask'));
  });

  it('keeps fractions of a millisecond (interval-fraction, sub-ms)', async () => {
    const log: number[] = [];
    const alarm = {
      alarmId: -1,
      ring: () => {
        log.push(runtime.now());
        if (log.length < 2) runtime.arm(alarm, 16.6);
      },
    };
    runtime.arm(alarm, 16.6);

    await runtime.advance(16.6);
    await runtime.advance(16.6);
    const before = runtime.now();
    await runtime.run(async () => {
      for (let i = 0; i < 4; i++) await runtime.sleep(0.25);
    });

    expect(log).toEqual(expected('interval-fraction-fake-timers-388'));
    expect(runtime.now() - before).toBeCloseTo(1, 9);
  });

  it('runs nested ticks before time moves on (nested-nextTick)', async () => {
    const log: unknown[] = [];
    at(runtime, 20, () =>
      process.nextTick(() => process.nextTick(() => log.push(['tick2', runtime.now()]))),
    );
    at(runtime, 21, () => undefined);

    await runtime.runToIdle();

    expect(log).toEqual(expected('nested-nextTick'));
  });

  it('drains chains of awaits and ticks to the end (alternating-6x)', async () => {
    const log: unknown[] = [];
    at(
      runtime,
      50,
      () =>
        void (async () => {
          for (let round = 0; round < 6; round++) {
            for (let i = 0; i < 3; i++) await Promise.resolve();
            await tick();
          }
          log.push(['x', runtime.now()]);
        })(),
    );
    at(runtime, 51, () => undefined);

    await runtime.runToIdle();

    expect(log).toEqual(expected('alternating-6x'));
  });

  it('yields to what is due at the same instant, and lets no time pass', async () => {
    const runtime = virtualRuntime({ drain });
    const order: string[] = [];

    await runtime.run(async () => {
      const due = runtime.sleep(0).then(() => order.push('due'));
      await runtime.yield();
      order.push(`after yielding, at ${runtime.now()}`);
      await due;
    });

    expect(order).toEqual(['due', 'after yielding, at 0']);
  });

  it('holds the clock through ten thousand awaits', async () => {
    await runtime.run(async () => {
      runtime.armAt({ alarmId: -1, ring: () => undefined }, 1);
      for (let i = 0; i < 10_000; i++) await Promise.resolve();

      expect(runtime.now()).toBe(0);
    });
  });

  it('aborts a time-out signal at its time (abort-signal-timeout)', async () => {
    const signal = runtime.timeoutSignal(50);

    await runtime.advance(49.9);
    expect(signal.aborted).toBe(false);
    await runtime.advance(0.1);

    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBeInstanceOf(TimeoutError);
  });

  it('gives the same events for the same seed, others for another (seed-hash)', async () => {
    const hash = async (seed: number): Promise<number> => {
      const own = virtualRuntime({ seed, drain });
      const random = own.random('delays');
      let value = 0x811c9dc5;
      await own.run(async () => {
        const one = async (label: number): Promise<void> => {
          for (let i = 0; i < 5; i++) {
            await own.sleep(random() * 100);
            value = Math.imul(value ^ label ^ Math.round(own.now() * 1000), 0x01000193);
          }
        };
        await Promise.all(Array.from({ length: 50 }, (_, label) => one(label)));
      });
      return value;
    };

    expect(await hash(1)).toBe(await hash(1));
    expect(await hash(1)).not.toBe(await hash(2));
  });

  it('gives every request for a name a stream of its own', () => {
    const first = runtime.random('jitter');
    const second = runtime.random('jitter');
    const again = virtualRuntime({ drain }).random('jitter');

    const draws = [first(), second(), runtime.random('other')()];

    expect(new Set(draws).size).toBe(3);
    expect(again()).toBe(draws[0]);
  });

  it('says who waits for what when nothing can go on', async () => {
    runtime.enrol({ waiting: () => 'queue line: 3 waiting, 0 running' });
    runtime.enrol({ waiting: () => undefined });

    const stalled = await runtime.run(() => new Promise(() => undefined)).catch((e: unknown) => e);

    expect(stalled).toBeInstanceOf(StalledError);
    expect(stalled).toMatchObject({
      code: 'ERR_STALLED',
      waiting: ['queue line: 3 waiting, 0 running'],
    });
  });

  it('calls a program stalled though housekeeping ticks on', async () => {
    const patient = virtualRuntime({ drain, idleLimitMs: 10_000 });
    const alarm = { alarmId: -1, background: true, ring: () => patient.arm(alarm, 1000) };
    patient.arm(alarm, 1000);

    await expect(patient.run(() => new Promise(() => undefined))).rejects.toThrow(StalledError);
    expect(patient.now()).toBeLessThanOrEqual(11_000);
  });

  it('lets housekeeping wake a program', async () => {
    const woken = await runtime.run(
      () =>
        new Promise((resolve) => {
          runtime.arm({ alarmId: -1, background: true, ring: resolve }, 5_000);
        }),
    );

    expect(woken).toBe(5_000);
  });

  it('runs to idle past foreground alarms, and leaves housekeeping armed', async () => {
    let rung = 0;
    const alarm = {
      alarmId: -1,
      background: true,
      ring: () => void (rung++, runtime.arm(alarm, 10)),
    };
    runtime.arm(alarm, 10);
    void runtime.sleep(35);

    await runtime.runToIdle();

    expect([runtime.now(), rung]).toEqual([35, 3]);
  });

  it('stands still while real I/O is outside', async () => {
    const seen = await runtime.run(async () => {
      const race = runtime.sleep(1).then(() => 'sleep');
      // eslint-disable-next-line no-restricted-globals -- stands for real I/O, which virtual time must wait for
      const outside = runtime.outside(new Promise((resolve) => setTimeout(resolve, 5)));
      await outside;
      const time = runtime.now();
      return [time, await race];
    });

    expect(seen).toEqual([0, 'sleep']);
  });

  it('passes on what the program throws', async () => {
    const error = new Error('mine');

    await expect(runtime.run(() => Promise.reject(error))).rejects.toBe(error);
    await expect(
      runtime.run(() => {
        throw error;
      }),
    ).rejects.toBe(error);
  });

  it('refuses a second run inside a run', async () => {
    await expect(runtime.run(() => runtime.run(() => 1))).rejects.toThrow('already running');
  });

  it('keeps the context of AsyncLocalStorage across sleeps', async () => {
    const storage = new AsyncLocalStorage<number>();
    const seen: (number | undefined)[] = [];

    await runtime.run(() =>
      Promise.all(
        [1, 2, 3].map((id) =>
          storage.run(id, async () => {
            await runtime.sleep(10 - id);
            seen.push(storage.getStore());
          }),
        ),
      ),
    );

    expect(seen).toEqual([3, 2, 1]);
  });

  it('plays scripted process signals and dates', async () => {
    const own = virtualRuntime({ drain, wallStartMs: 1_000 });
    own.script({ eventLoopDelayMs: 80 });

    await own.advance(500);

    expect(own.signals()).toEqual({ eventLoopDelayMs: 80, cpuRatio: 0, heapRatio: 0 });
    expect(own.wallTime()).toBe(1_500);
  });
});

describe('an endless loop', () => {
  afterEach(() => vi.useRealTimers());

  it('of microtasks is stopped and named', async () => {
    const runtime = virtualRuntime({ stuckAfterMs: 100 });

    const error = await runtime
      .run(async () => {
        await runtime.sleep(7);
        for (;;) await Promise.resolve();
      })
      .catch((e: unknown) => e);

    expect(error).toBeInstanceOf(EndlessLoopError);
    expect(error).toMatchObject({ code: 'ERR_ENDLESS_LOOP', at: 7 });
  });

  it('leaves the process able to run another program', async () => {
    const stuck = virtualRuntime({ stuckAfterMs: 100 });
    await stuck
      .run(async () => {
        for (;;) await Promise.resolve();
      })
      .catch(() => undefined);

    const runtime = virtualRuntime();
    await runtime.run(() => runtime.sleep(5));

    expect(runtime.now()).toBe(5);
  });
});

describe('options of a virtual runtime', () => {
  it.each([
    [{ startMs: NaN }, 'virtualRuntime.startMs'],
    [{ stuckAfterMs: 0 }, 'virtualRuntime.stuckAfterMs'],
    [{ drain: 'fast' as never }, 'virtualRuntime.drain'],
    [{ sed: 1 } as never, 'virtualRuntime.sed'],
  ])('are refused when wrong: %o', (options, named) => {
    expect(() => virtualRuntime(options)).toThrow(named);
  });
});

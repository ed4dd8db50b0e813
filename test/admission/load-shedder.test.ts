import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/core/index.ts';
import { exponential } from '../../src/core/index.ts';
import type { LoadShedderOptions } from '../../src/admission/index.ts';
import { loadShedder } from '../../src/admission/index.ts';
import { ShedController } from '../../src/admission/shed-controller.ts';
import { Arrivals, ShedPlan } from '../../src/admission/shed-plan.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

/** A server that works off `perSecond` calls one after the other, and the age of its oldest call. */
function overloaded(perSecond: number, options: LoadShedderOptions = {}) {
  const runtime = virtualRuntime({ seed: 3 });
  const random = runtime.random('arrivals');
  let freeAt = 0;
  const queueMs = (): number => Math.max(0, freeAt - runtime.now());
  const shedder = loadShedder({
    signals: [{ name: 'queue age', target: 100, read: queueMs }],
    runtime,
    ...options,
  });
  /** Arrivals of one kind for some time; answers how many there were and how many were let in. */
  const load = async (call: Call, arrivalsPerSecond: number, seconds: number) => {
    const until = runtime.now() + seconds * 1000;
    let arrived = 0;
    let passed = 0;
    const waits: number[] = [];
    for (;;) {
      await runtime.sleep(exponential(random, 1000 / arrivalsPerSecond));
      if (runtime.now() > until) return { arrived, passed, waits };
      arrived++;
      if (!shedder.tryEnter(call).ok) continue;
      passed++;
      waits.push(queueMs());
      freeAt = Math.max(freeAt, runtime.now()) + 1000 / perSecond;
    }
  };
  return { runtime, shedder, load };
}

describe('loadShedder', () => {
  it('lets everything pass while all signals are below their targets', async () => {
    const { runtime, shedder, load } = overloaded(200);

    const { arrived, passed } = await runtime.run(() => load({}, 100, 20));

    expect(passed).toBe(arrived);
    expect(shedder.snapshot()).toMatchObject({ isShedding: false, admittedRatio: 1, refused: 0 });
  });

  it('keeps a server at three times its load busy, and its queue near the target', async () => {
    const { runtime, load } = overloaded(200);

    const [, { waits, passed }] = await runtime.run(async () => [
      await load({}, 600, 20),
      await load({}, 600, 60),
    ]);

    waits.sort((a, b) => a - b);
    expect(passed / 60).toBeGreaterThan(190);
    expect(waits[waits.length >> 1]).toBeLessThan(200);
    expect(waits[Math.floor(waits.length * 0.99)]).toBeLessThan(600);
  });

  it('ends when the load does, and does not flutter', async () => {
    const { runtime, shedder, load } = overloaded(200);
    const changes: boolean[] = [];
    shedder.on('shedding', ({ isShedding }) => changes.push(isShedding));

    await runtime.run(async () => {
      await load({}, 600, 30);
      await load({}, 150, 30);
    });

    expect(changes).toEqual([true, false]);
  });

  it('refuses the least urgent first, and says why', async () => {
    const { runtime, shedder, load } = overloaded(200);

    const [urgent, usual, batch] = await runtime.run(() =>
      Promise.all([
        load({ priority: 9 }, 60, 60),
        load({ priority: 5 }, 60, 60),
        load({ priority: 0 }, 400, 60),
      ]),
    );

    expect(urgent.passed / urgent.arrived).toBeGreaterThan(0.99);
    expect(usual.passed / usual.arrived).toBeGreaterThan(0.95);
    expect(batch.passed / batch.arrived).toBeLessThan(0.35);
    expect(batch.passed).toBeGreaterThan(0);
    const refusal = await runtime.run(async () => {
      for (;;) {
        const answer = shedder.tryEnter({ priority: -1 });
        if (!answer.ok) return answer;
      }
    });
    expect(refusal).toMatchObject({ code: 'ERR_OVERLOADED', retryAfterMs: 100 });
    expect(refusal.message).toMatch(/shedding \d+ % of the load: queue age is at/);
  });

  it('gives each tenant its fair share, however much one asks for', async () => {
    const { runtime, load } = overloaded(200);

    const [greedy, a, b] = await runtime.run(() =>
      Promise.all([
        load({ tenant: 'greedy' }, 900, 60),
        load({ tenant: 'a' }, 40, 60),
        load({ tenant: 'b' }, 80, 60),
      ]),
    );

    // Fair of 200: a has all its 40, b its 80 or nearly, and the greedy one what is left.
    expect(a.passed / a.arrived).toBeGreaterThan(0.95);
    expect(b.passed / b.arrived).toBeGreaterThan(0.85);
    expect(greedy.passed / 60).toBeGreaterThan(60);
  });

  it.each([
    ['eventLoopDelayMs', 'event loop delay', { eventLoopDelayMs: 90 }],
    ['heapRatio', 'heap', { heapRatio: 0.95 }],
    ['cpuRatio', 'cpu', { cpuRatio: 1.5 }],
  ])('watches the process: %s', async (_option, signal, script) => {
    const runtime = virtualRuntime();
    const shedder = loadShedder({
      process: { eventLoopDelayMs: 30, heapRatio: 0.9, cpuRatio: 0.8 },
      runtime,
    });
    shedder.tryEnter();
    runtime.script(script);

    await runtime.run(async () => {
      for (let i = 0; i < 50; i++) {
        await runtime.sleep(100);
        shedder.tryEnter();
      }
    });

    expect(shedder.snapshot()).toMatchObject({ isShedding: true, pressure: { signal } });
    expect(shedder.snapshot().refused).toBeGreaterThan(0);
  });

  it('forgets an overload of long ago', async () => {
    const { runtime, shedder, load } = overloaded(200);

    await runtime.run(async () => {
      await load({}, 900, 20);
      expect(shedder.snapshot().isShedding).toBe(true);
      await runtime.sleep(600_000);
      expect(shedder.tryEnter().ok).toBe(true);
    });

    expect(shedder.snapshot()).toMatchObject({ isShedding: false, admittedRatio: 1 });
  });

  it('lets the exempt pass, and everybody in a dry run', async () => {
    const { runtime, shedder, load } = overloaded(200, {
      dryRun: true,
      exempt: ({ key }) => key === 'health',
    });

    const { arrived, passed } = await runtime.run(() => load({}, 600, 20));
    shedder.tryEnter({ key: 'health' });

    expect(passed).toBe(arrived);
    expect(shedder.snapshot()).toMatchObject({ refused: 0, exempted: 1 });
    expect(shedder.snapshot().wouldRefuse).toBeGreaterThan(arrived / 4);
  });

  it.each([
    ['intervalMs', { intervalMs: 0 }],
    ['leastRatio', { leastRatio: 0 }],
    ['calmRatio', { calmRatio: 2 }],
    ['integral', { integral: 0 }],
    ['proportional', { proportional: -1 }],
    ['process.heapRatio', { process: { heapRatio: 0 } }],
    ['process.ram', { process: { ram: 1 } }],
    ['signals[0].target', { signals: [{ name: 'x', target: 0, read: () => 1 }] }],
    ['signals[0].read', { signals: [{ name: 'x', target: 1, read: 5 }] }],
  ])('refuses a wrong %s', (option, wrong) => {
    expect(() => loadShedder(wrong as object)).toThrow(`loadShedder.${option}`);
  });
});

describe('ShedController', () => {
  const tuning = { integral: 0.2, proportional: 0.5, leastRatio: 0.05, calmRatio: 0.7 };

  it('keeps what it lets in between its least and everything, whatever it is shown', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e9, noNaN: true })), (pressures) => {
        const controller = new ShedController(tuning);
        for (const pressure of pressures) {
          controller.step(pressure);
          expect(controller.admittedRatio).toBeGreaterThanOrEqual(0.05);
          expect(controller.admittedRatio).toBeLessThanOrEqual(1);
          if (!controller.isShedding) expect(controller.admittedRatio).toBe(1);
        }
      }),
    );
  });

  it('begins above the target and ends well below, not in between', () => {
    const controller = new ShedController(tuning);
    const after = (pressure: number, steps: number): boolean => {
      for (let i = 0; i < steps; i++) controller.step(pressure);
      return controller.isShedding;
    };

    expect([after(0.99, 5), after(1.01, 1), after(0.8, 100), after(0.6, 9), after(0.6, 1)]).toEqual(
      [false, true, true, true, false],
    );
  });
});

describe('ShedPlan', () => {
  const counts = fc.array(
    fc.record({
      priority: fc.integer({ min: -2, max: 2 }),
      tenant: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      times: fc.integer({ min: 1, max: 40 }),
    }),
    { minLength: 1, maxLength: 20 },
  );

  it('lets the admitted share pass to the call, the urgent first, no tenant beyond its fair share', () => {
    fc.assert(
      fc.property(counts, fc.double({ min: 0.01, max: 1, noNaN: true }), (rows, ratio) => {
        const arrivals = new Arrivals();
        const asked = new Map<string, number>();
        for (const { priority, tenant, times } of rows) {
          const cell = `${priority}/${tenant}`;
          asked.set(cell, (asked.get(cell) ?? 0) + times);
          for (let i = 0; i < times; i++) arrivals.add(priority, tenant);
        }

        const plan = ShedPlan.of(arrivals, ratio);

        const cells = [...asked].map(([cell, count]) => {
          const [priority, tenant] = cell.split('/') as [string, string];
          const given = count * plan.chanceOf(Number(priority), tenant);
          return { priority: Number(priority), count, given };
        });
        const given = cells.reduce((sum, cell) => sum + cell.given, 0);
        expect(given).toBeCloseTo(ratio * arrivals.total, 6);
        const edge = cells.filter(({ priority }) => priority === plan.edge);
        const most = Math.max(0, ...edge.map((cell) => cell.given));
        for (const cell of edge) {
          if (cell.given < cell.count - 1e-9) expect(cell.given).toBeCloseTo(most, 6);
        }
      }),
    );
  });

  it('bounds what it remembers, and treats the many it does not know alike', () => {
    const arrivals = new Arrivals();
    for (let i = 0; i < 20_000; i++) arrivals.add(i % 200, `tenant ${i}`);

    const cells = [...arrivals.levels.values()].reduce((sum, { tenants }) => sum + tenants.size, 0);

    expect(arrivals.levels.size).toBe(64);
    expect(cells).toBeLessThanOrEqual(64 * 4097);
    expect(ShedPlan.of(arrivals, 0.5).chanceOf(-5, 'anybody')).toBe(0);
  });
});

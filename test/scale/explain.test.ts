import { describe, expect, it } from 'vitest';
import type { Controller, ControllerOptions, ScalingEngine } from '../../src/scale/index.ts';
import {
  controller,
  explain,
  rateLimits,
  scalingEngine,
  stabilisation,
  targetTracking,
  whatIf,
} from '../../src/scale/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

function engineOf(tolerance: number): ScalingEngine {
  return scalingEngine({
    bounds: { min: 1, max: 50 },
    policies: {
      cpu: targetTracking({ metric: 'cpu', target: 0.7, tolerance: { out: tolerance } }),
    },
    stages: [stabilisation(), rateLimits({ out: { rates: [{ units: 2, periodMs: 60_000 }] } })],
  });
}

interface Fixture {
  readonly runtime: VirtualRuntime;
  readonly scaler: Controller;
  readonly load: { cpu: number };
  readonly fleet: { units: number; ready: number };
}

function start(engine: ScalingEngine, more: Partial<ControllerOptions> = {}): Fixture {
  const runtime = virtualRuntime();
  const load = { cpu: 0.7 };
  const fleet = { units: 10, ready: 10 };
  const scaler = controller({
    engine,
    sources: { cpu: { read: () => load.cpu } },
    actuator: {
      current: () => ({ current: fleet.units, ready: fleet.ready }),
      apply: (units) => {
        fleet.units = units;
        fleet.ready = Math.min(fleet.ready, units);
      },
    },
    everyMs: 10_000,
    unitPerHour: 0.5,
    runtime,
    ...more,
  });
  return { runtime, scaler, load, fleet };
}

describe('explain', () => {
  it('tells each step, the limit, when it ends, and what others would have done', async () => {
    const { runtime, scaler, load } = start(engineOf(0));
    load.cpu = 0.98;
    await runtime.advance(10_000);

    const [record] = scaler.recent();
    const text = explain(record as NonNullable<typeof record>, {
      'with tolerance 0.5': engineOf(0.5),
    });

    expect(text.split('\n')).toEqual([
      '10.0 s: 10 -> 12',
      '  policy cpu  10 -> 14    cpu 0.98 against 0.7',
      '  rateLimits  14 -> 12    at most to 12 in this period',
      '  limited by rateLimits',
      '  with tolerance 0.5: 10',
    ]);
  });

  it('says when a limit may let go', async () => {
    const { runtime, scaler, load } = start(engineOf(0));
    load.cpu = 0.98;
    await runtime.advance(20_000);

    const text = explain(scaler.recent()[1] as never);

    expect(text).toContain('limited by rateLimits, may move on at 70.0 s');
  });

  it('shows a mode that holds a decision back, and a policy without opinion', async () => {
    const engine = engineOf(0);
    const { runtime, scaler, load } = start(
      scalingEngine({
        bounds: engine.bounds,
        mode: 'recommend',
        policies: {
          cpu: targetTracking({ metric: 'cpu', target: 0.7 }),
          memory: targetTracking({ metric: 'memory', target: 0.7 }),
        },
      }),
    );
    load.cpu = 0.98;
    await runtime.advance(10_000);

    const text = explain(scaler.recent()[0] as never);

    expect(text).toContain('stays 10');
    expect(text).toContain('no opinion  memory: no reading');
    expect(text).toContain('mode recommend: 14 is recommended');
  });

  it('asks what another engine would do from the state at that time', async () => {
    const { runtime, scaler, load } = start(engineOf(0));
    load.cpu = 0.5;
    await runtime.advance(310_000);
    const record = scaler.recent().at(-1) as NonNullable<ReturnType<Controller['recent']>[0]>;

    expect(whatIf(record, engineOf(0))).toEqual(record.decision);
  });
});

describe('the figures of a controller', () => {
  it('tell how often, how fast and to what effect the fleet was scaled', async () => {
    const { runtime, scaler, load, fleet } = start(engineOf(0));
    await runtime.advance(60_000);
    load.cpu = 0.84; // twelve are wanted
    await runtime.advance(10_000);
    load.cpu = 0.7;
    await runtime.advance(20_000);
    fleet.ready = 12;

    await runtime.advance(60_000);

    const series = scaler.snapshot();
    expect(series).toMatchObject({ decisions: 15, scaleOuts: 1, scaleIns: 0, effectiveness: 1 });
    expect(series.meanScaleOutMs).toBe(30_000); // seen at the third tick after
    expect(series.changesPerHour).toBeCloseTo(3600 / 140, 6);
    expect(series.accuracy).toBeGreaterThan(0.9);
    expect(series.costPerHour).toBe(6);
    // Ten units for a minute, twelve for eighty seconds.
    expect(series.unitHours).toBeCloseTo((10 * 60 + 12 * 80) / 3600, 6);
    expect(series.cost).toBeCloseTo(series.unitHours / 2, 9);
    expect(series.availability).toBe(0); // twelve were called for, ten were ready
  });

  it('tell whether enough units were ready while it scaled', async () => {
    const { runtime, scaler, load } = start(engineOf(0));
    load.cpu = 0.84; // twelve are wanted
    await runtime.advance(20_000);
    load.cpu = 0.6; // nine would do, and ten are ready
    await runtime.advance(30_000);

    expect(scaler.snapshot().availability).toBeCloseTo(1 / 2, 6);
  });

  it('count a step that turned out too small as without effect', async () => {
    const { runtime, scaler, load } = start(engineOf(0));
    load.cpu = 1.4;

    await runtime.advance(60_000);

    expect(scaler.snapshot().effectiveness).toBe(0);
    expect(scaler.snapshot().accuracy).toBeLessThan(0.2);
  });

  it('tell span by span what goes on now, and add up to the whole', async () => {
    const { runtime, scaler, load, fleet } = start(engineOf(0));
    await runtime.advance(70_000);
    load.cpu = 0.84; // twelve are wanted
    await runtime.advance(10_000);
    load.cpu = 0.7;
    fleet.ready = 12;

    await runtime.advance(110_000);

    const points = scaler.series();
    expect(points.map(({ at }) => at)).toEqual([70_000, 130_000, 190_000]);
    expect(points.map(({ scaleOuts }) => scaleOuts)).toEqual([0, 1, 0]);
    expect(points.map(({ changesPerHour }) => changesPerHour)).toEqual([0, 60, 0]);
    expect(points.map(({ fleet: { current } }) => current)).toEqual([10, 12, 12]);
    expect(points[1]?.meanScaleOutMs).toBe(10_000);
    expect(points[2]?.meanScaleOutMs).toBeNaN();
    const hours = points.reduce((sum, { unitHours }) => sum + unitHours, 0);
    expect(hours).toBeCloseTo(scaler.snapshot().unitHours, 9);
  });

  it('count no change, and pay no unit, that the actuator did not take', async () => {
    const runtime = virtualRuntime();
    const scaler = controller({
      engine: engineOf(0),
      sources: { cpu: { read: () => 1.4 } },
      actuator: { current: () => 10, apply: () => Promise.reject(new Error('no quota')) },
      everyMs: 10_000,
      unitPerHour: 1,
      runtime,
    });

    await runtime.advance(70_000);

    expect(scaler.snapshot()).toMatchObject({ decisions: 7, scaleOuts: 0, costPerHour: 10 });
    expect(scaler.snapshot().unitHours).toBeCloseTo(10 / 60, 9);
    expect(runtime.faults).toHaveLength(7);
    await scaler.close();
  });

  it('keep no more points than asked for', async () => {
    const { runtime, scaler } = start(engineOf(0), { pointMs: 10_000, keep: 3 });

    await runtime.advance(100_000);

    expect(scaler.series().map(({ at }) => at)).toEqual([80_000, 90_000, 100_000]);
  });

  it('are not numbers before there is anything to tell', () => {
    const { scaler } = start(engineOf(0));

    expect(scaler.snapshot()).toMatchObject({ decisions: 0, accuracy: NaN, availability: NaN });
  });
});

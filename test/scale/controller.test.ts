import { describe, expect, it } from 'vitest';
import type { Actuator, Controller, Source } from '../../src/scale/index.ts';
import { backlog, controller, scalingEngine } from '../../src/scale/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

interface Fixture {
  readonly runtime: VirtualRuntime;
  readonly scaler: Controller;
  readonly applied: [number, number][];
  readonly load: { backlog: number };
}

function start(parts: { source?: Source; actuator?: Partial<Actuator> } = {}): Fixture {
  const runtime = virtualRuntime();
  const load = { backlog: 0 };
  const applied: [number, number][] = [];
  let units = 2;
  const scaler = controller({
    engine: scalingEngine({
      bounds: { min: 2, max: 50 },
      policies: { queue: backlog({ backlog: 'queue', serviceMs: 1_000, drainMs: 10_000 }) },
    }),
    sources: { queue: parts.source ?? { read: () => load.backlog } },
    actuator: {
      current: () => units,
      apply: (wanted) => {
        applied.push([runtime.now(), wanted]);
        units = wanted;
      },
      ...parts.actuator,
    },
    runtime,
  });
  return { runtime, scaler, applied, load };
}

describe('controller', () => {
  it('grows the fleet on its tick when work piles up', async () => {
    const { runtime, applied, load } = start();
    load.backlog = 140;

    await runtime.advance(25_000);

    expect(applied).toEqual([
      [5_000, 6],
      [20_000, 12],
    ]);
  });

  it('records each decision with what it was made from', async () => {
    const { runtime, scaler, load } = start();
    load.backlog = 140;

    await runtime.advance(10_000);

    expect(scaler.recent().map(({ decision }) => decision.desired)).toEqual([6, 6]);
    expect(scaler.recent()[1]?.observations.metrics).toEqual({ queue: 140 });
  });

  it.each<[string, Source]>([
    [
      'throws',
      {
        read: () => {
          throw new Error('down');
        },
      },
    ],
    ['rejects', { read: () => Promise.reject(new Error('down')) }],
    ['hangs', { read: () => new Promise<number>(() => undefined) }],
    ['answers NaN', { read: () => NaN }],
    ['answers nothing', { read: () => undefined }],
  ])('leaves the fleet as it is when a source %s', async (_, source) => {
    const { runtime, applied, scaler } = start({ source });

    await runtime.advance(30_000);

    expect(applied).toEqual([]);
    expect(scaler.recent().length).toBeGreaterThan(0);
  });

  it.each([NaN, -1, undefined])(
    'asks for nothing while the actuator counts %s units',
    async (current) => {
      const { runtime, applied } = start({ actuator: { current: () => current as number } });

      await runtime.advance(10_000);

      expect(applied).toEqual([]);
      expect(runtime.faults.map(({ error }) => error)).toEqual([
        expect.objectContaining({ code: 'ERR_OPTION', option: 'fleet' }),
        expect.objectContaining({ code: 'ERR_OPTION', option: 'fleet' }),
      ]);
    },
  );

  it('reports an actuator that fails, and tries again', async () => {
    let failures = 0;
    const apply = (): void => {
      failures++;
      throw new Error('no quota');
    };
    const { runtime, load } = start({ actuator: { apply } });
    load.backlog = 140;

    await runtime.advance(10_000);

    expect(failures).toBe(2);
    expect(runtime.faults.map(({ origin }) => origin)).toEqual(['controller', 'controller']);
  });

  it('never lets ticks overlap', async () => {
    let asked = 0;
    const current = (): Promise<number> => {
      asked++;
      return runtime.sleep(4_000).then(() => 2);
    };
    const { runtime, scaler } = start({ actuator: { current } });

    const [first, second] = [scaler.tick(), scaler.tick()];
    await runtime.advance(4_500);

    expect(first).toBe(second);
    expect(asked).toBe(1);
  });

  it('keeps no virtual run alive, and stops when closed', async () => {
    const { runtime, scaler, applied, load } = start();
    await runtime.runToIdle();
    expect(runtime.now()).toBe(0);
    await scaler.close();
    await scaler.close();
    load.backlog = 140;

    await runtime.advance(60_000);

    expect(applied).toEqual([]);
    expect(await scaler.tick()).toBeUndefined();
  });

  it('hands its state over to another controller', async () => {
    const { runtime, scaler, load } = start();
    load.backlog = 140;
    await runtime.advance(5_000);

    expect(scaler.state()?.changes).toEqual([{ at: 5_000, from: 2, to: 6 }]);
  });

  it('emits what it decides and what it has carried out', async () => {
    const { runtime, scaler, load } = start();
    const seen: string[] = [];
    scaler.on('decided', () => seen.push('decided'));
    scaler.on('applied', ({ desired }) => seen.push(`applied ${desired}`));
    load.backlog = 140;

    await runtime.advance(5_000);

    expect(seen).toEqual(['decided', 'applied 6']);
  });

  it.each([{ everyMs: 0 }, { everyMs: NaN }, { keep: 0 }, { answerMs: -1 }])(
    'refuses %j',
    (options) => {
      const engine = scalingEngine({
        bounds: { min: 1, max: 2 },
        policies: { queue: backlog({ backlog: 'queue', serviceMs: 1 }) },
      });
      const actuator = { current: () => 1, apply: () => undefined };

      expect(() => controller({ engine, sources: {}, actuator, ...options })).toThrow(
        expect.objectContaining({ code: 'ERR_OPTION' }),
      );
    },
  );
});

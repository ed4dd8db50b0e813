import { describe, expect, it } from 'vitest';
import type { LoadShedder, LoadSignal } from '../../src/admission/index.ts';
import { loadShedder } from '../../src/admission/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { steppedRuntime } from '../admission/stepped-runtime.ts';

const signal = (read: () => number): LoadSignal => ({ name: 'queue age', target: 100, read });

/** How many of `count` calls, one every 5 ms, are refused. */
async function refusedOf(
  runtime: ReturnType<typeof virtualRuntime>,
  shedder: LoadShedder,
  count: number,
): Promise<number> {
  let refused = 0;
  await runtime.run(async () => {
    for (let i = 0; i < count; i++) {
      if (!shedder.tryEnter().ok) refused++;
      await runtime.sleep(5);
    }
  });
  return refused;
}

describe('loadShedder', () => {
  it('lets calls pass though a signal throws, and reports it once until it reads well again', async () => {
    const runtime = virtualRuntime();
    let isBroken = true;
    const read = (): number => {
      if (isBroken) throw new Error('a fault of the user');
      return 1;
    };
    const shedder = loadShedder({ signals: [signal(read)], runtime });

    const refused = await refusedOf(runtime, shedder, 100);
    isBroken = false;
    await refusedOf(runtime, shedder, 100);
    isBroken = true;
    await refusedOf(runtime, shedder, 100);

    expect(refused).toBe(0);
    expect(runtime.faults.map(({ origin }) => origin)).toEqual([
      "signal 'queue age'",
      "signal 'queue age'",
    ]);
  });

  it('goes on looking when the clock has gone back', () => {
    const runtime = steppedRuntime();
    let readings = 0;
    const shedder = loadShedder({ signals: [signal(() => readings++)], runtime });

    for (const now of [10_000, 0, 200, 400]) {
      runtime.set(now);
      shedder.tryEnter();
    }

    expect(readings).toBe(3);
  });

  it.each([Number.NaN, 'high', null])('refuses a priority that is no number: %j', (priority) => {
    const shedder = loadShedder({ runtime: virtualRuntime() });

    expect(() => shedder.tryEnter({ priority: priority as number })).toThrow('call.priority');
  });

  it.each([
    ['process', null],
    ['process.heapRatio', { heapRatio: 5 }],
    ['signals', null],
    ['signals', 'queue age'],
    ['signals[0]', [null]],
    ['signals[0].traget', [{ ...signal(() => 1), traget: 2 }]],
  ])('refuses a wrong %s', (option, value) => {
    const [name = ''] = option.split(/[.[]/);
    const error = expect.objectContaining({ option: `loadShedder.${option}` }) as Error;

    expect(() => loadShedder({ [name]: value })).toThrow(error);
  });
});

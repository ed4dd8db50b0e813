import { describe, expect, it } from 'vitest';
import { pool } from '../../src/pool/index.ts';
import { backlog, controller, poolActuator, scalingEngine } from '../../src/scale/index.ts';
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

import type { WorkCall } from 'tenfold';
import { timeout } from 'tenfold';
import { virtualRuntime, type VirtualRuntime } from 'tenfold/sim';
import { describe, expect, it } from 'vitest';
import { type Backend, backend, GATEWAY_LIMIT_MS } from '../../examples/demo/backend.ts';
import { MODEL_SPEEDS, speedAtBatch } from '../../examples/demo/service-time.ts';

const speed = MODEL_SPEEDS.h100;
const call: WorkCall = { signal: new AbortController().signal, attempt: 1 };

async function timed(runtime: VirtualRuntime, answer: Promise<unknown>): Promise<number> {
  const start = runtime.now();
  await answer;
  return runtime.now() - start;
}

function scene(machines: number, bad?: { from: number; to: number }): [VirtualRuntime, Backend] {
  const runtime = virtualRuntime();
  return [runtime, backend(runtime, { speed, machines, bad })];
}

describe('the backend', () => {
  it('takes the published time at the reference batch', async () => {
    const [runtime, model] = scene(1);
    const calls = Array.from({ length: 16 }, () => timed(runtime, model.answer(5_000, call)));

    await runtime.run(async () => {
      for (const took of await Promise.all(calls)) expect(took).toBeCloseTo(5_000, 6);
    });
  });

  it('slows every call down as published when a machine has more of them', async () => {
    const [runtime, model] = scene(0.25);

    // 16 calls on a quarter of a machine are a batch of 64.
    const took = await runtime.run(async () => {
      const calls = Array.from({ length: 16 }, () => timed(runtime, model.answer(5_000, call)));
      return Promise.all(calls);
    });

    for (const ms of took) expect(ms).toBeCloseTo((5_000 * 50.2) / 34.2, 6);
  });

  it('lets calls beyond the largest measured batch only share what there is', () => {
    expect(speedAtBatch(speed, 128)).toBeCloseTo(speedAtBatch(speed, 64) / 2, 12);
    expect(speedAtBatch(speed, 1)).toBeCloseTo(34.2 / 29.8, 12);
  });

  it('speeds up again for those who stay when others leave', async () => {
    const [runtime, model] = scene(0.25);

    const [short, long] = await runtime.run(() =>
      Promise.all([
        timed(runtime, Promise.all(Array.from({ length: 15 }, () => model.answer(1_000, call)))),
        timed(runtime, model.answer(2_000, call)),
      ]),
    );

    const alone = speedAtBatch(speed, 1 / 0.25);
    expect(long - short).toBeCloseTo(1_000 / alone, 6);
  });

  it('keeps a tenth of its machines in the bad interval, and all of them after it', async () => {
    const [runtime, model] = scene(10, { from: 1_000, to: 20_000 });

    await runtime.run(async () => {
      const calls = (n: number): Promise<number> =>
        timed(runtime, Promise.all(Array.from({ length: n }, () => model.answer(500, call))));
      expect(await calls(160)).toBeCloseTo(500, 6);
      await runtime.sleep(1_500);
      expect(await calls(160)).toBeCloseTo(500 / speedAtBatch(speed, 160), 6);
      await runtime.sleep(20_000);
      expect(await calls(160)).toBeCloseTo(500, 6);
    });
  });

  it('answers with a 504 after a minute', async () => {
    const [runtime, model] = scene(0.01);

    await runtime.run(async () => {
      const slow = Array.from({ length: 16 }, () => model.answer(30_000, call));
      const outcomes = await Promise.allSettled(slow);
      expect(runtime.now()).toBe(GATEWAY_LIMIT_MS);
      expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    });
  });

  it('lets go of a call that is given up, to the good of the others', async () => {
    const [runtime, model] = scene(1 / 16);
    const limit = timeout({ ms: 1_000, runtime });

    await runtime.run(async () => {
      const hasty = limit.run((inner) => model.answer(50_000, inner)).catch((e: Error) => e.name);
      const patient = timed(runtime, model.answer(2_000, call));

      expect(await hasty).toBe('TimeoutError');
      const shared = 1_000 * speedAtBatch(speed, 32);
      expect(await patient).toBeCloseTo(1_000 + 2_000 - shared, 6);
    });
  });
});

import { describe, expect, it } from 'vitest';
import type { ClientThrottle } from '../../src/admission/index.ts';
import { clientThrottle } from '../../src/admission/index.ts';
import type { Pass } from '../../src/core/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

/** Sends `count` calls at once and says how many reached the backend. */
async function burst(
  throttle: ClientThrottle,
  count: number,
  answer: () => Promise<void>,
): Promise<number> {
  let reached = 0;
  const call = () =>
    throttle.run(() => {
      reached++;
      return answer();
    });
  await Promise.allSettled(Array.from({ length: count }, call));
  return reached;
}

// Calls were counted when they began: those under way looked refused, and 170 of the first 200 were.
describe('clientThrottle', () => {
  it('keeps nobody from a healthy backend that takes its time', async () => {
    const runtime = virtualRuntime({ seed: 3 });
    const throttle = clientThrottle({ runtime });
    const slow = () => runtime.sleep(30_000);

    const reached = await runtime.run(async () => [
      await burst(throttle, 200, slow),
      await burst(throttle, 2000, slow),
    ]);

    expect(reached).toEqual([200, 2000]);
  });

  it('keeps most of a burst from a backend that refuses, before any of it is answered', async () => {
    const runtime = virtualRuntime({ seed: 3 });
    const throttle = clientThrottle({ runtime });
    const refuse = async () => {
      await runtime.sleep(50);
      throw new Error('busy');
    };

    const reached = await runtime.run(async () => [
      await burst(throttle, 50, refuse),
      await burst(throttle, 1000, refuse),
    ]);

    expect(reached[0]).toBe(50);
    expect(reached[1]).toBeLessThan(200);
  });

  it('never counts fewer calls than none, however late they are given up', async () => {
    const runtime = virtualRuntime();
    const throttle = clientThrottle({ windowMs: 1000, runtime });
    const passes = Array.from({ length: 20 }, () => throttle.tryEnter() as Pass);

    await runtime.run(() => runtime.sleep(5000));
    for (const pass of passes) pass.done('cancelled');

    expect(throttle.snapshot()).toMatchObject({ calls: 0, accepted: 0 });
  });

  it('reports a classifier that throws, and counts nothing', () => {
    const runtime = virtualRuntime();
    const throttle = clientThrottle({
      isAccepted: () => {
        throw new Error('a fault of the user');
      },
      runtime,
    });

    (throttle.tryEnter() as Pass).done('success');

    expect(throttle.snapshot().calls).toBe(0);
    expect(runtime.faults.map(({ origin }) => origin)).toEqual(['clientThrottle: isAccepted']);
  });
});

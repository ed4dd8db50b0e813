import { describe, expect, it } from 'vitest';
import type { Actuator, ScalingPolicy } from '../../src/scale/index.ts';
import { backlog, controller, scalingEngine, targetTracking } from '../../src/scale/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

interface Outcome {
  /** When the first change was asked for, and when all units were ready, in seconds. */
  readonly reactedAt: number;
  readonly readyAt: number;
}

/** A load that steps from one unit's worth to so many at once, under all defaults of the engine. */
async function afterStep(
  policy: ScalingPolicy,
  options: { from: number; to: number; startUpMs: number },
): Promise<Outcome> {
  const { from, to, startUpMs } = options;
  const runtime = virtualRuntime();
  const asked: { at: number; units: number }[] = [{ at: -Infinity, units: from }];
  let waiting = 0;
  let passedAt = 0;
  const readyNow = (): number =>
    asked.findLast(({ at }) => at + startUpMs <= runtime.now())?.units ?? from;
  /** A call takes a slot a second; `to` calls a second arrive. */
  const work = (): void => {
    const seconds = (runtime.now() - passedAt) / 1000;
    passedAt = runtime.now();
    waiting = Math.max(0, waiting + (to - readyNow()) * seconds);
  };
  const actuator: Actuator = {
    current: () => ({ current: asked.at(-1)?.units ?? from, ready: readyNow() }),
    apply: (units) => void asked.push({ at: runtime.now(), units }),
  };
  const scaler = controller({
    engine: scalingEngine({ bounds: { min: 1, max: to }, policies: { policy } }),
    sources: {
      arrivals: { read: () => to },
      backlog: {
        read: () => {
          work();
          return waiting;
        },
      },
      running: { read: () => Math.min(readyNow(), to) },
    },
    actuator,
    runtime,
  });
  while (readyNow() < to && runtime.now() < 3_600_000) await runtime.advance(1_000);
  await scaler.close();
  return { reactedAt: (asked[1]?.at ?? NaN) / 1000, readyAt: runtime.now() / 1000 };
}

const signals: Readonly<Record<string, ScalingPolicy>> = {
  arrivals: targetTracking({ metric: 'arrivals', of: 'total', target: 1 }),
  backlog: backlog({ backlog: 'backlog', running: 'running', serviceMs: 1_000, utilisation: 1 }),
};

describe.each(Object.entries(signals))('a step in load, seen by its %s', (_, policy) => {
  it.each([15_000, 60_000, 120_000])(
    'is met with 1,000 units within five minutes when they take %d ms to start',
    async (startUpMs) => {
      const { readyAt } = await afterStep(policy, { from: 1, to: 1_000, startUpMs });

      expect(readyAt).toBeLessThanOrEqual(300);
    },
  );

  it('of ten times is answered within 30 s, and met within two minutes', async () => {
    const { reactedAt, readyAt } = await afterStep(policy, { from: 3, to: 30, startUpMs: 60_000 });

    expect(reactedAt).toBeLessThanOrEqual(30);
    expect(readyAt).toBeLessThanOrEqual(120);
  });
});

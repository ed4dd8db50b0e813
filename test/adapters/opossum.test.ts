/**
 * What every breaker of ours promises as a policy, on our own and on opossum's behind the adapter; and
 * ours seen as opossum's metrics packages see one.
 */

import CircuitBreaker from 'opossum';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { opossumAction, opossumCircuit, opossumPolicy } from '../../src/adapters/index.ts';
import { circuitBreaker } from '../../src/breaker/index.ts';
import type { Policy, Runtime } from '../../src/core/index.ts';
import { systemRuntime } from '../../src/core/index.ts';
import { compose, retry, timeout } from '../../src/policy/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

interface Scene {
  /** A breaker that opens when half of at least four calls failed, for 1 s, and waits 100 ms for answers. */
  readonly make: () => Policy;
  readonly sleep: (ms: number) => Promise<void>;
  /** Runs `scene` while time passes by itself. */
  readonly play: <T>(scene: () => Promise<T>) => Promise<T>;
  readonly close: () => void;
}

/** opossum on the clock of vitest. */
function rival(): Scene {
  const opened: { shutdown: () => void }[] = [];
  return {
    make: () => {
      const breaker = new CircuitBreaker(opossumAction, {
        name: 'opossum',
        timeout: 100,
        errorThresholdPercentage: 49,
        volumeThreshold: 4,
        resetTimeout: 1_000,
      });
      opened.push(breaker);
      // The clock opossum reads, which is vitest's in here.
      const runtime: Runtime = Object.assign(Object.create(systemRuntime()) as Runtime, {
        now: () => Date.now(),
      });
      return opossumPolicy(breaker, { runtime });
    },
    // eslint-disable-next-line no-restricted-globals -- opossum knows no runtime; this is the clock of vitest
    sleep: (ms) => new Promise((wake) => setTimeout(wake, ms)),
    play: async (scene) => {
      let isOver = false;
      const playing = scene().finally(() => (isOver = true));
      while (!isOver) await vi.advanceTimersByTimeAsync(1);
      return playing;
    },
    close: () => opened.forEach((breaker) => breaker.shutdown()),
  };
}

function ours(): Scene {
  const runtime = virtualRuntime();
  return {
    make: () =>
      compose(
        circuitBreaker({
          failureRatio: 0.5,
          minimumCalls: 4,
          openMs: 1_000,
          openJitterRatio: 0,
          runtime,
        }),
        timeout({ ms: 100, runtime }),
      ),
    sleep: (ms) => runtime.sleep(ms),
    play: (scene) => runtime.run(scene),
    close: () => undefined,
  };
}

const broken = async (): Promise<never> => Promise.reject(new Error('backend down'));

describe.each([
  ['an opossum breaker', rival],
  ['our breaker', ours],
])('%s as a policy', (_name, makeScene) => {
  let scene: Scene;
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
    });
    scene = makeScene();
  });
  afterEach(() => {
    scene.close();
    vi.useRealTimers();
  });

  const open = async (policy: Policy): Promise<void> => {
    for (let i = 0; i < 4; i++) await policy.run(broken).catch(() => undefined);
  };

  it('answers with what the work returns or throws, be it sync or async', async () => {
    await scene.play(async () => {
      const policy = scene.make();

      await expect(policy.run(async () => 'later')).resolves.toBe('later');
      await expect(policy.run(() => 'at once')).resolves.toBe('at once');
      await expect(policy.run(broken)).rejects.toThrow('backend down');
      await expect(
        policy.run(() => {
          throw new Error('thrown at once');
        }),
      ).rejects.toThrow('thrown at once');
    });
  });

  it('hands the work the call', async () => {
    await scene.play(async () => {
      const call = { tenant: 'acme', priority: 3, cost: { tokens: 5 } };

      await expect(scene.make().run(async (seen) => seen.tenant, call)).resolves.toBe('acme');
    });
  });

  it('refuses when it is open, says when to come again, and runs nothing', async () => {
    await scene.play(async () => {
      const policy = scene.make();
      const work = vi.fn(async () => 'answer');
      await open(policy);
      await scene.sleep(300);

      const error: unknown = await policy.run(work).catch((thrown: unknown) => thrown);

      expect(error).toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
      expect((error as { retryAfterMs: number }).retryAfterMs).toBeCloseTo(700, -1);
      expect(work).not.toHaveBeenCalled();
    });
  });

  it('lets a call through when its time is over, and closes if that goes well', async () => {
    await scene.play(async () => {
      const policy = scene.make();
      await open(policy);
      await scene.sleep(1_001);

      await expect(policy.run(async () => 'well again')).resolves.toBe('well again');
    });
  });

  it('answers with a time-out and aborts the signal of the work', async () => {
    await scene.play(async () => {
      let signal: AbortSignal | undefined;

      const running = scene.make().run(async (call) => {
        signal = call.signal;
        await scene.sleep(10_000);
      });

      await expect(running).rejects.toMatchObject({ code: 'ERR_TIMEOUT', limitMs: 100 });
      expect(signal?.aborted).toBe(true);
    });
  });

  it("answers a caller's abort at once with its reason, and tells the work", async () => {
    await scene.play(async () => {
      const controller = new AbortController();
      const reason = new Error('user left');
      let signal: AbortSignal | undefined;

      const running = scene.make().run(
        async (call) => {
          signal = call.signal;
          await scene.sleep(50);
        },
        { signal: controller.signal },
      );
      await scene.sleep(10);
      controller.abort(reason);

      await expect(running).rejects.toBe(reason);
      expect(signal?.reason).toBe(reason);
      await scene.sleep(100);
    });
  });

  it('passes on an error of the work that has a code like one of its own', async () => {
    await scene.play(async () => {
      const socket = Object.assign(new Error('connect'), { code: 'ETIMEDOUT' });

      await expect(scene.make().run(() => Promise.reject(socket))).rejects.toBe(socket);
    });
  });
});

describe('an opossum breaker as a policy', () => {
  it('turns its own refusals into ours: full, shut down', async () => {
    const breaker = new CircuitBreaker(opossumAction, {
      name: 'small',
      capacity: 1,
      timeout: false,
    });
    const policy = opossumPolicy(breaker);
    let answer = (): void => undefined;
    const held = policy.run(() => new Promise<void>((resolve) => (answer = resolve)));
    await Promise.resolve();

    await expect(policy.run(async () => 'second')).rejects.toMatchObject({
      code: 'ERR_CONCURRENCY_LIMITED',
      policy: 'small',
    });
    answer();
    await held;
    breaker.shutdown();
    await expect(policy.run(async () => 'third')).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('stands in a composition: its refusal is not tried again before its time', async () => {
    const breaker = new CircuitBreaker(opossumAction, { volumeThreshold: 1, resetTimeout: 60_000 });
    const guard = compose(retry({ attempts: 3, delayMs: 1 }), opossumPolicy(breaker));
    breaker.open();
    const work = vi.fn(async () => 'answer');

    await expect(guard.run(work)).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
    expect(work).not.toHaveBeenCalled();
    breaker.shutdown();
  });

  it('answers with what a fallback of its own returns', async () => {
    const breaker = new CircuitBreaker(opossumAction);
    breaker.fallback(() => 'from the cache');

    await expect(opossumPolicy(breaker).run(broken)).resolves.toBe('from the cache');
    breaker.shutdown();
  });

  it('refuses what is no breaker', () => {
    expect(() => opossumPolicy({} as never)).toThrow(/opossumPolicy\.breaker/);
    expect(() => opossumPolicy(null as never)).toThrow(/opossumPolicy\.breaker/);
  });
});

describe('our breaker as an opossum circuit', () => {
  const scene = () => {
    const runtime = virtualRuntime();
    const breaker = circuitBreaker({
      name: 'billing',
      failureRatio: 0.5,
      minimumCalls: 2,
      openMs: 1_000,
      openJitterRatio: 0,
      halfOpenProbes: 1,
      runtime,
    });
    return { runtime, breaker, circuit: opossumCircuit(breaker) };
  };

  /** What opossum-prometheus 0.4 does with a circuit it is given. */
  const metricsOf = (circuit: ReturnType<typeof opossumCircuit>) => {
    const counts: Record<string, number> = {};
    const latencies: number[] = [];
    for (const name of circuit.eventNames()) {
      circuit.on(name, () => (counts[name] = (counts[name] ?? 0) + 1));
      if (name === 'success' || name === 'failure') {
        circuit.on(name, (_detail: unknown, latencyMs: number) => void latencies.push(latencyMs));
      }
    }
    return { counts, latencies };
  };

  it('tells of calls, refusals and states under the names and with the details of opossum', async () => {
    const { runtime, circuit } = scene();
    const { counts, latencies } = metricsOf(circuit);

    await runtime.run(async () => {
      await circuit.run(() => runtime.sleep(30));
      await circuit.run(broken).catch(() => undefined);
      await circuit.run(async () => 'refused').catch(() => undefined);
      await runtime.sleep(1_000);
      await circuit.run(async () => 'well again');
    });

    const calls = { fire: 4, success: 2, failure: 1, reject: 1 };
    expect(counts).toEqual({ ...calls, open: 1, halfOpen: 1, close: 1 });
    expect(latencies).toEqual([30, 0, 0]);
    expect(circuit).toMatchObject({ name: 'billing', group: 'billing', closed: true });
  });

  it('tells the same in a composition, and a time-out further in as both its events', async () => {
    const { runtime, circuit } = scene();
    const { counts } = metricsOf(circuit);
    const guard = compose(circuit, timeout({ ms: 10, runtime }));

    await runtime.run(() => guard.run(() => runtime.sleep(100)).catch(() => undefined));

    expect(counts).toEqual({ fire: 1, timeout: 1, failure: 1 });
  });

  it('counts neither way what a caller gave up', async () => {
    const { runtime, circuit } = scene();
    const { counts } = metricsOf(circuit);
    const controller = new AbortController();

    await runtime.run(async () => {
      const running = circuit.run(() => runtime.sleep(100), { signal: controller.signal });
      controller.abort(new Error('user left'));
      await running.catch(() => undefined);
      await runtime.sleep(200);
    });

    expect(counts).toEqual({ fire: 1 });
  });

  it('keeps the decision out of the hands of a listener that throws', async () => {
    const { runtime, circuit } = scene();
    circuit.on('fire', () => {
      throw new Error('listener');
    });

    await runtime.run(() => expect(circuit.run(async () => 'fine')).resolves.toBe('fine'));

    expect(runtime.faults).toMatchObject([{ origin: "billing: listener of 'fire'" }]);
  });

  it('is silent after shutdown, and the breaker goes on', async () => {
    const { runtime, breaker, circuit } = scene();
    const { counts } = metricsOf(circuit);

    circuit.shutdown();
    breaker.trip();
    breaker.reset();

    await runtime.run(() => circuit.run(async () => 'fine'));
    expect(counts).toEqual({ shutdown: 1 });
  });
});

import { describe, expect, it } from 'vitest';
import { isRejectedError, RejectedError } from '../../src/core/index.ts';
import type { Policy } from '../../src/core/index.ts';
import type { RetryOptions } from '../../src/policy/index.ts';
import { bulkhead, compose, retry, retryBudget, timeout } from '../../src/policy/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

const boom = new Error('boom');

function setUp(options: RetryOptions = {}) {
  const runtime = virtualRuntime();
  const policy = retry({ delayMs: 100, jitter: 'none', runtime, ...options });
  const at: number[] = [];
  const failing = (times: number, error: unknown = boom) => {
    let left = times;
    return (): number => {
      at.push(runtime.now());
      if (left-- > 0) throw error;
      return 7;
    };
  };
  return { runtime, policy, at, failing };
}

describe('retry', () => {
  it('answers at once when the first attempt does', async () => {
    const { policy, at, failing } = setUp();

    await expect(policy.run(failing(0))).resolves.toBe(7);

    expect(at).toEqual([0]);
    expect(policy.snapshot()).toEqual({ calls: 1, retries: 0, gaveUp: 0 });
  });

  it('tries again after growing waits', async () => {
    const { policy, runtime, at, failing } = setUp({ attempts: 4 });

    const answer = await runtime.run(() => policy.run(failing(3)));

    expect(answer).toBe(7);
    expect(at).toEqual([0, 100, 300, 700]);
    expect(policy.snapshot()).toEqual({ calls: 1, retries: 3, gaveUp: 0 });
  });

  it('rejects with the last error itself when no attempts are left', async () => {
    const { policy, runtime, at, failing } = setUp({ attempts: 3 });
    const reasons: string[] = [];
    policy.on('gave-up', ({ reason, attempt }) => reasons.push(`${reason} after ${attempt}`));

    await expect(runtime.run(() => policy.run(failing(9)))).rejects.toBe(boom);

    expect(at).toHaveLength(3);
    expect(reasons).toEqual(['attempts after 3']);
    expect(policy.snapshot()).toEqual({ calls: 1, retries: 2, gaveUp: 1 });
  });

  it('numbers the attempts in the call', async () => {
    const { policy, runtime } = setUp();
    const seen: number[] = [];

    await runtime.run(() =>
      policy.run(({ attempt }) => {
        seen.push(attempt);
        if (attempt < 3) throw boom;
      }),
    );

    expect(seen).toEqual([1, 2, 3]);
  });

  it('tries again on a result that calls for it, and answers with the last one', async () => {
    const { policy, runtime } = setUp({ retryIf: ({ detail }) => detail === 503 });
    const statuses = [503, 503, 200];
    const stubborn = [503, 503, 503];

    expect(await runtime.run(() => policy.run(() => statuses.shift()))).toBe(200);
    expect(await runtime.run(() => policy.run(() => stubborn.shift()))).toBe(503);
  });

  it('does not try again what a policy refused', async () => {
    const { policy, at, failing } = setUp();
    const refusal = new RejectedError('ERR_CIRCUIT_OPEN', 'open', { policy: 'breaker' });

    await expect(policy.run(failing(9, refusal))).rejects.toBe(refusal);

    expect(at).toEqual([0]);
  });

  it('waits as long as a refusal asks for when it is told to retry refusals', async () => {
    const { policy, runtime, at, failing } = setUp({
      retryIf: ({ detail }) => isRejectedError(detail),
    });
    const refusal = new RejectedError('ERR_RATE_LIMITED', 'slow down', {
      policy: 'bucket',
      retryAfterMs: 2_500,
    });

    await runtime.run(() => policy.run(failing(1, refusal)));

    expect(at).toEqual([0, 2_500]);
  });

  it('heeds Retry-After, and does not wait at all for longer than its longest wait', async () => {
    const { policy, runtime, at, failing } = setUp({ maxDelayMs: 10_000 });
    const reasons: string[] = [];
    policy.on('gave-up', ({ reason }) => reasons.push(reason));
    const asking = (seconds: string) => ({ response: { headers: { 'retry-after': seconds } } });

    await runtime.run(() => policy.run(failing(1, asking('3'))));
    await expect(policy.run(failing(1, asking('3600')))).rejects.toEqual(asking('3600'));

    expect(at).toEqual([0, 3_000, 3_000]);
    expect(reasons).toEqual(['retry-after']);
  });

  it('wakes at once when the caller aborts, and does not call again', async () => {
    const { policy, runtime, at, failing } = setUp();
    const controller = new AbortController();
    const answer = policy.run(failing(9), { signal: controller.signal });
    await runtime.advance(50);

    controller.abort(boom);

    await expect(answer).rejects.toBe(boom);
    await runtime.advance(10_000);
    expect(at).toEqual([0]);
  });

  it('answers an abort at once while an attempt ignores its signal, and does not call again', async () => {
    const { policy, runtime } = setUp();
    const controller = new AbortController();
    let calls = 0;
    const answer = policy.run(async () => {
      calls++;
      await runtime.sleep(100);
      throw new Error('late');
    }, controller);
    await runtime.advance(50);

    controller.abort(boom);

    await expect(answer).rejects.toBe(boom);
    await runtime.advance(10_000);
    expect(calls).toBe(1);
  });

  it('does not wait past the deadline', async () => {
    const { policy, runtime, at, failing } = setUp();
    const total = compose(timeout({ ms: 250, runtime }), policy);

    await expect(runtime.run(() => total.run(failing(9)))).rejects.toBe(boom);

    expect(at).toEqual([0, 100]);
    expect(runtime.now()).toBe(100);
  });

  it('asks its budget before each further attempt', async () => {
    const runtime = virtualRuntime();
    const budget = retryBudget({ ratio: 0.1, minPerSecond: 0, runtime });
    const { policy, failing } = setUp({ attempts: 2, delayMs: 0, budget, runtime });
    let failed = 0;

    for (let i = 0; i < 100; i++) await policy.run(failing(1)).catch(() => failed++);

    expect(policy.snapshot()).toEqual({ calls: 100, retries: 10, gaveUp: 90 });
    expect(failed).toBe(90);
  });

  it.each([
    ['succeeds', (policy: Policy) => policy.run(() => 7)],
    ['fails', (policy: Policy) => policy.run(() => Promise.reject(boom))],
    [
      'is aborted while it waits',
      (policy: Policy) => {
        const controller = new AbortController();
        const answer = policy.run(() => Promise.reject(boom), controller);
        void Promise.resolve()
          .then(() => Promise.resolve())
          .then(() => controller.abort(boom));
        return answer;
      },
    ],
  ])('gives back all it took from a budget by concurrency when it %s', async (_how, start) => {
    const budget = retryBudget({ ratio: 0, minConcurrent: 1 });
    const { policy, runtime } = setUp({ budget });

    await runtime.run(() => start(policy).catch(() => undefined));
    await runtime.runToIdle();

    expect(budget.snapshot()).toMatchObject({ available: 1 });
    expect(budget.tryTake()).toBe(true);
    expect(budget.tryTake()).toBe(false);
  });

  it('makes a call of its own of each attempt: what is further in is entered anew', async () => {
    const { policy, runtime } = setUp({ attempts: 3 });
    const places = bulkhead({ concurrency: 1, runtime });
    const running: number[] = [];
    const stack = compose(policy, places);

    await runtime
      .run(() =>
        stack.run(() => {
          running.push(places.snapshot().running);
          throw boom;
        }),
      )
      .catch(() => undefined);

    expect(running).toEqual([1, 1, 1]);
    expect(places.snapshot()).toMatchObject({ running: 0, refused: 0 });
  });

  it('reports what its functions throw, and does not try again', async () => {
    const { policy, runtime, at, failing } = setUp({
      retryIf: () => {
        throw new Error('bad rule');
      },
    });

    await expect(policy.run(failing(9))).rejects.toBe(boom);

    expect(at).toEqual([0]);
    expect(runtime.faults).toMatchObject([{ origin: 'retry: retryIf' }]);
  });

  it.each([
    [{ attempts: 0 }, 'retry.attempts'],
    [{ attempts: 1.5 }, 'retry.attempts'],
    [{ delayMs: Number.NaN }, 'retry.delayMs'],
    [{ retryIf: 5 as never }, 'retry.retryIf'],
    [{ budget: { tryTake: () => true } as never }, 'retry.budget'],
    [{ retries: 5 } as never, 'retry.retries'],
  ])('refuses %j', (options, option) => {
    expect(() => retry(options)).toThrow(expect.objectContaining({ option }));
  });
});

// Bugs of other resilience libraries that were reproduced, each shown on the rival and absent here. The
// table is in docs/policy.md; where a rival has mended one, its half of the test goes.
import {
  ConstantBackoff,
  handleAll,
  retry as cockatielRetry,
  timeout as cockatielTimeout,
  TimeoutStrategy,
} from 'cockatiel';
import OpossumBreaker from 'opossum';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { circuitBreaker } from '../../src/breaker/index.ts';
import { compose, retry, retryBudget, timeout } from '../../src/policy/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

const boom = new Error('boom');

// Only the rivals need fake timers; ours runs in virtual time, which needs the true turns of the loop.
beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['Date', 'setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'],
  });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('an abort while a retry waits', () => {
  it('is heeded by cockatiel after the wait, and after one call more', async () => {
    let calls = 0;
    const controller = new AbortController();
    const again = cockatielRetry(handleAll, { maxAttempts: 3, backoff: new ConstantBackoff(500) });
    const started = Date.now();
    const answered = again
      .execute(() => {
        calls++;
        throw boom;
      }, controller.signal)
      .catch(() => Date.now() - started);
    await vi.advanceTimersByTimeAsync(10);

    controller.abort();
    await vi.advanceTimersByTimeAsync(2_000);

    expect(await answered).toBe(500);
    expect(calls).toBe(2);
  });

  it('is heeded here at once, without another call', async () => {
    const runtime = virtualRuntime();
    let calls = 0;
    const controller = new AbortController();
    const again = retry({ attempts: 3, delayMs: 500, growth: 1, jitter: 'none', runtime });
    const answered = again
      .run(
        () => {
          calls++;
          throw boom;
        },
        { signal: controller.signal },
      )
      .catch(() => runtime.now());
    await runtime.advance(10);

    controller.abort();
    await runtime.advance(2_000);

    expect(await answered).toBe(10);
    expect(calls).toBe(1);
  });
});

describe('the signal of a call that answered in time', () => {
  it('is aborted by cockatiel all the same', async () => {
    const limit = cockatielTimeout(1_000, TimeoutStrategy.Cooperative);
    let seen: AbortSignal | undefined;

    await limit.execute(({ signal }) => (seen = signal));

    expect(seen?.aborted).toBe(true);
  });

  it('is not aborted here', async () => {
    const runtime = virtualRuntime();
    let seen: AbortSignal | undefined;

    await timeout({ ms: 1_000, runtime }).run(({ signal }) => (seen = signal));
    await runtime.advance(5_000);

    expect(seen?.aborted).toBe(false);
  });
});

describe('calls that have nothing to do with each other (opossum#780, #861)', () => {
  it('share one signal in opossum: the time-out of one aborts the other', async () => {
    const abortController = new AbortController();
    const seen: boolean[] = [];
    const breaker = new OpossumBreaker(
      (ms: number) =>
        new Promise((resolve) => {
          // eslint-disable-next-line no-restricted-globals -- fake, as all that the rival is timed by
          setTimeout(() => {
            seen.push(abortController.signal.aborted);
            resolve(ms);
          }, ms);
        }),
      { timeout: 100, abortController },
    );
    const slow = breaker.fire(1_000).catch(() => undefined);
    await vi.advanceTimersByTimeAsync(60);
    const quick = breaker.fire(50);
    await vi.advanceTimersByTimeAsync(1_000);

    await Promise.all([slow, quick]);

    expect(seen[0]).toBe(true);
    breaker.shutdown();
  });

  it('have signals of their own here', async () => {
    const runtime = virtualRuntime();
    const guard = compose(circuitBreaker({ runtime }), timeout({ ms: 100, runtime }));
    const seen: boolean[] = [];
    const call = (ms: number): Promise<unknown> =>
      guard
        .run(async ({ signal }) => {
          await runtime.sleep(ms);
          seen.push(signal.aborted);
        })
        .catch(() => undefined);

    await runtime.run(async () => {
      const slow = call(1_000);
      await runtime.sleep(60);
      await Promise.all([slow, call(50)]);
    });

    expect(seen[0]).toBe(false);
  });
});

describe('a retry budget of 30 % (tower takes 1 / ratio for whole, which makes it 33 %)', () => {
  it('is 30 % here', () => {
    const budget = retryBudget({ ratio: 0.3, minPerSecond: 0, runtime: virtualRuntime() });
    for (let i = 0; i < 10_000; i++) budget.begin();
    let allowed = 0;

    while (budget.tryTake()) allowed++;

    expect(allowed).toBe(3_000);
  });
});

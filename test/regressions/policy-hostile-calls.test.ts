// Calls, errors and dumps nobody should send, but somebody does: each of these once threw where a
// promise was promised, switched a limit off, or kept a place for ever.
import { describe, expect, it } from 'vitest';
import type { BreakerHint, BreakerHints, CircuitBreaker } from '../../src/breaker/index.ts';
import { circuitBreaker, keyedBreakers } from '../../src/breaker/index.ts';
import type { Call, Policy, Runtime } from '../../src/core/index.ts';
import type { RetryBudget } from '../../src/policy/index.ts';
import { bulkhead, compose, hedge, retry, retryBudget, timeout } from '../../src/policy/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

const well = async (): Promise<string> => 'well';
const never = (): Promise<string> => new Promise(() => undefined);
const untyped = (call: unknown): Call => call as Call;

const policies: Readonly<Record<string, (runtime: Runtime) => Policy>> = {
  breaker: (runtime) => circuitBreaker({ runtime }),
  'keyed breakers': (runtime) => keyedBreakers({ runtime }),
  bulkhead: (runtime) => bulkhead({ concurrency: 1, runtime }),
  timeout: (runtime) => timeout({ ms: 10, runtime }),
  retry: (runtime) => retry({ runtime }),
  hedge: (runtime) => hedge({ runtime }),
  'a row': (runtime) =>
    compose(bulkhead({ concurrency: 1, runtime }), timeout({ ms: 10, runtime })),
};

describe.each(Object.entries(policies))('%s', (_name, make) => {
  it('takes null for a call or a signal as none', async () => {
    const runtime = virtualRuntime();
    const policy = make(runtime);

    const answers = await runtime.run(async () => [
      await policy.run(well, untyped(null)),
      await policy.run(well, untyped({ signal: null })),
    ]);

    expect(answers).toEqual(['well', 'well']);
  });

  it('rejects, and does not throw, for a signal that is none', async () => {
    const runtime = virtualRuntime();
    const policy = make(runtime);

    const end = runtime.run(() => policy.run(well, untyped({ signal: 'stop' })));

    await expect(end).rejects.toMatchObject({ code: 'ERR_OPTION', option: 'call.signal' });
  });

  it('gives everything back after an error that refuses to be looked at', async () => {
    const runtime = virtualRuntime();
    const policy = make(runtime);
    const trap = (): never => {
      throw new Error('trap');
    };
    const hostile = new Proxy({}, { get: trap, has: trap, getPrototypeOf: trap });

    const ends = await runtime.run(async () => {
      const isHostile = await policy
        .run(() => Promise.reject(hostile as Error))
        .catch((error: unknown) => error === hostile);
      return { isHostile, next: await policy.run(well) };
    });

    expect(ends).toEqual({ isHostile: true, next: 'well' });
  });
});

describe('timeout', () => {
  it('holds where the deadline of the call is NaN', async () => {
    const runtime = virtualRuntime();
    const soon = timeout({ ms: 10, runtime });

    const end = runtime.run(() => soon.run(never, { deadline: NaN }));

    await expect(end).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(runtime.now()).toBe(10);
  });
});

describe('retry', () => {
  it('answers with the error of the work where reading it throws', async () => {
    const runtime = virtualRuntime();
    const error = Object.defineProperty(new Error('mine'), 'headers', {
      get: () => {
        throw new Error('getter');
      },
    });

    const end = runtime.run(() => retry({ runtime }).run(() => Promise.reject(error)));

    await expect(end).rejects.toBe(error);
    expect(runtime.faults[0]).toMatchObject({ origin: 'retry: retryAfter' });
  });

  it('takes a retryIf that answers with a promise for a no, and reports it', async () => {
    const runtime = virtualRuntime();
    const policy = retry({ runtime, retryIf: (async () => false) as never });

    const attempts = await runtime.run(() => policy.run(({ attempt }) => attempt));

    expect(attempts).toBe(1);
    expect(runtime.faults).toHaveLength(1);
  });

  it('waits as it would where retryAfter answers NaN, and reports it', async () => {
    const runtime = virtualRuntime();
    const policy = retry({ runtime, retryAfter: () => NaN, jitter: 'none', delayMs: 50 });
    const at: number[] = [];
    const work = (): never => {
      at.push(runtime.now());
      throw new Error('boom');
    };

    await runtime.run(() => policy.run(work).catch(() => undefined));

    expect(at).toEqual([0, 50, 150]);
    expect(runtime.faults).toHaveLength(2);
  });
});

describe('a budget that throws', () => {
  const broken = (): RetryBudget => ({
    ...retryBudget({ minConcurrent: 1 }),
    begin: () => undefined,
    end: () => undefined,
    giveBack: () => undefined,
    tryTake: () => {
      throw new Error('budget');
    },
  });

  it('gives retry no leave, and the caller the error of the work', async () => {
    const runtime = virtualRuntime();
    const policy = retry({ runtime, budget: broken() });

    const end = runtime.run(() => policy.run(() => Promise.reject(new Error('mine'))));

    await expect(end).rejects.toThrow('mine');
    expect(runtime.faults[0]).toMatchObject({ origin: 'retry: budget' });
  });

  it('gives hedge no leave, and the first attempt goes on', async () => {
    const runtime = virtualRuntime();
    const policy = hedge({ runtime, budget: broken(), delayMs: 1 });

    const answer = await runtime.run(() => policy.run(() => runtime.sleep(10).then(well)));

    expect(answer).toBe('well');
    expect(runtime.faults[0]).toMatchObject({ origin: 'hedge: budget' });
  });
});

describe('breakers', () => {
  it('refuse keys that are no strings', () => {
    const breakers = keyedBreakers({ runtime: virtualRuntime() });
    const byNothing = keyedBreakers({
      runtime: virtualRuntime(),
      keyOf: (() => undefined) as never,
    });

    expect(() => breakers.tryEnter(untyped({ key: 5 }))).toThrow('breaker: key must be a string');
    expect(() => byNothing.tryEnter()).toThrow('breaker: key must be a string, got undefined');
    expect(breakers.snapshot().keys).toBe(0);
  });

  it('dump what can be restored even where a clock has gone back', () => {
    let now = 1_000;
    const runtime = Object.create(virtualRuntime(), { now: { value: () => now } }) as Runtime;
    const breaker = circuitBreaker({ runtime });
    const entry = breaker.tryEnter();
    now = 900;
    if (entry.ok) entry.done('success');

    breaker.restore(breaker.dump());

    expect(breaker.snapshot().calls).toBe(1);
  });

  it('take only the bad calls of another kind of window for a run of them', async () => {
    const runtime = virtualRuntime();
    const byTime = circuitBreaker({ runtime });
    const byRun = circuitBreaker({ runtime, consecutiveFailures: 4 });
    const fail = (breaker: CircuitBreaker): Promise<unknown> =>
      breaker.run(() => Promise.reject(new Error('boom'))).catch(() => undefined);

    await runtime.run(async () => {
      for (let i = 0; i < 30; i++) await byTime.run(well);
      await fail(byTime);
      await fail(byTime);
      byRun.restore(byTime.dump());
      await fail(byRun);
    });
    const before = byRun.state;
    await runtime.run(() => fail(byRun));

    expect([before, byRun.state]).toEqual(['closed', 'open']);
  });
});

describe.each([circuitBreaker, keyedBreakers])('%o', (make) => {
  it('stands a channel that repeats its last hint on subscription', () => {
    const runtime = virtualRuntime();
    const hint: BreakerHint = { breaker: 'breaker', key: '', state: 'open', openMs: 1_000 };
    const hints: BreakerHints = {
      publish: () => undefined,
      subscribe: (listener) => {
        listener(hint);
        return { [Symbol.dispose]: () => undefined };
      },
    };

    const entry = make({ runtime, hints, hintTrust: 'open' }).tryEnter();

    expect(entry.ok).toBe(true);
  });
});

describe('virtual time', () => {
  it.each([NaN, -5, Infinity])('does not advance by %s', async (ms) => {
    const runtime = virtualRuntime();
    await runtime.advance(10);

    await expect(runtime.advance(ms)).rejects.toMatchObject({ code: 'ERR_OPTION' });

    expect(runtime.now()).toBe(10);
  });
});

// Bugs of other circuit breakers that were reproduced, each shown on the rival and absent here. The
// table is in docs/breaker.md; where a rival has mended one, its half of the test goes.
import {
  circuitBreaker as cockatielBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleAll,
  SamplingBreaker,
} from 'cockatiel';
import OpossumBreaker from 'opossum';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { circuitBreaker } from '../../src/breaker/index.ts';
import type { CircuitBreaker, CircuitBreakerOptions } from '../../src/breaker/index.ts';
import { bulkhead, compose } from '../../src/policy/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

const boom = new Error('boom');
const fails = (): Promise<never> => Promise.reject(boom);
const well = async (): Promise<string> => 'well';
const quietly = (promise: Promise<unknown>): Promise<unknown> => promise.catch(() => undefined);

// Only the rivals need fake timers; ours runs in virtual time, which needs the true turns of the loop.
beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['Date', 'setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'],
  });
});
afterEach(() => {
  vi.useRealTimers();
});

function ours(options: CircuitBreakerOptions = {}) {
  const runtime = virtualRuntime();
  const shape = { openMs: 1_000, openJitterRatio: 0, halfOpenProbes: 1 };
  return { runtime, breaker: circuitBreaker({ ...shape, runtime, ...options }) };
}

async function failTimes(breaker: CircuitBreaker, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await quietly(breaker.run(fails));
}

/** A promise settled from outside. */
function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

describe('failures from before an idle time (cockatiel SamplingBreaker)', () => {
  it('open cockatiel: its window moves on by one bucket, however long nobody called', async () => {
    const breaker = cockatielBreaker(handleAll, {
      halfOpenAfter: 1_000,
      breaker: new SamplingBreaker({ threshold: 0.5, duration: 5_000, minimumRps: 1 }),
    });
    for (let i = 0; i < 4; i++) await quietly(breaker.execute(fails));
    vi.advanceTimersByTime(300_000);

    await quietly(breaker.execute(fails));

    expect(breaker.state).toBe(CircuitState.Open);
  });

  it('are forgotten here', async () => {
    const { breaker, runtime } = ours({ windowMs: 5_000, minimumCalls: 5 });
    await failTimes(breaker, 4);
    await runtime.advance(300_000);

    await failTimes(breaker, 1);

    expect(breaker.snapshot()).toMatchObject({ state: 'closed', calls: 1 });
  });
});

describe('a result that comes late', () => {
  it('of a failure begun while closed re-opens cockatiel under its probe', async () => {
    const breaker = cockatielBreaker(handleAll, {
      halfOpenAfter: 1_000,
      breaker: new ConsecutiveBreaker(2),
    });
    const early = deferred<string>();
    const late = quietly(breaker.execute(() => early.promise));
    for (let i = 0; i < 2; i++) await quietly(breaker.execute(fails));
    vi.advanceTimersByTime(1_000);
    const probe = deferred<string>();
    const probing = quietly(breaker.execute(() => probe.promise));
    expect(breaker.state).toBe(CircuitState.HalfOpen);

    early.reject(boom);
    await late;

    expect(breaker.state).toBe(CircuitState.Open);
    probe.resolve('well');
    await probing;
  });

  it('of a success begun while closed closes opossum under its probe', async () => {
    const early = deferred<string>();
    const answers = [() => early.promise, fails, fails, () => new Promise(() => undefined)];
    const breaker = new OpossumBreaker(() => (answers.shift() ?? fails)(), {
      timeout: false,
      resetTimeout: 1_000,
      volumeThreshold: 2,
    });
    const late = breaker.fire();
    for (let i = 0; i < 2; i++) await quietly(breaker.fire());
    await vi.advanceTimersByTimeAsync(1_000);
    void breaker.fire();
    expect(breaker.halfOpen).toBe(true);

    early.resolve('well, before');
    await late;

    expect(breaker.closed).toBe(true);
    breaker.shutdown();
  });

  it.each(['resolve', 'reject'] as const)('changes nothing here: %s', async (end) => {
    const { breaker, runtime } = ours({ windowCalls: 2 });
    const early = deferred<unknown>();
    const late = quietly(breaker.run(() => early.promise));
    await failTimes(breaker, 2);
    await runtime.advance(1_000);
    const probe = deferred<unknown>();
    const probing = breaker.run(() => probe.promise);

    early[end](boom);
    await late;

    expect(breaker.state).toBe('half-open');
    probe.resolve('well');
    await probing;
    expect(breaker.state).toBe('closed');
  });
});

describe('calls turned away for want of room', () => {
  it('open opossum, although nothing was asked of the backend', async () => {
    const breaker = new OpossumBreaker(() => new Promise(() => undefined), {
      timeout: false,
      capacity: 1,
      volumeThreshold: 5,
    });
    void breaker.fire();

    for (let i = 0; i < 5; i++) await quietly(breaker.fire());

    expect(breaker.opened).toBe(true);
    breaker.shutdown();
  });

  it('do not count here', async () => {
    const { breaker, runtime } = ours({ windowCalls: 5 });
    const guard = compose(breaker, bulkhead({ concurrency: 1, runtime }));
    void guard.run(() => new Promise(() => undefined));

    for (let i = 0; i < 5; i++) await quietly(guard.run(well));

    expect(breaker.snapshot()).toMatchObject({ state: 'closed', calls: 0 });
  });
});

describe('a probe that never answers', () => {
  it('leaves opossum half-open for ever, where it has no time limit', async () => {
    const answers = [fails, () => new Promise(() => undefined)];
    const breaker = new OpossumBreaker(() => (answers.shift() ?? well)(), {
      timeout: false,
      resetTimeout: 1_000,
    });
    await quietly(breaker.fire());
    await vi.advanceTimersByTimeAsync(1_000);
    void breaker.fire();

    await vi.advanceTimersByTimeAsync(600_000);

    await expect(breaker.fire()).rejects.toMatchObject({ code: 'EOPENBREAKER' });
    breaker.shutdown();
  });

  it('is given up here, and another one asked', async () => {
    const { breaker, runtime } = ours({ windowCalls: 1, halfOpenMaxWaitMs: 10_000 });
    await failTimes(breaker, 1);
    await runtime.advance(1_000);
    void breaker.run(() => new Promise(() => undefined));

    await runtime.advance(12_000);

    await expect(breaker.run(well)).resolves.toBe('well');
    expect(breaker.state).toBe('closed');
  });
});

describe('a listener', () => {
  it('that throws makes cockatiel reject good calls, and opens it', async () => {
    const breaker = cockatielBreaker(handleAll, {
      halfOpenAfter: 1_000,
      breaker: new ConsecutiveBreaker(3),
    });
    breaker.onSuccess(() => {
      throw boom;
    });

    for (let i = 0; i < 3; i++) await expect(breaker.execute(well)).rejects.toBe(boom);

    expect(breaker.state).toBe(CircuitState.Open);
  });

  it('that throws is reported here, and changes nothing', async () => {
    const { breaker, runtime } = ours({ windowCalls: 3 });
    breaker.on('transition', () => {
      throw boom;
    });

    await failTimes(breaker, 3);

    expect(breaker.state).toBe('open');
    expect(runtime.faults).toMatchObject([{ error: boom }]);
  });

  it('less, all removed, and opossum counts no more: it never opens', async () => {
    const breaker = new OpossumBreaker(fails, { timeout: false });
    breaker.removeAllListeners();
    breaker.status.removeAllListeners();

    for (let i = 0; i < 20; i++) await quietly(breaker.fire());

    expect(breaker.status.stats.failures).toBe(0);
    breaker.shutdown();
  });

  it('less, all removed, changes nothing here', async () => {
    const { breaker } = ours({ windowCalls: 3 });
    breaker.on('transition', () => undefined)[Symbol.dispose]();

    await failTimes(breaker, 3);

    expect(breaker.state).toBe('open');
  });
});

describe('the first failure of all', () => {
  it('opens opossum as it comes (opossum#217)', async () => {
    const breaker = new OpossumBreaker(fails, { timeout: false });

    await quietly(breaker.fire());

    expect(breaker.opened).toBe(true);
    breaker.shutdown();
  });

  it('opens nothing here: twenty calls are needed unless one says otherwise', async () => {
    const { breaker } = ours();

    await failTimes(breaker, 19);
    expect(breaker.state).toBe('closed');
    await failTimes(breaker, 1);

    expect(breaker.state).toBe('open');
  });
});

describe('an idle breaker', () => {
  it('keeps two timers in opossum', () => {
    const breaker = new OpossumBreaker(well);

    expect(vi.getTimerCount()).toBe(2);
    breaker.shutdown();
  });

  it('keeps none here, open or closed', async () => {
    const breaker = circuitBreaker({ windowCalls: 1 });

    await quietly(breaker.run(fails));

    expect(breaker.state).toBe('open');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the options', () => {
  it('are changed by opossum', () => {
    const options = {};
    new OpossumBreaker(well, options).shutdown();

    expect(Object.keys(options).length).toBeGreaterThan(0);
  });

  it('are left alone here', () => {
    const options: CircuitBreakerOptions = Object.freeze({ failureRatio: 0.3 });
    const breaker = circuitBreaker(options);

    breaker.update({ failureRatio: 0.4 });

    expect(options).toEqual({ failureRatio: 0.3 });
  });
});

describe('probes that are given back (resilience4j#903, #935, #544, #1432)', () => {
  it('free their places, and never more pass than were wanted', async () => {
    const { breaker, runtime } = ours({ windowCalls: 1, halfOpenProbes: 2 });
    await failTimes(breaker, 1);
    await runtime.advance(1_000);

    for (let round = 0; round < 5; round++) {
      const entries = Array.from({ length: 5 }, () => breaker.tryEnter());
      expect(entries.filter(({ ok }) => ok)).toHaveLength(2);
      for (const entry of entries) if (entry.ok) entry.done('cancelled', boom);
    }
    for (let i = 0; i < 2; i++) await breaker.run(well);

    expect(breaker.state).toBe('closed');
  });
});

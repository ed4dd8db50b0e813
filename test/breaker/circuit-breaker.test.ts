import { describe, expect, it } from 'vitest';
import type { CircuitBreaker, CircuitBreakerOptions } from '../../src/breaker/index.ts';
import { circuitBreaker } from '../../src/breaker/index.ts';
import { RejectedError } from '../../src/core/index.ts';
import { compose, timeout } from '../../src/policy/index.ts';
import { inVirtualTime } from './set-up.ts';

const boom = new Error('boom');
const fails = (): never => {
  throw boom;
};

const tooMany = (retryAfterMs: number): Error =>
  Object.assign(new Error('too many requests'), { retryAfterMs });

const setUp = (options: CircuitBreakerOptions = {}) =>
  inVirtualTime(circuitBreaker, { minimumCalls: 4, ...options });

async function failTimes(breaker: CircuitBreaker, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await breaker.run(fails).catch(() => undefined);
}

describe('circuitBreaker', () => {
  it('answers with what the work answers while it is closed', async () => {
    const { breaker } = setUp();

    await expect(breaker.run(async () => 7)).resolves.toBe(7);
    await expect(breaker.run(fails)).rejects.toBe(boom);
    expect(breaker.state).toBe('closed');
  });

  it('opens when the share of failures reaches the threshold, and says when to come again', async () => {
    const { breaker, runtime, transitions } = setUp();
    await failTimes(breaker, 4);
    await runtime.advance(300);
    let ran = false;

    const refused = breaker.run(() => (ran = true));

    await expect(refused).rejects.toMatchObject({
      code: 'ERR_CIRCUIT_OPEN',
      policy: 'breaker',
      retryAfterMs: 700,
    });
    await expect(refused).rejects.toBeInstanceOf(RejectedError);
    expect(ran).toBe(false);
    expect(transitions).toEqual([
      { key: undefined, from: 'closed', to: 'open', reason: 'failures', at: 0, openMs: 1_000 },
    ]);
  });

  it('lets a probe through after the open time and closes on its success', async () => {
    const { breaker, runtime, transitions } = setUp();
    await failTimes(breaker, 4);
    await runtime.advance(1_000);

    const probe = breaker.tryEnter();
    const second = breaker.tryEnter();

    expect(probe.ok).toBe(true);
    expect(second).toMatchObject({ ok: false, code: 'ERR_CIRCUIT_OPEN', retryAfterMs: 0 });
    if (probe.ok) probe.done('success');
    expect(transitions.map(({ to, reason }) => `${to}: ${reason}`)).toEqual([
      'open: failures',
      'half-open: open-time-over',
      'closed: probes-passed',
    ]);
  });

  it('stays open longer each time a probe fails, up to the longest open time', async () => {
    const { breaker, runtime, transitions } = setUp({ openMaxMs: 3_000 });
    await failTimes(breaker, 4);

    for (const wait of [1_000, 2_000, 3_000]) {
      await runtime.advance(wait);
      await failTimes(breaker, 1);
    }

    const opened = transitions.filter(({ to }) => to === 'open').map(({ openMs }) => openMs);
    expect(opened).toEqual([1_000, 2_000, 3_000, 3_000]);
  });

  it('opens on a good call, too, when that makes up the number for a verdict', async () => {
    const { breaker, runtime } = setUp({ windowMs: 10_000 });
    await failTimes(breaker, 2);
    await runtime.advance(9_900);

    await breaker.run(() => 'well');
    expect(breaker.state).toBe('closed');
    await breaker.run(() => 'well');

    expect(breaker.state).toBe('open');
  });

  it('opens on slow calls although they succeed', async () => {
    const { breaker, runtime, transitions } = setUp({ slowCallMs: 100 });

    await runtime.run(async () => {
      for (const ms of [100, 101, 50, 500]) await breaker.run(() => runtime.sleep(ms));
    });

    expect(transitions.map(({ reason }) => reason)).toEqual(['slow-calls']);
  });

  it('counts neither an abort of the caller nor a refusal further in', async () => {
    const { breaker } = setUp();
    const refusal = new RejectedError('ERR_RATE_LIMITED', 'full', { policy: 'bucket' });
    const controller = new AbortController();

    for (let i = 0; i < 10; i++) {
      await breaker.run(() => Promise.reject(refusal)).catch(() => undefined);
    }
    const aborted = breaker.run(() => new Promise(() => undefined), { signal: controller.signal });
    controller.abort(boom);

    await expect(aborted).rejects.toBe(boom);
    expect(breaker.snapshot()).toMatchObject({ calls: 0, failures: 0, state: 'closed' });
  });

  it.each([
    ['slow, when its caller’s deadline cuts it off after slowCallMs', 101, 1],
    ['nothing, when it is cut off before', 100, 0],
  ])('counts a call as %s', async (_what, deadline, slow) => {
    const { breaker, runtime } = setUp({ slowCallMs: 100 });
    const guard = compose(breaker, timeout({ ms: 2_000, runtime }));

    await runtime.run(() =>
      guard.run(() => new Promise(() => undefined), { deadline }).catch(() => undefined),
    );

    expect(breaker.snapshot()).toMatchObject({ calls: slow, slow, failures: 0 });
  });

  it('counts a call as slow that a time limit further out cuts off, and opens on such calls', async () => {
    const { breaker, runtime, transitions } = setUp({ slowCallMs: 100 });
    const guard = compose(timeout({ ms: 200, runtime }), breaker);
    const hangs = (): Promise<never> => new Promise(() => undefined);

    await runtime.run(async () => {
      for (let i = 0; i < 4; i++) await guard.run(hangs).catch(() => undefined);
    });

    expect(transitions).toMatchObject([{ to: 'open', reason: 'slow-calls', at: 800 }]);
  });

  it('counts an abort of the caller never, however late it comes', async () => {
    const { breaker, runtime } = setUp({ slowCallMs: 100 });
    const controller = new AbortController();
    const call = breaker.run(() => new Promise(() => undefined), { signal: controller.signal });
    await runtime.advance(1_000);

    controller.abort(boom);

    await expect(call).rejects.toBe(boom);
    expect(breaker.snapshot().calls).toBe(0);
  });

  it('ignores the result of a call that began in an earlier state', async () => {
    const { breaker, runtime } = setUp();
    const early = breaker.tryEnter();
    const late: string[] = [];
    breaker.on('late', ({ verdict }) => late.push(verdict));
    await failTimes(breaker, 4);
    await runtime.advance(1_000);
    const probe = breaker.tryEnter();

    if (early.ok) early.done('success');

    expect(breaker.state).toBe('half-open');
    expect(late).toEqual(['success']);
    if (probe.ok) probe.done('success');
    expect(breaker.state).toBe('closed');
  });

  it('opens again when probes never answer', async () => {
    const { breaker, runtime, transitions } = setUp({ halfOpenMaxWaitMs: 5_000 });
    await failTimes(breaker, 4);
    await runtime.advance(1_000);
    const probe = breaker.tryEnter();
    await runtime.advance(5_000);

    expect(probe.ok).toBe(true);
    expect(breaker.state).toBe('open');
    expect(transitions.at(-1)).toMatchObject({
      reason: 'probes-overdue',
      at: 6_000,
      openMs: 2_000,
    });
    await runtime.advance(2_000);
    await expect(breaker.run(async () => 'well')).resolves.toBe('well');
    expect(breaker.state).toBe('closed');
  });

  it('asks the classifier what an end means', async () => {
    const { breaker } = setUp({
      classify: (detail, outcome) => {
        if (outcome === 'success') return detail === 503 ? 'failure' : 'success';
        return (detail as Error).message === 'not found' ? 'ignored' : 'failure';
      },
    });

    await breaker.run(() => 503);
    await breaker.run(() => 200);
    await breaker.run(() => Promise.reject(new Error('not found'))).catch(() => undefined);

    expect(breaker.snapshot()).toMatchObject({ calls: 2, failures: 1 });
  });

  it('reports a classifier that throws and goes by the outcome', async () => {
    const { breaker, runtime } = setUp({
      classify: () => {
        throw boom;
      },
    });

    await breaker.run(() => 1);

    expect(breaker.snapshot()).toMatchObject({ calls: 1, failures: 0 });
    expect(runtime.faults).toEqual([{ error: boom, origin: 'breaker: classify', at: 0 }]);
  });

  it('opens at once for as long as the response asks, within the longest open time', async () => {
    const { breaker } = setUp({
      openMsFor: (detail) => (detail as { retryAfterMs?: number }).retryAfterMs,
      openMaxMs: 10_000,
    });

    await breaker.run(() => Promise.reject(tooMany(7_000))).catch(() => undefined);
    expect(breaker.snapshot()).toMatchObject({ state: 'open', retryAfterMs: 7_000 });

    breaker.reset();
    await breaker.run(() => Promise.reject(tooMany(1e9))).catch(() => undefined);
    expect(breaker.snapshot()).toMatchObject({ state: 'open', retryAfterMs: 10_000 });
  });

  it('grows its open time once where counts and response both ask for it', async () => {
    const { breaker, runtime, transitions } = setUp({
      minimumCalls: 1,
      openMsFor: (detail) => (detail as { retryAfterMs?: number }).retryAfterMs,
    });

    await breaker.run(() => Promise.reject(tooMany(7_000))).catch(() => undefined);
    await runtime.advance(7_000);
    await failTimes(breaker, 1);

    expect(transitions.filter(({ to }) => to === 'open')).toMatchObject([
      { reason: 'response', openMs: 7_000 },
      { reason: 'probes-failed', openMs: 2_000 },
    ]);
  });

  it('reports an open time that is none, and goes by its counts', async () => {
    const { breaker, runtime } = setUp({ openMsFor: () => Number.NaN });

    await failTimes(breaker, 4);

    expect(breaker.state).toBe('open');
    expect(runtime.faults).toHaveLength(4);
    expect(runtime.faults[0]).toMatchObject({ origin: 'breaker: openMsFor' });
  });

  it.each([
    ['forced-open', false, 0],
    ['forced-closed', true, 20],
    ['disabled', true, 0],
    ['observe-only', true, 20],
  ] as const)('in mode %s admits: %s, counts: %d', async (mode, admits, counts) => {
    const { breaker } = setUp({ mode });

    await failTimes(breaker, 20);

    expect(breaker.tryEnter().ok).toBe(admits);
    expect(breaker.snapshot()).toMatchObject({ state: mode, failures: counts });
    breaker.update({ mode: 'auto' });
    expect(breaker.snapshot()).toMatchObject({ state: 'closed', calls: 0 });
  });

  it('says once in observe-only mode that it would have opened', async () => {
    const { breaker } = setUp({ mode: 'observe-only' });
    const reasons: string[] = [];
    breaker.on('exceeded', ({ reason }) => reasons.push(reason));

    await failTimes(breaker, 20);

    expect(reasons).toEqual(['failures']);
  });

  it('lets a growing share of calls through after good probes', async () => {
    const { breaker, runtime } = setUp({ rampMs: 1_000 });
    await failTimes(breaker, 4);
    await runtime.advance(1_000);
    await breaker.run(() => 'well');
    const admitted: number[] = [];

    for (let tenth = 0; tenth < 10; tenth++) {
      let passed = 0;
      for (let i = 0; i < 100; i++) {
        const entry = breaker.tryEnter();
        if (entry.ok) {
          entry.done('success');
          passed++;
        }
        await runtime.advance(1);
      }
      admitted.push(passed);
    }

    expect(admitted).toEqual([4, 15, 25, 35, 45, 55, 65, 75, 85, 95]);
    expect(breaker.state).toBe('closed');
  });

  it('counts a pass once, however often it is ended', () => {
    const { breaker } = setUp();
    const entry = breaker.tryEnter();

    if (entry.ok) {
      entry.done('failure');
      entry.done('failure');
    }

    expect(breaker.snapshot()).toMatchObject({ calls: 1, failures: 1 });
  });

  it('changes its rules live and keeps its counts', async () => {
    const { breaker } = setUp({ minimumCalls: 100 });
    await failTimes(breaker, 10);
    expect(breaker.state).toBe('closed');

    breaker.update({ minimumCalls: 11 });
    await failTimes(breaker, 1);

    expect(breaker.state).toBe('open');
  });

  it('counts what throws at once, and what answers with a thenable of somebody else’s', async () => {
    const { breaker, runtime } = setUp({ minimumCalls: 100, slowCallMs: 50 });
    const thenable = (end: 'yes' | 'no'): PromiseLike<string> => ({
      then: (yes, no) => {
        void runtime.sleep(60).then(() => (end === 'yes' ? yes?.('well') : no?.(boom)));
        return undefined as never;
      },
    });

    await runtime.run(async () => {
      await expect(breaker.run(fails)).rejects.toBe(boom);
      await expect(breaker.run(() => thenable('yes'))).resolves.toBe('well');
      await expect(breaker.run(() => thenable('no'))).rejects.toBe(boom);
    });

    expect(breaker.snapshot()).toMatchObject({ calls: 3, failures: 2, slow: 2 });
  });

  it('holds nothing for work that never settles, and forgets it once it settles late', async () => {
    const { breaker, runtime } = setUp({ halfOpenMaxWaitMs: 500 });
    await failTimes(breaker, 4);
    await runtime.advance(1_000);
    let answer = (_value: string): void => undefined;
    const hanging = breaker.run(() => new Promise<string>((resolve) => (answer = resolve)));
    await runtime.advance(500);
    expect(breaker.state).toBe('open');

    answer('after all');

    await expect(hanging).resolves.toBe('after all');
    expect(breaker.state).toBe('open');
  });

  it('reports a classifier that answers with no verdict, and goes by the outcome', async () => {
    const { breaker, runtime } = setUp({ classify: () => true as never });

    await failTimes(breaker, 4);

    expect(breaker.state).toBe('open');
    expect(runtime.faults[0]).toMatchObject({ origin: 'breaker: classify' });
  });

  it('lets no listener of any event disturb it', async () => {
    const { breaker, runtime } = setUp();
    for (const name of ['transition', 'refused', 'late', 'exceeded', 'capped'] as const) {
      breaker.on(name, () => {
        throw boom;
      });
    }
    const early = breaker.tryEnter();

    await failTimes(breaker, 4);
    const refused = breaker.tryEnter();
    if (early.ok) early.done('success');

    expect(refused.ok).toBe(false);
    expect(breaker.state).toBe('open');
    expect(runtime.faults.map(({ origin }) => origin)).toEqual([
      "breaker: listener of 'transition'",
      "breaker: listener of 'refused'",
      "breaker: listener of 'late'",
    ]);
  });

  it('may be changed by its own listener', async () => {
    const { breaker } = setUp();
    breaker.on('transition', ({ to }) => {
      if (to === 'open') breaker.update({ mode: 'forced-closed' });
    });

    await failTimes(breaker, 5);

    expect(breaker.state).toBe('forced-closed');
    expect(breaker.tryEnter().ok).toBe(true);
  });

  it.each([
    [{ failureRatio: 1.5 }, 'circuitBreaker.failureRatio'],
    [{ failureRatio: 0 }, 'circuitBreaker.failureRatio'],
    [{ slowCallRatio: Number.NaN }, 'circuitBreaker.slowCallRatio'],
    [{ windowCalls: 5, minimumCalls: 6 }, 'circuitBreaker.minimumCalls'],
    [{ windowCalls: 5, windowMs: 6 }, 'circuitBreaker'],
    [{ windowCalls: 1_000_001 }, 'circuitBreaker.windowCalls'],
    [{ windowCalls: 5, windowBuckets: 2 }, 'circuitBreaker.windowBuckets'],
    [{ windowBuckets: 1e9 }, 'circuitBreaker.windowBuckets'],
    [{ halfOpenProbes: 1e9 }, 'circuitBreaker.halfOpenProbes'],
    [{ consecutiveFailures: 5, minimumCalls: 3 }, 'circuitBreaker.minimumCalls'],
    [{ consecutiveFailures: 0 }, 'circuitBreaker.consecutiveFailures'],
    [{ classify: true as never }, 'circuitBreaker.classify'],
    [{ hints: {} as never }, 'circuitBreaker.hints'],
    [{ hintTrust: 'blind' as never }, 'circuitBreaker.hintTrust'],
    [{ openMs: -1 }, 'circuitBreaker.openMs'],
    [{ openMs: 100, openMaxMs: 50 }, 'circuitBreaker.openMaxMs'],
    [{ halfOpenProbes: 0 }, 'circuitBreaker.halfOpenProbes'],
    [{ mode: 'ajar' as never }, 'circuitBreaker.mode'],
    [{ failurRatio: 0.5 } as never, 'circuitBreaker.failurRatio'],
  ])('refuses %j', (options, option) => {
    expect(() => circuitBreaker(options)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', option }),
    );
  });

  it('keeps its old rules when an update is refused', () => {
    const { breaker } = setUp({ minimumCalls: 4 });

    expect(() => breaker.update({ failureRatio: 2 })).toThrow('failureRatio');

    expect(breaker.snapshot().state).toBe('closed');
  });
});

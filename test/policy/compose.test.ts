import { describe, expect, it } from 'vitest';
import { concurrencyLimiter } from '../../src/admission/index.ts';
import { circuitBreaker } from '../../src/breaker/index.ts';
import type { Policy } from '../../src/core/index.ts';
import { bulkhead, compose, hedge, retry, timeout } from '../../src/policy/index.ts';
import { workQueue } from '../../src/queue/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

function logged(name: string, log: string[]): Policy {
  return {
    run: async (work, call) => {
      log.push(`${name} in`);
      try {
        return await work({ ...call, attempt: 1, signal: new AbortController().signal }, undefined);
      } finally {
        log.push(`${name} out`);
      }
    },
  };
}

/** One of each, all in virtual time. */
function parts(runtime: VirtualRuntime) {
  return {
    retry: retry({ runtime, delayMs: 10, jitter: 'none' }),
    hedge: hedge({ runtime, delayMs: 10 }),
    queue: workQueue({ runtime, concurrency: 2 }),
    bulkhead: bulkhead({ runtime, concurrency: 2 }),
    limit: concurrencyLimiter({ runtime, limit: 2, name: 'limit' }),
    breaker: circuitBreaker({ runtime, windowCalls: 4, minimumCalls: 4 }),
    total: timeout({ runtime, ms: 1_000, name: 'total' }),
    attempt: timeout({ runtime, ms: 100, name: 'attempt' }),
  };
}

describe('compose', () => {
  it('puts the first policy outermost, foreign ones too', async () => {
    const log: string[] = [];

    await compose(logged('a', log), logged('b', log), bulkhead({ concurrency: 1 })).run(() =>
      log.push('work'),
    );

    expect(log).toEqual(['a in', 'b in', 'work', 'b out', 'a out']);
  });

  it('flattens what is composed already', () => {
    const runtime = virtualRuntime();
    const { retry: again, breaker, attempt } = parts(runtime);

    const stack = compose(again, compose(breaker, attempt));

    expect(stack.policies).toEqual([again, breaker, attempt]);
  });

  it('runs a whole stack: a failed attempt is tried again through everything further in', async () => {
    const runtime = virtualRuntime();
    const { total, retry: again, queue, breaker, attempt } = parts(runtime);
    const stack = compose(total, again, queue, breaker, attempt);
    const seen: unknown[] = [];

    const answer = await runtime.run(() =>
      stack.run(
        async (call) => {
          seen.push([call.attempt, call.key, call.deadline]);
          if (call.attempt < 3) await runtime.sleep(1_000, call.signal);
          return 'third';
        },
        { key: 'k' },
      ),
    );

    expect(answer).toBe('third');
    expect(seen).toEqual([
      [1, 'k', 100],
      [2, 'k', 210],
      [3, 'k', 330],
    ]);
    expect(breaker.snapshot()).toMatchObject({ calls: 3, failures: 2 });
    expect(stack.doubts).toEqual([]);
  });

  it('refuses a row with nothing in it, or with what is no policy', () => {
    expect(() => compose()).toThrow('compose must be given at least one policy');
    expect(() => compose({} as Policy)).toThrow('compose[0] must be a policy');
    expect(() => compose(undefined as unknown as Policy)).toThrow('compose[0]');
  });
});

describe('the order of policies', () => {
  it('refuses the same policy twice: a bulkhead of one would wait for itself', () => {
    const { bulkhead: places, breaker } = parts(virtualRuntime());

    expect(() => compose(places, breaker, places)).toThrow(
      'compose must be given each policy once (bulkhead would wait for itself, or count double), ' +
        'got ["bulkhead","breaker","bulkhead"]',
    );
    expect(() => compose(breaker, compose(breaker))).toThrow('each policy once');
  });

  it('refuses a time limit that can never be reached', () => {
    const { total, retry: again, attempt } = parts(virtualRuntime());

    expect(() => compose(attempt, again, total)).toThrow(
      'compose must be given shorter time limits further in ' +
        '(total of 1000 ms can never be reached within attempt of 100 ms)',
    );
    expect(() => compose(total, again, attempt)).not.toThrow();
  });

  it('does not take a limit on pauses for one on the whole', () => {
    const runtime = virtualRuntime();
    const pauses = timeout({ idleMs: 5_000, runtime });

    expect(() => compose(parts(runtime).attempt, pauses)).not.toThrow();
  });

  it.each([
    ['queue', 'retry', 'queue outside retry: its place is held while the retry waits'],
    ['bulkhead', 'retry', 'bulkhead outside retry: its place is held while the retry waits'],
    ['limit', 'retry', 'limit outside retry: its place is held while the retry waits'],
    [
      'breaker',
      'retry',
      'breaker outside retry: it sees one result for several attempts, and does not stop them when it opens',
    ],
    ['hedge', 'retry', 'hedge outside retry: it takes the wait between attempts for a late answer'],
    ['bulkhead', 'queue', 'bulkhead outside queue: its place is held while the call waits in line'],
    [
      'breaker',
      'queue',
      'breaker outside queue: it counts waiting in line as slowness, and its probes wait there',
    ],
    ['total', 'breaker', 'total outside breaker, and none inside: it never sees a call hang'],
  ] as const)('doubts %s outside %s, and not the other way round', (outer, inner, doubt) => {
    const runtime = virtualRuntime();
    const all = parts(runtime);

    const doubtful = compose(all[outer], all[inner]);
    const sound = compose(all[inner], all[outer]);

    expect(doubtful.doubts).toEqual([doubt]);
    expect(runtime.faults).toMatchObject([
      { error: { message: doubt }, origin: 'compose: doubtful order' },
    ]);
    expect(sound.doubts).toEqual([]);
  });

  it('has no doubts where the kind is hidden on purpose', () => {
    const runtime = virtualRuntime();
    const { queue, retry: again } = parts(runtime);

    const meant = compose({ run: (work, call) => queue.run(work, call) }, again);

    expect(meant.doubts).toEqual([]);
    expect(runtime.faults).toEqual([]);
  });
});

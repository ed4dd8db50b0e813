import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallWindow } from '../../src/breaker/call-window.ts';
import { badCallsInARow, callsByCount, callsByTime } from '../../src/breaker/call-window.ts';
import vectors from '../vectors/breaker-windows.json' with { type: 'json' };

interface Expected {
  total: number;
  success: number;
  failed: number;
  slow: number;
  slowSuccess: number;
  slowFailed: number;
  totalMs: number;
  avgMs: number;
  failureRate: number;
  slowRate: number;
}

interface Step {
  op: string;
  ms?: number;
  outcome?: string;
  expect?: Partial<Expected>;
}

function seen(window: CallWindow, now: number): Expected {
  return expected({
    calls: window.calls(now),
    failures: window.failures(now),
    slow: window.slow(now),
    slowFailures: window.slowFailures(now),
    totalMs: window.totalMs(now),
  });
}

interface Counts {
  calls: number;
  failures: number;
  slow: number;
  slowFailures: number;
  totalMs: number;
}

function expected({ calls, failures, slow, slowFailures, totalMs }: Counts): Expected {
  return {
    total: calls,
    success: calls - failures,
    failed: failures,
    slow,
    slowSuccess: slow - slowFailures,
    slowFailed: slowFailures,
    totalMs,
    avgMs: calls === 0 ? 0 : totalMs / calls,
    failureRate: calls === 0 ? 0 : (100 * failures) / calls,
    slowRate: calls === 0 ? 0 : (100 * slow) / calls,
  };
}

function play(window: CallWindow, steps: readonly Step[]): void {
  let now = 1_700_000_000_000;
  for (const { op, ms = 0, outcome = '', expect: wanted } of steps) {
    if (op === 'advance') now += ms;
    if (op === 'record') {
      window.record(/error/i.test(outcome), outcome.startsWith('slow'), ms, now);
    }
    if (wanted !== undefined) expect(seen(window, now)).toMatchObject(wanted);
  }
}

describe('windows of calls', () => {
  it.each(vectors.countWindow)('counts the last calls as published: $name', ({ size, steps }) => {
    play(callsByCount(size), steps);
  });

  it.each(vectors.timeWindow)(
    'counts the last seconds as published: $name',
    ({ seconds, steps }) => {
      play(callsByTime(seconds * 1000, seconds), steps);
    },
  );

  it('forgets everything after an idle time longer than the window', () => {
    const window = callsByTime(5_000, 5);
    for (let i = 0; i < 4; i++) window.record(true, true, 1, 100 * i);

    window.record(true, false, 1, 300_000);

    expect(seen(window, 300_000)).toMatchObject({
      total: 1,
      failed: 1,
      slow: 0,
      slowFailed: 0,
      totalMs: 1,
    });
  });

  it('keeps the run of bad calls until a good one ends it', () => {
    const window = badCallsInARow();
    window.record(true, false, 5, 0);
    window.record(false, true, 5, 1);
    expect(seen(window, 9)).toMatchObject({ total: 2, failed: 2, slow: 1, totalMs: 10 });

    window.record(false, false, 5, 2);

    expect(seen(window, 9)).toMatchObject({ total: 0, failed: 0, slow: 0, totalMs: 0 });
  });

  const record = fc.record({
    failed: fc.boolean(),
    slow: fc.boolean(),
    durationMs: fc.integer({ min: 0, max: 1000 }),
    gapMs: fc.oneof(fc.integer({ min: 0, max: 700 }), fc.integer({ min: 0, max: 20_000 })),
  });

  it('agrees with a list of all calls: the last n', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.array(record), (size, records) => {
        const window = callsByCount(size);
        for (const { failed, slow, durationMs } of records)
          window.record(failed, slow, durationMs, 0);

        expect(seen(window, 9)).toEqual(listed(records.slice(-size)));
      }),
    );
  });

  it('agrees with a list of all calls: those of the last buckets', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 900 }),
        fc.array(record),
        (buckets, bucketMs, records) => {
          const window = callsByTime(buckets * bucketMs, buckets);
          const all: (Recorded & { bucket: number })[] = [];
          let now = 0;
          for (const one of records) {
            now += one.gapMs;
            window.record(one.failed, one.slow, one.durationMs, now);
            all.push({ ...one, bucket: Math.floor(now / bucketMs) });
            const oldest = Math.floor(now / bucketMs) - buckets;
            expect(seen(window, now)).toEqual(listed(all.filter(({ bucket }) => bucket > oldest)));
          }
        },
      ),
    );
  });
});

interface Recorded {
  failed: boolean;
  slow: boolean;
  durationMs: number;
}

/** The window that needs no cleverness. */
function listed(records: readonly Recorded[]): Expected {
  const count = (test: (record: Recorded) => boolean): number => records.filter(test).length;
  return expected({
    calls: records.length,
    failures: count(({ failed }) => failed),
    slow: count(({ slow }) => slow),
    slowFailures: count(({ failed, slow }) => failed && slow),
    totalMs: records.reduce((sum, { durationMs }) => sum + durationMs, 0),
  });
}

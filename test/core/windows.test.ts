import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countWindow } from '../../src/core/count-window.ts';
import { timeWindow } from '../../src/core/time-window.ts';

const OUTCOMES = ['success', 'error', 'slowSuccess', 'slowError'] as const;

interface Step {
  op: 'record' | 'advance' | 'snapshot';
  ms: number;
  outcome: (typeof OUTCOMES)[number];
  expect?: Record<string, number>;
}
interface Vectors {
  countWindow: { name: string; size: number; steps: Step[] }[];
  timeWindow: { name: string; seconds: number; steps: Step[] }[];
}

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/breaker-windows.json', import.meta.url), 'utf8'),
) as Vectors;

/** What resilience4j reports, of counts by outcome; `expected` chooses the fields to compare. */
function report(counts: number[], totalMs: number, expected: Record<string, number>) {
  const [success, error, slowSuccess, slowError] = counts as [number, number, number, number];
  const total = success + error + slowSuccess + slowError;
  const percent = (part: number) => (total === 0 ? 0 : (100 * part) / total);
  const all: Record<string, number> = {
    total,
    success: success + slowSuccess,
    failed: error + slowError,
    slow: slowSuccess + slowError,
    slowSuccess,
    slowFailed: slowError,
    totalMs,
    avgMs: total === 0 ? 0 : totalMs / total,
    failureRate: percent(error + slowError),
    slowRate: percent(slowSuccess + slowError),
  };
  return Object.fromEntries(Object.keys(expected).map((field) => [field, all[field]]));
}

describe('countWindow', () => {
  it.each(vectors.countWindow)('counts as resilience4j does: $name', ({ size, steps }) => {
    const window = countWindow(size, 4);
    const lastMs: number[] = [];

    for (const step of steps) {
      if (step.op === 'record') {
        window.record(OUTCOMES.indexOf(step.outcome));
        lastMs.push(step.ms);
      }
      const totalMs = lastMs.slice(-size).reduce((sum, ms) => sum + ms, 0);
      const counts = OUTCOMES.map((_, kind) => window.count(kind));
      if (step.expect) expect(report(counts, totalMs, step.expect)).toEqual(step.expect);
      expect(window.total).toBe(counts.reduce((sum, count) => sum + count, 0));
    }
  });

  it('counts the last events whatever came before', () => {
    const events = fc.array(fc.nat(2), { maxLength: 100 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), events, (size, kinds) => {
        const window = countWindow(size, 3);

        kinds.forEach((kind) => window.record(kind));

        const last = kinds.slice(-size);
        expect(window.total).toBe(last.length);
        for (const kind of [0, 1, 2]) {
          expect(window.count(kind)).toBe(last.filter((other) => other === kind).length);
        }
      }),
    );
  });

  it('starts anew when cleared', () => {
    const window = countWindow(3, 2);
    for (let event = 0; event < 5; event++) window.record(1);

    window.clear();
    window.record(0);

    expect([window.total, window.count(0), window.count(1)]).toEqual([1, 1, 0]);
  });
});

describe('timeWindow', () => {
  it.each(vectors.timeWindow)('slides as resilience4j does: $name', ({ seconds, steps }) => {
    const MS = OUTCOMES.length;
    const window = timeWindow({ windowMs: seconds * 1000, buckets: seconds, counters: MS + 1 });
    let now = 1_700_000_000_000;

    for (const step of steps) {
      if (step.op === 'advance') now += step.ms;
      if (step.op === 'record') {
        window.add(now, OUTCOMES.indexOf(step.outcome), 1);
        window.add(now, MS, step.ms);
      }
      const counts = OUTCOMES.map((_, kind) => window.sum(now, kind));
      const reported = report(counts, window.sum(now, MS), step.expect ?? {});
      expect(reported).toEqual(step.expect ?? {});
    }
  });

  it('is empty after idling for any time longer than itself', () => {
    for (const idleMs of [1000, 1001, 1999, 60_000, 300_000, 1e12]) {
      const window = timeWindow({ windowMs: 1000, buckets: 10, counters: 1 });
      for (let now = 0; now < 2000; now += 50) window.add(now, 0, 1);

      expect(window.sum(1999 + idleMs, 0)).toBe(0);

      window.add(1999 + idleMs, 0, 1);
      expect(window.sum(1999 + idleMs, 0)).toBe(1);
    }
  });

  it('evicts nothing when the clock goes back, and counts what comes then in the newest bucket', () => {
    const window = timeWindow({ windowMs: 1000, buckets: 10, counters: 1 });
    window.add(5000, 0, 1);

    window.add(100, 0, 1);

    expect([window.sum(100, 0), window.sum(5000, 0), window.sum(5999, 0)]).toEqual([2, 2, 2]);
    expect(window.sum(6000, 0)).toBe(0);
  });

  it('takes times before the origin of the clock', () => {
    const window = timeWindow({ windowMs: 1000, buckets: 4, counters: 1 });
    window.add(-1100, 0, 1);
    window.add(-300, 0, 1);

    expect([window.sum(-300, 0), window.sum(0, 0), window.sum(500, 0)]).toEqual([2, 1, 0]);
  });

  it('does not drift when fractions come and go', () => {
    const window = timeWindow({ windowMs: 10, buckets: 10, counters: 1 });
    window.add(0, 0, 1e17);
    for (let now = 0; now < 100_000; now++) window.add(now, 0, 0.1);

    expect(window.sum(99_999, 0)).toBeCloseTo(1, 12);
  });

  it('starts anew when cleared, also at an earlier time', () => {
    const window = timeWindow({ windowMs: 1000, buckets: 10, counters: 2 });
    window.add(9000, 1, 5);

    window.clear();
    window.add(100, 1, 1);

    expect([window.sum(1099, 1), window.sum(1100, 1)]).toEqual([1, 0]);
  });

  it('sums what the last buckets hold, for any times, buckets and amounts', () => {
    const shape = fc.record({
      bucketMs: fc.constantFrom(1, 7, 100, 1000),
      buckets: fc.integer({ min: 1, max: 12 }),
    });
    const event = fc.record({
      // Mostly small steps, sometimes a long idling, sometimes a step back.
      stepMs: fc.oneof(fc.nat(50), fc.nat(3000), fc.nat(1e9), fc.integer({ min: -500, max: 0 })),
      counter: fc.nat(2),
      amount: fc.nat(100),
    });
    fc.assert(
      fc.property(shape, fc.array(event, { maxLength: 80 }), ({ bucketMs, buckets }, events) => {
        const window = timeWindow({ windowMs: bucketMs * buckets, buckets, counters: 3 });
        const log: { bucket: number; counter: number; amount: number }[] = [];
        let now = 0;
        let newest = -Infinity;
        for (const { stepMs, counter, amount } of events) {
          now += stepMs;
          newest = Math.max(newest, Math.floor(now / bucketMs));
          window.add(now, counter, amount);
          log.push({ bucket: newest, counter, amount });
          for (const asked of [0, 1, 2]) {
            const expected = log
              .filter((entry) => entry.counter === asked && entry.bucket > newest - buckets)
              .reduce((sum, entry) => sum + entry.amount, 0);
            expect(window.sum(now, asked)).toBe(expected);
          }
        }
      }),
    );
  });
});

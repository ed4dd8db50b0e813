import { describe, expect, it } from 'vitest';
import { aimd } from '../../src/admission/concurrency/aimd.ts';
import { gradient2, warmedAverage } from '../../src/admission/concurrency/gradient2.ts';
import type { ConcurrencyRule, LimitSample } from '../../src/admission/concurrency/rule.ts';
import type { Level } from '../../src/admission/concurrency/level.ts';
import { levelAfter } from '../../src/admission/concurrency/level.ts';
import { log10Step, squareRootStep } from '../../src/admission/concurrency/rule.ts';
import { vegas } from '../../src/admission/concurrency/vegas.ts';
import vectors from '../vectors/admission-adaptive-limits.json' with { type: 'json' };

interface Row {
  rttMs: number;
  inflight: number;
  drop: boolean;
  expect: { limit: number };
}

const sample = (rttMs: number, inFlight: number, didDrop = false): LimitSample => ({
  now: 0,
  elapsedMs: 1000,
  count: 10,
  rttMs,
  rttNoise: 0,
  inFlight,
  meanInFlight: inFlight,
  dropped: didDrop ? 1 : 0,
  isBinding: true,
});

function replay(rule: ConcurrencyRule, rows: readonly Row[]): void {
  for (const { rttMs, inflight, drop, expect: want } of rows) {
    rule.update(sample(rttMs, inflight, drop));
    expect(Math.floor(rule.limit)).toBe(want.limit);
  }
}

describe('vegas', () => {
  it.each(vectors.vegas.cases)('moves as in concurrency-limits: $name', (row) => {
    const { initial, max, alpha, beta, smoothing, decrease, samples } = row;
    const rule = vegas({
      initial,
      max,
      ...(alpha !== undefined && { alpha }),
      ...(beta !== undefined && { beta }),
      ...(smoothing !== undefined && { smoothing }),
      ...(decrease !== undefined && { decrease: (limit: number) => limit / 2 }),
    }).rule(() => 0.5);

    replay(rule, samples);
  });

  it('takes the current latency for its baseline now and then, even an overloaded one', () => {
    const rule = vegas({ initial: 1, max: 1 }).rule(() => 1);
    rule.update(sample(10, 1));

    const limits = Array.from({ length: 40 }, () => (rule.update(sample(1000, 1)), rule.limit));

    expect(new Set(limits)).toEqual(new Set([1]));
  });
});

describe('aimd', () => {
  it.each(vectors.aimd.cases)('moves as in concurrency-limits: $name', (row) => {
    const { initial, samples } = row;
    const bounds = { initial, max: row.max ?? 200, min: row.min ?? Math.min(20, initial) };
    const rule = aimd(bounds).rule(() => 0.5);

    replay(rule, samples as Row[]);

    if (row.expect !== undefined) expect(rule.limit).toBe(row.expect.limit);
  });
});

describe('gradient2', () => {
  it('averages as in concurrency-limits: a mean first, exponential then', () => {
    const { window, warmup, inputs, expected, tolerance, then } = vectors.expAvg;
    const average = warmedAverage(window, warmup);

    const seen = inputs.map((value) => average.add(value));

    seen.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(tolerance));
    expect(Math.abs(average.add(then.input) - then.expected)).toBeLessThan(then.tolerance);
  });

  it('shrinks when latency rises over its average, and grows back', () => {
    const rule = gradient2({ initial: 100 }).rule(() => 0.5);
    for (let i = 0; i < 50; i++) rule.update(sample(100, 100));
    const before = rule.limit;

    for (let i = 0; i < 5; i++) rule.update(sample(400, 100));
    const overloaded = rule.limit;
    for (let i = 0; i < 50; i++) rule.update(sample(100, 200));

    expect(overloaded).toBeLessThan(before / 1.5);
    expect(rule.limit).toBeGreaterThan(overloaded);
  });

  it('leaves the limit alone while less than half of it is used', () => {
    const rule = gradient2({ initial: 100 }).rule(() => 0.5);

    rule.update(sample(100, 49));

    expect(rule.limit).toBe(100);
  });
});

describe('steps', () => {
  it('are the functions of concurrency-limits', () => {
    expect(vectors.log10Root.map((row) => log10Step(row.in))).toEqual(
      vectors.log10Root.map((row) => row.out),
    );
    expect(vectors.squareRootMin4.map((row) => squareRootStep(row.in))).toEqual(
      vectors.squareRootMin4.map((row) => row.out),
    );
  });
});

describe('a level', () => {
  const window = (rttMs: number): LimitSample => ({ ...sample(rttMs, 20), rttNoise: 0.1 });

  const after = (rtts: readonly number[]): Level =>
    rtts.reduce<Level | undefined>((level, rttMs) => {
      return levelAfter(level, window(rttMs), 20);
    }, undefined) as Level;

  it('is less sure where windows differ by more than their calls let expect', () => {
    const calm = after([100, 100, 100, 100, 100, 100]);
    const restless = after([100, 130, 100, 130, 100, 130]);

    expect(restless).toMatchObject({ windows: 6, isSteady: true });
    expect(restless.noise).toBeGreaterThan(1.1 * calm.noise);
  });
});

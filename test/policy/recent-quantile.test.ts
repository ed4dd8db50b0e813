import { describe, expect, it } from 'vitest';
import { recentQuantile } from '../../src/policy/recent-quantile.ts';

const options = { quantile: 0.9, minimum: 10, spanMs: 1_000 };

describe('recentQuantile', () => {
  it('has no answer before it has seen enough', () => {
    const recent = recentQuantile(options);
    for (let i = 1; i <= 9; i++) recent.record(i, i);

    expect(recent.value(9)).toBeUndefined();
    recent.record(10, 10);
    expect(recent.value(10)).toBeCloseTo(9, 1);
  });

  it('forgets what is older than two spans', () => {
    const recent = recentQuantile(options);
    for (let i = 0; i < 100; i++) recent.record(500, 0);
    for (let i = 0; i < 100; i++) recent.record(5, 1_500);
    expect(recent.value(1_500)).toBeCloseTo(500, -1);

    for (let i = 0; i < 100; i++) recent.record(5, 2_600);

    expect(recent.value(2_600)).toBeCloseTo(5, 1);
  });

  it('forgets everything after a long silence', () => {
    const recent = recentQuantile(options);
    for (let i = 0; i < 100; i++) recent.record(500, 0);

    expect(recent.value(1_000_000)).toBeUndefined();
  });
});

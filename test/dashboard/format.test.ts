import { describe, expect, it } from 'vitest';
import { formatValue, type Unit } from '../../src/dashboard/index.ts';

describe('formatValue', () => {
  const cases: readonly (readonly [number, Unit, string])[] = [
    [0, 'ms', '0.00 ms'],
    [0.42, 'ms', '0.42 ms'],
    [0.999, 'ms', '1 ms'],
    [420, 'ms', '420 ms'],
    [999.6, 'ms', '1.0 s'],
    [4_237, 'ms', '4.2 s'],
    [59_980, 'ms', '1.0 min'],
    [3_599_999, 'ms', '1.0 h'],
    [28_185, 'count', '28,185'],
    [1_522_000, 'count', '1,522,000'],
    [999, 'count', '999'],
    [0.98312, 'ratio', '98.3%'],
    [37.44, 'number', '37.4'],
    [9.999, 'number', '10.0'],
    [-0.031, 'points', '−3.1 pt'],
    [1_800_000, 'clock', '30:00'],
    [3_661_000, 'clock', '1:01:01'],
    [1_500, 'bytes', '1.5 kB'],
    [431.46, 'hours', '431.5 h'],
    [8.1, 'perSecond', '8.1/s'],
    [NaN, 'ms', '—'],
    [Infinity, 'count', '—'],
  ];

  it.each(cases)('writes %d in %s as %s', (value, unit, text) => {
    expect(formatValue(value, unit)).toBe(text);
  });

  it('shows the sign of a difference, and none where it rounds to zero', () => {
    expect(formatValue(0.012, 'points', 'signed')).toBe('+1.2 pt');
    expect(formatValue(-0.0001, 'points', 'signed')).toBe('0.0 pt');
    expect(formatValue(0.0001, 'points', 'signed')).toBe('0.0 pt');
  });
});

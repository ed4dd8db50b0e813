import { describe, expect, it } from 'vitest';
import { axisScale } from '../../src/dashboard/axis-scale.ts';

const labels = (...args: Parameters<typeof axisScale>): string[] =>
  axisScale(...args).ticks.map((tick) => tick.label);

describe('axisScale', () => {
  it('puts ticks on round numbers and widens the range to the next one', () => {
    expect(labels({ unit: 'count' }, [0, 1_690], 4)).toEqual([
      '0',
      '500',
      '1,000',
      '1,500',
      '2,000',
    ]);
    expect(labels({ unit: 'ratio' }, [0, 0.93], 4)).toEqual(['0', '50%', '100%']);
  });

  it('divides time as a clock does', () => {
    const hour = { unit: 'clock', min: 0, max: 3_500_000 } as const;

    expect(labels(hour, [0, 1], 8)).toEqual(['0:00', '10:00', '20:00', '30:00', '40:00', '50:00']);
  });

  it('shows the decades of a logarithmic time axis as minutes and hours', () => {
    expect(labels({ unit: 'ms', scale: 'log' }, [400, 2_000_000])).toEqual([
      '100 ms',
      '1 s',
      '10 s',
      '1 min',
      '10 min',
      '1 h',
    ]);
  });

  it('places values from 0 to 1 and clamps what lies outside', () => {
    const linear = axisScale({ min: 10, max: 20 }, [0, 1]);
    const log = axisScale({ scale: 'log', min: 1, max: 100 }, [0, 1]);

    expect([5, 10, 15, 20, 25].map((v) => linear.place(v))).toEqual([0, 0, 0.5, 1, 1]);
    expect(log.place(10)).toBeCloseTo(0.5, 12);
    expect(log.place(0)).toBe(0);
  });

  it('survives data without extent', () => {
    expect(axisScale({ unit: 'count' }, [0, 0]).max).toBeGreaterThan(0);
    expect(axisScale({ min: 7, max: 7 }, [7, 7]).place(7)).toBe(0);
  });
});

import { describe, expect, it } from 'vitest';
import { hasSettled } from '../../bench/harness/loop.ts';

describe('a warm-up has settled', () => {
  it('not before there is something to compare', () => {
    expect(hasSettled([5, 5, 5, 5, 5, 5, 5])).toBe(false);
  });

  it('when the latest slices are as fast as those before, whatever came earlier', () => {
    expect(hasSettled([900, 80, 5, 5, 5, 5, 5, 5, 5, 4.8])).toBe(true);
  });

  it('not while they are still becoming faster', () => {
    expect(hasSettled([20, 18, 17, 16, 12, 9, 8, 7])).toBe(false);
  });

  it('also when a slice was disturbed', () => {
    expect(hasSettled([5, 5, 5, 5, 5, 50, 5, 5])).toBe(true);
  });
});

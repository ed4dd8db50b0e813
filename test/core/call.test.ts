import { describe, expect, it } from 'vitest';
import type { Cost } from '../../src/core/index.ts';
import { costOf } from '../../src/core/index.ts';

describe('costOf', () => {
  it.each([
    [undefined, undefined, 1],
    [undefined, 'tokens', 1],
    [7, undefined, 7],
    [7, 'tokens', 7],
    [{ requests: 1, tokens: 9 }, 'tokens', 9],
    [{ requests: 1 }, 'tokens', 0],
    [{ requests: 1, tokens: 9 }, undefined, 1],
  ])('of %j in %s is %d', (cost, unit, expected) => {
    expect(costOf(cost === undefined ? {} : { cost }, unit)).toBe(expected);
  });

  it.each([
    ['3', undefined],
    [null, undefined],
    [true, 'tokens'],
    [{ tokens: '3' }, 'tokens'],
  ])('of %j is no number, which is for the primitive to refuse', (cost, unit) => {
    expect(costOf({ cost: cost as unknown as Cost }, unit)).toBeNaN();
  });
});

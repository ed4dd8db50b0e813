import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeTop } from '../../src/shard/index.ts';

interface Item {
  readonly score: number;
  readonly list: number;
}

const byScore = (a: Item, b: Item): number => b.score - a.score;

describe('mergeTop', () => {
  it('gives what concatenating and sorting gives, ties in order of the lists', () => {
    const lists = fc.array(fc.array(fc.nat(9), { maxLength: 12 }), { maxLength: 9 });
    fc.assert(
      fc.property(lists, fc.nat(30), (all, count) => {
        const sorted = all.map((scores, list) =>
          scores.map((score) => ({ score, list })).sort(byScore),
        );

        const expected = sorted.flat().sort(byScore).slice(0, count);
        expect(mergeTop(sorted, count, byScore)).toEqual(expected);
      }),
    );
  });

  it('compares little', () => {
    const lists = Array.from({ length: 20 }, (_, at) =>
      Array.from({ length: 100 }, (__, rank) => (99 - rank) * 20 + at),
    );
    let compared = 0;

    const best = mergeTop(lists, 10, (a, b) => (compared++, b - a));

    expect(best).toEqual([1999, 1998, 1997, 1996, 1995, 1994, 1993, 1992, 1991, 1990]);
    expect(compared).toBeLessThanOrEqual(19 + 10 * 5);
  });
});

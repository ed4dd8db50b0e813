import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/core/seeded-random.ts';
import { topK } from '../../src/model/index.ts';

const stream = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 9 })), {
  maxLength: 400,
});

function truth(rows: readonly (readonly [number, number])[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const [key, n] of rows) counts.set(key, (counts.get(key) ?? 0) + n);
  return counts;
}

/** Draws keys 1 … n with chances proportional to 1 ÷ key^exponent. */
function zipf({
  keys,
  exponent,
  random,
}: {
  keys: number;
  exponent: number;
  random: () => number;
}) {
  const reached: number[] = [];
  for (let key = 1; key <= keys; key++) reached.push((reached.at(-1) ?? 0) + key ** -exponent);
  return (): number => {
    const at = random() * (reached.at(-1) as number);
    let [low, high] = [0, keys - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((reached[middle] as number) < at) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}

describe('topK', () => {
  it('never claims more for certain than was added', () => {
    fc.assert(
      fc.property(stream, (rows) => {
        const top = topK<number>({ k: 10, counters: 10 });
        for (const [key, n] of rows) top.add(key, n);
        const counts = truth(rows);

        for (const { key, count, atLeast } of top.list()) {
          expect(counts.get(key)).toBeGreaterThanOrEqual(atLeast);
          expect(count).toBeGreaterThanOrEqual(atLeast);
        }
        expect(top.total).toBe(rows.reduce((sum, [, n]) => sum + n, 0));
      }),
    );
  });

  it('is exact while there are no more keys than counters', () => {
    fc.assert(
      fc.property(stream, (rows) => {
        const top = topK<number>({ k: 41 });
        for (const [key, n] of rows) top.add(key, n);

        const listed = top.list();
        expect(new Map(listed.map(({ key, count }) => [key, count]))).toEqual(truth(rows));
        expect(listed.every(({ count, atLeast }) => count === atLeast)).toBe(true);
        expect(listed.map(({ count }) => count)).toEqual(
          listed.map(({ count }) => count).sort((a, b) => b - a),
        );
      }),
    );
  });

  it.each([0.8, 1, 1.2])(
    'finds the ten hottest of 100,000 keys with Zipf exponent %d',
    (exponent) => {
      const random = seededRandom(`zipf ${exponent}`);
      const draw = zipf({ keys: 100_000, exponent, random });
      const keys = Array.from({ length: 300_000 }, draw);
      const top = topK<number>({ k: 10, counters: 80 });
      for (const key of keys) top.add(key);

      const counts = truth(keys.map((key) => [key, 1]));
      const exact = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 10);
      const listed = new Map(top.list().map(({ key, count }) => [key, count]));
      expect(exact.filter(([key]) => listed.has(key)).length).toBe(10);
      for (const [key, count] of exact.slice(0, 3)) {
        expect(Math.abs((listed.get(key) as number) / count - 1)).toBeLessThan(0.1);
      }
    },
  );

  it('finds a key with a twentieth of the traffic in a flood of keys that never return', () => {
    const top = topK<number>({ k: 5, counters: 64 });
    for (let i = 0; i < 50_000; i++) top.add(i % 20 === 7 ? -1 : i);

    expect(top.list()[0]?.key).toBe(-1);
    expect(top.list()[0]?.count).toBeGreaterThan(2000);
  });

  it('gives equal lists for equal streams', () => {
    const [one, other] = [topK<number>({ k: 3, counters: 4 }), topK<number>({ k: 3, counters: 4 })];
    for (let i = 0; i < 1000; i++) {
      one.add((i * i) % 37);
      other.add((i * i) % 37);
    }

    expect(one.list()).toEqual(other.list());
  });

  it('lets the past fade when halved', () => {
    const top = topK({ k: 1 });
    for (let i = 0; i < 8; i++) top.add('yesterday');
    top.halve();
    top.halve();
    for (let i = 0; i < 3; i++) top.add('today');

    expect(top.list()).toEqual([{ key: 'today', count: 3, atLeast: 3 }]);
    expect(top.total).toBe(5);
  });

  it('forgets everything on reset', () => {
    const top = topK({ k: 3 });
    top.add('a');
    top.reset();

    expect([top.list(), top.total]).toEqual([[], 0]);
  });

  it.each([
    ['k', { k: 0 }],
    ['counters', { k: 10, counters: 9 }],
  ])('refuses a wrong %s by name', (name, options) => {
    expect(() => topK(options)).toThrow(`topK.${name} must be`);
  });

  it.each([0, -1, NaN, Infinity])('refuses to add %d', (n) => {
    expect(() => topK({ k: 1 }).add('a', n)).toThrow('topK.n must be');
  });
});

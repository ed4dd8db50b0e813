import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/core/index.ts';
import { bucket } from '../../src/admission/index.ts';
import { KeyIndex } from '../../src/admission/key-index.ts';
import { KeyTable } from '../../src/admission/key-table.ts';

const table = (maxKeys = 1_000_000): KeyTable =>
  new KeyTable({
    rule: bucket({ capacity: 10, refillPerSecond: 1 }).rule(0),
    maxKeys,
    random: seededRandom(1),
    now: 0,
  });

/** Every string there is: lone surrogates, nothing at all, names that objects have, long ones. */
const keys = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 }).map((units) => {
    return String.fromCharCode(...units);
  }),
  fc.constantFrom('', 'a', 'user:1', 'user:2', 'ü', '\ud800', 'x'.repeat(127), 'x'.repeat(128)),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty'),
);

describe('KeyTable', () => {
  it('remembers what a Map would, whatever is opened and deleted', () => {
    const operation = fc.record({ key: keys, isDeleted: fc.boolean() });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
        const under = table();
        const model = new Map<string, number>();

        operations.forEach(({ key, isDeleted }, i) => {
          if (isDeleted) {
            expect(under.delete(key)).toBe(model.delete(key));
            return;
          }
          const at = under.open(key, 0);
          if (!model.has(key)) under.rule.rows[at] = i + 1; // owes something: it is not forgotten
          expect(under.rule.rows[at]).toBe(model.get(key) ?? i + 1);
          if (!model.has(key)) model.set(key, i + 1);
        });

        const entries = [...under.entries()].map(([key, at]) => [key, under.rule.rows[at]]);
        expect(new Map(entries as [string, number][])).toEqual(model);
        expect(under.size).toBe(model.size);
      }),
    );
  });

  it('finds a hundred thousand keys again, grows and shrinks', () => {
    const under = table();
    for (let i = 0; i < 100_000; i++) {
      const at = under.open(`user:${i}`, 0); // may replace the rows by a longer copy
      under.rule.rows[at] = i + 1;
    }

    let wrong = 0;
    for (let i = 0; i < 100_000; i++) {
      if (under.rule.rows[under.find(`user:${i}`, 0)] !== i + 1) wrong++;
    }
    for (let i = 100; i < 100_000; i++) under.delete(`user:${i}`);

    expect(wrong).toBe(0);
    expect(under.size).toBe(100);
    expect(under.rule.rows.length).toBeLessThanOrEqual(512);
    expect(under.rule.rows[under.find('user:99', 0)]).toBe(100);
  });

  it('tells long keys apart, and keeps no more than 128 characters of any', () => {
    const under = table();
    const long = Array.from({ length: 100 }, (_, i) => `${'x'.repeat(100_000)}${i}`);
    const write = (into: KeyTable, key: string, value: number): void => {
      const at = into.open(key, 0); // may replace the rows by a longer copy
      into.rule.rows[at] = value;
    };
    long.forEach((key, i) => write(under, key, i + 1));

    const found = long.map((key) => under.rule.rows[under.find(key, 0)]);
    const kept = [...under.entries()].map(([key]) => key);
    const copy = table();
    kept.forEach((key, i) => write(copy, key, i + 1));

    expect(found).toEqual(long.map((_, i) => i + 1));
    expect(Math.max(...kept.map(({ length }) => length))).toBeLessThanOrEqual(128);
    expect(copy.rule.rows[copy.find(long[41]!, 0)]).toBe(42);
    expect(under.delete(long[41]!)).toBe(true);
    expect(under.size).toBe(99);
  });
});

describe('KeyIndex', () => {
  it.each([
    ['counted', (i: number) => `user:${i}`],
    ['alike at the end', (i: number) => `${i}:tenant/eu-west-1/anonymous`],
    ['of two characters', (i: number) => String.fromCharCode(i >> 8, i & 255)],
  ])('spreads keys that are %s', (_what, keyOf) => {
    const index = new KeyIndex(seededRandom(7));
    const hashed = index as unknown as { hash(key: string): number };
    const buckets = new Float64Array(1024);
    const count = 65_536;

    for (let i = 0; i < count; i++) buckets[hashed.hash(keyOf(i)) & 1023]!++;

    const mean = count / 1024;
    const chiSquare = buckets.reduce((sum, n) => sum + (n - mean) ** 2 / mean, 0);
    // 1023 degrees of freedom: 1023 ± 45, six deviations allowed.
    expect(chiSquare).toBeLessThan(1023 + 6 * 45);
  });

  it('hashes otherwise in every table', () => {
    const hashes = [1, 2].map((seed) => {
      const index = new KeyIndex(seededRandom(seed));
      return (index as unknown as { hash(key: string): number }).hash('user:1');
    });

    expect(hashes[0]).not.toBe(hashes[1]);
  });
});

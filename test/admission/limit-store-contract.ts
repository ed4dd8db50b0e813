import { describe, expect, it } from 'vitest';
import type { LimitStore, StoreAsk, StoreKey } from '../../src/admission/index.ts';
import { bucket, fixedWindow } from '../../src/admission/index.ts';

/** A store under test and the clock it decides on. */
export interface StoreUnderTest {
  readonly store: LimitStore;
  /** Lets `ms` pass for the store. */
  readonly advance: (ms: number) => Promise<void>;
}

const tenPerSecond = bucket({ capacity: 10, refillPerSecond: 10 });
const a: StoreKey = { limit: 'api', key: 'a', rate: tenPerSecond };
const fivePerSecond = bucket({ capacity: 5, refillPerSecond: 5 });

const ask = (key: string, units: number, more: Partial<StoreAsk> = {}): StoreAsk => ({
  limit: 'api',
  key,
  rate: tenPerSecond,
  units,
  atLeast: units,
  ...more,
});

/** What every store of limits must do. */
export function limitStoreContract(name: string, make: () => StoreUnderTest): void {
  describe(`the contract of limit stores: ${name}`, () => {
    it('grants up to the limit, then says when to come back', async () => {
      const { store, advance } = make();

      const [first] = await store.take([ask('a', 8)]);
      const [second] = await store.take([ask('a', 4)]);
      await advance(200);
      const [third] = await store.take([ask('a', 4)]);

      expect(first).toEqual({ granted: 8, waitMs: 0 });
      expect(second).toEqual({ granted: 0, waitMs: expect.closeTo(200, 3) });
      expect(third).toEqual({ granted: 4, waitMs: 0 });
    });

    it('keeps keys apart', async () => {
      const { store } = make();
      await store.take([ask('a', 10)]);

      expect(await store.take([ask('b', 10)])).toEqual([{ granted: 10, waitMs: 0 }]);
    });

    it('grants all or nothing of what is asked in one step', async () => {
      const { store } = make();
      const both = (units: number): StoreAsk[] => [
        ask('requests', 1),
        ask('tokens', units, { limit: 'tokens', rate: fivePerSecond }),
      ];
      await store.take(both(4));

      const refused = await store.take(both(3));
      const rest = await store.take([
        ask('requests', 9),
        ask('tokens', 1, { limit: 'tokens', rate: fivePerSecond }),
      ]);

      expect(refused).toEqual([
        { granted: 0, waitMs: 0 },
        { granted: 0, waitMs: expect.closeTo(400, 3) },
      ]);
      expect(rest.map(({ granted }) => granted)).toEqual([9, 1]);
    });

    it('grants what is there between the least and the most that is wanted', async () => {
      const { store } = make();
      await store.take([ask('a', 7)]);

      expect(await store.take([ask('a', 100, { atLeast: 1 })])).toEqual([
        { granted: 3, waitMs: 0 },
      ]);
      expect((await store.take([ask('a', 100, { atLeast: 1 })]))[0]?.granted).toBe(0);
    });

    it('never grants what never fits', async () => {
      const { store } = make();

      expect(await store.take([ask('a', 11)])).toEqual([{ granted: 0, waitMs: Infinity }]);
    });

    it('takes back what was not used, at most to the full limit', async () => {
      const { store } = make();
      await store.take([ask('a', 10)]);

      await store.adjust([{ ...a, units: -4, ageMs: 0 }]);
      const [four] = await store.take([ask('a', 4)]);
      await store.adjust([{ ...a, units: -1000, ageMs: 0 }]);

      expect(four?.granted).toBe(4);
      expect((await store.take([ask('a', 10)]))[0]?.granted).toBe(10);
      expect((await store.take([ask('a', 1)]))[0]?.granted).toBe(0);
    });

    it('spends without asking, below nothing if need be', async () => {
      const { store, advance } = make();
      await store.take([ask('a', 4)]);

      await store.adjust([{ ...a, units: 16, ageMs: 0 }]);
      await advance(1000);

      expect(await store.take([ask('a', 1)])).toEqual([
        { granted: 0, waitMs: expect.closeTo(100, 3) },
      ]);
    });

    it('gives nothing back of a window that is over', async () => {
      const { store, advance } = make();
      const rate = fixedWindow({ limit: 10, windowMs: 1000 });
      await store.take([ask('a', 10, { rate })]);
      await advance(1500);
      await store.take([ask('a', 10, { rate })]);

      await store.adjust([{ ...a, rate, units: -10, ageMs: 1500 }]);
      expect((await store.take([ask('a', 1, { rate })]))[0]?.granted).toBe(0);
      await store.adjust([{ ...a, rate, units: -3, ageMs: 0 }]);

      expect((await store.take([ask('a', 3, { rate })]))[0]?.granted).toBe(3);
    });

    it('tells what is left, and spends nothing by it', async () => {
      const { store } = make();
      await store.take([ask('a', 8)]);
      const fresh = { remaining: 10, resetMs: 0, waitMs: 0 };

      const states = await store.peek([
        { ...a, units: 4 },
        { ...a, key: 'b', units: 10 },
        { ...a, key: 'c', units: 11 },
      ]);

      expect(states).toEqual([
        {
          remaining: expect.closeTo(2, 6),
          resetMs: expect.closeTo(800, 3),
          waitMs: expect.closeTo(200, 3),
        },
        fresh,
        { ...fresh, waitMs: Infinity },
      ]);
      expect((await store.take([ask('a', 2)]))[0]?.granted).toBe(2);
    });

    it('keeps what was spent when the numbers of a rate change', async () => {
      const { store } = make();
      const twenty = bucket({ capacity: 20, refillPerSecond: 100 });
      await store.take([ask('a', 8)]);

      expect(await store.take([ask('a', 4, { rate: twenty })])).toEqual([
        { granted: 0, waitMs: expect.closeTo(20, 3) },
      ]);
      expect((await store.take([ask('a', 2, { rate: twenty })]))[0]?.granted).toBe(2);
    });
  });
}

import { describe, expect, it } from 'vitest';
import type { LimitStore, Rate, StoreAsk } from '../../src/admission/index.ts';
import { bucket } from '../../src/admission/index.ts';

/** A store under test and the clock it decides on. */
export interface StoreUnderTest {
  readonly store: LimitStore;
  /** Lets `ms` pass for the store. */
  readonly advance: (ms: number) => Promise<void>;
}

const tenPerSecond = bucket({ capacity: 10, refillPerSecond: 10 });
const fivePerSecond = bucket({ capacity: 5, refillPerSecond: 5 });

const ask = (key: string, units: number, more: Partial<StoreAsk> = {}): StoreAsk => ({
  key,
  rate: tenPerSecond as Rate,
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
        ask('tokens', units, { rate: fivePerSecond }),
      ];
      await store.take(both(4));

      const refused = await store.take(both(3));
      const rest = await store.take([
        ask('requests', 9),
        ask('tokens', 1, { rate: fivePerSecond }),
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

      await store.giveBack([{ key: 'a', rate: tenPerSecond, units: 4 }]);
      const [four] = await store.take([ask('a', 4)]);
      await store.giveBack([{ key: 'a', rate: tenPerSecond, units: 1000 }]);

      expect(four?.granted).toBe(4);
      expect((await store.take([ask('a', 10)]))[0]?.granted).toBe(10);
      expect((await store.take([ask('a', 1)]))[0]?.granted).toBe(0);
    });
  });
}

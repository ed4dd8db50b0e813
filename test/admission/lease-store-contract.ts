import { describe, expect, it } from 'vitest';
import type { LeaseAsk, LeaseStore } from '../../src/admission/index.ts';

/** A store under test and the clock it decides on. */
export interface LeaseStoreUnderTest {
  readonly store: LeaseStore;
  /** Lets `ms` pass for the store. */
  readonly advance: (ms: number) => Promise<void>;
}

const ask = (holder: string, units: number, more: Partial<LeaseAsk> = {}): LeaseAsk => ({
  holder,
  key: 'k',
  limit: 10,
  units,
  atLeast: units,
  leaseMs: 1000,
  ...more,
});

/** What every store of leases must do. */
export function leaseStoreContract(name: string, make: () => LeaseStoreUnderTest): void {
  describe(`the contract of lease stores: ${name}`, () => {
    it('grants up to the limit, whoever asks', async () => {
      const { store } = make();

      expect(await store.acquire(ask('a', 6))).toBe(6);
      expect(await store.acquire(ask('b', 5))).toBe(0);
      expect(await store.acquire(ask('b', 4))).toBe(4);
      expect(await store.acquire(ask('a', 1))).toBe(0);
    });

    it('keeps keys apart', async () => {
      const { store } = make();
      await store.acquire(ask('a', 10));

      expect(await store.acquire(ask('a', 10, { key: 'other' }))).toBe(10);
    });

    it('grants what is there between the least and the most that is wanted', async () => {
      const { store } = make();
      await store.acquire(ask('a', 7));

      expect(await store.acquire(ask('b', 9, { atLeast: 4 }))).toBe(0);
      expect(await store.acquire(ask('b', 9, { atLeast: 2 }))).toBe(3);
      expect(await store.acquire(ask('b', 9, { atLeast: 1 }))).toBe(0);
    });

    it('grants more than the limit only to one who is alone', async () => {
      const { store } = make();

      expect(await store.acquire(ask('a', 12))).toBe(12);
      expect(await store.acquire(ask('b', 1))).toBe(0);
      await store.release({ holder: 'a', held: [{ key: 'k', units: 12 }] });
      expect(await store.acquire(ask('b', 1))).toBe(1);
      expect(await store.acquire(ask('a', 12))).toBe(0);
    });

    it('takes back what is released, at most what the holder has', async () => {
      const { store } = make();
      await store.acquire(ask('a', 5));
      await store.acquire(ask('b', 5));

      await store.release({ holder: 'a', held: [{ key: 'k', units: 2 }] });
      expect(await store.acquire(ask('c', 3))).toBe(0);
      expect(await store.acquire(ask('c', 2))).toBe(2);
      await store.release({ holder: 'a', held: [{ key: 'k', units: 100 }] });
      await store.release({ holder: 'nobody', held: [{ key: 'k', units: 100 }] });

      expect(await store.acquire(ask('c', 4))).toBe(0);
      expect(await store.acquire(ask('c', 3))).toBe(3);
    });

    it('takes back what a silent holder has when its lease runs out', async () => {
      const { store, advance } = make();
      await store.acquire(ask('dead', 10));

      await advance(990);
      expect(await store.acquire(ask('b', 1))).toBe(0);
      await advance(20);
      expect(await store.acquire(ask('b', 10))).toBe(10);
      await store.release({ holder: 'dead', held: [{ key: 'k', units: 10 }] });
      expect(await store.acquire(ask('b', 1))).toBe(0);
    });

    it('keeps what is renewed, and all of a key when more of it is asked for', async () => {
      const { store, advance } = make();
      const held = [
        { key: 'k', units: 4 },
        { key: 'other', units: 10 },
      ];
      await store.acquire(ask('a', 4));
      await store.acquire(ask('a', 10, { key: 'other' }));

      await advance(600);
      await store.renew({ holder: 'a', held, leaseMs: 1000 });
      await advance(600);
      expect(await store.acquire(ask('b', 1, { key: 'other' }))).toBe(0);
      await store.acquire(ask('a', 1));
      await advance(600);

      expect(await store.acquire(ask('b', 6))).toBe(0);
      expect(await store.acquire(ask('b', 10, { key: 'other' }))).toBe(10);
    });

    it('believes what a holder says it has, even above the limit', async () => {
      const { store, advance } = make();
      await store.acquire(ask('stalled', 8));
      await advance(1100);
      await store.acquire(ask('b', 8));

      await store.renew({ holder: 'stalled', held: [{ key: 'k', units: 8 }], leaseMs: 1000 });
      await store.release({ holder: 'b', held: [{ key: 'k', units: 5 }] });
      expect(await store.acquire(ask('c', 1))).toBe(0);
      await store.renew({ holder: 'stalled', held: [{ key: 'k', units: 3 }], leaseMs: 1000 });
      expect(await store.acquire(ask('c', 4))).toBe(4);
      await store.renew({ holder: 'stalled', held: [{ key: 'k', units: 0 }], leaseMs: 1000 });

      expect(await store.acquire(ask('c', 3))).toBe(3);
    });

    it('goes by the limit of each ask', async () => {
      const { store } = make();
      await store.acquire(ask('a', 8));

      expect(await store.acquire(ask('b', 1, { limit: 5 }))).toBe(0);
      expect(await store.acquire(ask('b', 5, { limit: 13 }))).toBe(5);
    });
  });
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lane } from '../../src/queue/order/lane.ts';
import { PlaceHeap } from '../../src/queue/order/place.ts';

const places = (count: number): Lane[] =>
  Array.from({ length: count }, () => new Lane({ isNewestFirst: false }));

describe('open places by key', () => {
  it('are served least first, whatever is put, moved and dropped', () => {
    const key = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constantFrom(-Infinity, Infinity));
    const step = fc.record({ nth: fc.nat(40), key: fc.option(key, { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const heap = new PlaceHeap<Lane>();
        const all = places(41);
        const keys = new Map<Lane, number>();
        for (const { nth, key } of steps) {
          const place = all[nth] as Lane;
          if (key === undefined) {
            heap.drop(place);
            keys.delete(place);
          } else {
            heap.put(place, key);
            keys.set(place, key);
          }
          const { first } = heap;
          expect(heap.isEmpty).toBe(keys.size === 0);
          expect(first === undefined ? undefined : keys.get(first)).toBe(
            keys.size === 0 ? undefined : Math.min(...keys.values()),
          );
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('keep the order in which they came where keys are equal', () => {
    const heap = new PlaceHeap<Lane>();
    const all = places(9);
    for (const place of all) heap.put(place, 3);

    const served = all.map(() => {
      const first = heap.first as Lane;
      heap.drop(first);
      return first;
    });

    expect(served).toEqual(all);
  });
});

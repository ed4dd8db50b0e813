import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idHeap, stableHeap } from '../../src/core/stable-heap.ts';

interface Entry {
  id: number;
  key: number;
  sequence: number;
}

/** The same contract, kept as a sorted list. */
function naiveHeap() {
  const entries: Entry[] = [];
  const sort = () => entries.sort((a, b) => a.key - b.key || a.sequence - b.sequence);
  let sequence = 0;
  return {
    entries,
    push(id: number, key: number) {
      entries.push({ id, key, sequence: sequence++ });
      sort();
    },
    remove(id: number) {
      const at = entries.findIndex((entry) => entry.id === id);
      if (at >= 0) entries.splice(at, 1);
      return at >= 0;
    },
    update(id: number, key: number) {
      const entry = entries.find((candidate) => candidate.id === id);
      if (entry) entry.key = key;
      sort();
      return entry !== undefined;
    },
  };
}

const drained = (heap: { pop(): number }) => {
  const ids: number[] = [];
  for (let id = heap.pop(); id !== -1; id = heap.pop()) ids.push(id);
  return ids;
};

describe('idHeap', () => {
  it('answers -1 and Infinity when it is empty', () => {
    const heap = idHeap();

    expect([heap.size, heap.peekId(), heap.peekKey(), heap.pop()]).toEqual([0, -1, Infinity, -1]);
  });

  it('pops equal keys in the order they were pushed, across growth', () => {
    const heap = idHeap(1);

    const ids = Array.from({ length: 1000 }, () => heap.push(7));

    expect(drained(heap)).toEqual(ids);
  });

  it('orders entries whose key is Infinity behind all others and among themselves', () => {
    const heap = idHeap();
    const never = heap.push(Infinity);
    const alsoNever = heap.push(Infinity);
    const soon = heap.push(-Infinity);

    expect(drained(heap)).toEqual([soon, never, alsoNever]);
  });

  it('refuses NaN as a key and stays as it was', () => {
    const heap = idHeap();
    const id = heap.push(1);

    expect(() => heap.push(NaN)).toThrow(RangeError);
    expect(() => heap.update(id, NaN)).toThrow(RangeError);

    expect([heap.size, heap.keyOf(id)]).toEqual([1, 1]);
  });

  it('does not know an id that was never issued, has left, or is no id at all', () => {
    const heap = idHeap();
    const gone = heap.push(1);
    heap.pop();

    for (const id of [gone, 5, -1, 0.5, NaN, Infinity, 2 ** 31]) {
      expect(heap.has(id)).toBe(false);
      expect(heap.remove(id)).toBe(false);
      expect(heap.update(id, 3)).toBe(false);
      expect(heap.keyOf(id)).toBeNaN();
    }
    expect(heap.size).toBe(0);
  });

  it('keeps the rank of insertion among equals when a key is updated', () => {
    const heap = idHeap();
    const first = heap.push(1);
    const second = heap.push(2);
    const third = heap.push(2);

    heap.update(first, 2);

    expect(drained(heap)).toEqual([first, second, third]);
  });

  it('hands out the id freed last first, and never more ids than its largest size', () => {
    const heap = idHeap();
    const ids = [heap.push(1), heap.push(2), heap.push(3)];

    heap.remove(ids[2]!);
    heap.remove(ids[0]!);

    expect([heap.push(9), heap.push(9), heap.push(9)]).toEqual([ids[0], ids[2], 3]);
  });

  it('forgets everything when cleared', () => {
    const heap = idHeap();
    for (let key = 0; key < 100; key++) heap.push(key);

    heap.clear();

    expect([heap.size, heap.peekId(), heap.peekKey(), heap.has(3)]).toEqual([
      0,
      -1,
      Infinity,
      false,
    ]);
    expect([heap.push(5), heap.push(4)]).toEqual([0, 1]);
    expect(drained(heap)).toEqual([1, 0]);
  });

  it('behaves as a sorted list under any run of operations', () => {
    // Few distinct keys, so that ties are common; enough operations to grow several times.
    const key = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.double({ noNaN: true }));
    const operation = fc.record({
      kind: fc.constantFrom('push', 'push', 'push', 'pop', 'remove', 'update', 'clear-rarely'),
      key,
      pick: fc.nat(300),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 400, size: 'max' }), (operations) => {
        const heap = idHeap(1);
        const naive = naiveHeap();
        for (const { kind, key, pick } of operations) {
          if (kind === 'push') {
            const id = heap.push(key);
            expect(naive.entries.some((entry) => entry.id === id)).toBe(false);
            naive.push(id, key);
          } else if (kind === 'pop') {
            expect(heap.pop()).toBe(naive.entries.shift()?.id ?? -1);
          } else if (kind === 'remove') {
            expect(heap.remove(pick)).toBe(naive.remove(pick));
          } else if (kind === 'update') {
            expect(heap.update(pick, key)).toBe(naive.update(pick, key));
          } else if (pick === 0) {
            heap.clear();
            naive.entries.length = 0;
          }
          expect(heap.size).toBe(naive.entries.length);
          expect(heap.peekId()).toBe(naive.entries[0]?.id ?? -1);
          expect(heap.peekKey()).toBe(naive.entries[0]?.key ?? Infinity);
        }
        for (const { id, key } of naive.entries) expect(heap.keyOf(id)).toBe(key);
        expect(drained(heap)).toEqual(naive.entries.map(({ id }) => id));
      }),
    );
  });
});

describe('stableHeap', () => {
  it('carries values in the order of their keys', () => {
    const heap = stableHeap<string>();
    heap.push(2, 'second');
    heap.push(1, 'first');
    const third = heap.push(2, 'third');

    expect(heap.peek()).toBe('first');
    expect(heap.has(third)).toBe(true);
    expect([heap.pop(), heap.pop(), heap.pop(), heap.pop()]).toEqual([
      'first',
      'second',
      'third',
      undefined,
    ]);
  });

  it('takes a value out by its id and moves one by a new key', () => {
    const heap = stableHeap<string>();
    const a = heap.push(1, 'a');
    const b = heap.push(2, 'b');
    const c = heap.push(3, 'c');

    expect(heap.update(c, 0)).toBe(true);
    expect(heap.remove(a)).toBe('a');
    expect(heap.remove(a)).toBeUndefined();

    expect([heap.pop(), heap.pop(), heap.size]).toEqual(['c', 'b', 0]);
    expect(heap.has(b)).toBe(false);
  });

  it('is empty after clear', () => {
    const heap = stableHeap<string>();
    heap.push(1, 'a');

    heap.clear();

    expect([heap.size, heap.peek(), heap.peekKey()]).toEqual([0, undefined, Infinity]);
  });
});

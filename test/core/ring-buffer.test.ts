import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ringBuffer } from '../../src/core/ring-buffer.ts';

const contents = <T>(ring: { size: number; at(index: number): T | undefined }) =>
  Array.from({ length: ring.size }, (_, index) => ring.at(index));

describe('ringBuffer', () => {
  it('gives items back in the order they came, across growth', () => {
    const ring = ringBuffer<number>();
    const numbers = Array.from({ length: 1000 }, (_, index) => index);

    numbers.forEach((number) => ring.push(number));

    expect(numbers.map(() => ring.shift())).toEqual(numbers);
    expect(ring.shift()).toBeUndefined();
  });

  it('answers undefined outside its items', () => {
    const ring = ringBuffer<number>();
    ring.push(7);

    expect([-1, 1, 16, NaN].map((index) => ring.at(index))).toEqual(Array(4).fill(undefined));
    expect(ring.at(0)).toBe(7);
  });

  it('behaves as an array under any run of operations', () => {
    const operation = fc.constantFrom('push', 'push', 'unshift', 'shift', 'pop', 'rarely-clear');
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 500, size: 'max' }), (operations) => {
        const ring = ringBuffer<number>();
        const array: number[] = [];
        operations.forEach((kind, item) => {
          if (kind === 'push') array.push((ring.push(item), item));
          else if (kind === 'unshift') array.unshift((ring.unshift(item), item));
          else if (kind === 'shift') expect(ring.shift()).toBe(array.shift());
          else if (kind === 'pop') expect(ring.pop()).toBe(array.pop());
          else if (item % 40 === 0) array.length = (ring.clear(), 0);
          expect(ring.peek()).toBe(array[0]);
        });
        expect(contents(ring)).toEqual(array);
      }),
    );
  });

  it('keeps alive no item that has left', () => {
    const ring = ringBuffer<object>();
    for (let item = 0; item < 40; item++) ring.push({});
    for (let item = 0; item < 10; item++) ring.unshift({});

    for (let item = 0; item < 25; item++) {
      ring.shift();
      ring.pop();
    }

    const { items } = ring as unknown as { items: unknown[] };
    expect(ring.size).toBe(0);
    expect(items.every((item) => item === undefined)).toBe(true);
  });
});

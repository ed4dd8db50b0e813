import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frequencySketch, powerOfTwo } from '../../src/cache/memory/sketch.ts';
import { xxh32 } from '../../src/core/index.ts';

describe('the frequency sketch', () => {
  it('never estimates below the true count, up to 15, before it ages', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 600 }), (keys) => {
        const sketch = frequencySketch(512);
        const counts = new Map<number, number>();

        for (const key of keys) {
          sketch.increment(xxh32(String(key)));
          counts.set(key, (counts.get(key) ?? 0) + 1);
        }

        for (const [key, count] of counts) {
          expect(sketch.frequency(xxh32(String(key)))).toBeGreaterThanOrEqual(Math.min(15, count));
        }
      }),
    );
  });

  it('estimates few keys exactly', () => {
    const sketch = frequencySketch(4_096);
    for (let key = 0; key < 100; key++) {
      for (let use = 0; use < key % 16; use++) sketch.increment(xxh32(`key ${key}`));
    }

    const wrong = Array.from({ length: 100 }, (_, key) => key).filter(
      (key) => sketch.frequency(xxh32(`key ${key}`)) !== key % 16,
    );

    expect(wrong).toEqual([]);
  });

  it('halves all counts after ten uses per key of its capacity', () => {
    const sketch = frequencySketch(64);
    for (let use = 0; use < 12; use++) sketch.increment(xxh32('hot'));
    const before = sketch.frequency(xxh32('hot'));

    for (let use = 12; use < 640; use++) sketch.increment(xxh32(`other ${use}`));

    expect(before).toBe(12);
    expect(sketch.frequency(xxh32('hot'))).toBe(6);
  });

  it('tells hot keys from a flood of others', () => {
    const sketch = frequencySketch(1_000);
    for (let i = 0; i < 9_000; i++) {
      sketch.increment(xxh32(`flood ${i}`));
      if (i % 100 === 0) sketch.increment(xxh32('hot'));
    }

    expect(sketch.frequency(xxh32('hot'))).toBe(15);
    expect(sketch.frequency(xxh32('flood 1'))).toBeLessThan(8);
  });
});

describe('the least power of two', () => {
  it.each([
    [0, 1],
    [1, 1],
    [2, 2],
    [3, 4],
    [64, 64],
    [65, 128],
    [200_000, 262_144],
  ])('for %d is %d', (value, power) => {
    expect(powerOfTwo(value)).toBe(power);
  });
});

/**
 * Random numbers that come again: sfc32 (C. Doty-Humphrey, PractRand), a small fast chaotic generator
 * with a counter, hence a period of at least 2^32.
 */
import { xxh32 } from './hash-xxh32.ts';

/** Rounds until a poor seed has spread through the whole state, as the author advises. */
const WARM_UP = 15;

/**
 * Makes a stream of numbers in [0, 1) with 32 random bits each: the same seed, the same stream.
 *
 * @param seed any number or string; strings that differ in one letter give unrelated streams, and a
 *   number gives the stream of its decimal form
 */
export function seededRandom(seed: number | string): () => number {
  const text = String(seed);
  // 96 bits of state from the text, so that streams by name do not meet by a 32-bit collision.
  let a = xxh32(text, 1) | 0;
  let b = xxh32(text, 2) | 0;
  let c = xxh32(text, 3) | 0;
  let counter = 1;
  const random = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0; // without |0 every call would allocate a double
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < WARM_UP; round++) random();
  return random;
}

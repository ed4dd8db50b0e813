/**
 * Random numbers that come again: sfc32 (C. Doty-Humphrey, PractRand), a small fast chaotic generator
 * with a counter, hence a period of at least 2^32.
 */

/**
 * Makes a stream of numbers in [0, 1) with 32 random bits each: the same seed, the same stream.
 *
 * @param seed any number or string; strings that differ in one letter give unrelated streams
 */
export function seededRandom(seed: number | string): () => number {
  let state = fnv1a(String(seed));
  const next = (): number => (state = splitmix32(state));
  let a = next();
  let b = next();
  let c = next();
  let counter = 1;
  const random = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < WARM_UP; i++) random();
  return random;
}

/** Rounds until a poor seed has spread through the whole state, as the author advises. */
const WARM_UP = 15;

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** The finaliser of SplitMix in 32 bits, which turns a weak hash into a seed. */
function splitmix32(state: number): number {
  let z = (state + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}

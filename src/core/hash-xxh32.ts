/**
 * xxHash32: the default hash for keys. Fast on short texts, of good quality in all bits, and the same in
 * every language, so that two services agree where a key belongs. Not for adversaries who choose keys.
 *
 * Source: Y. Collet, "xxHash fast digest algorithm", doc/xxhash_spec.md (XXH32). No deviations.
 */
import { byteAt, type HashInput, utf8, wordAt } from './hash-input.ts';

const PRIME_1 = 0x9e3779b1 | 0;
const PRIME_2 = 0x85ebca77 | 0;
const PRIME_3 = 0xc2b2ae3d | 0;
const PRIME_4 = 0x27d4eb2f;
const PRIME_5 = 0x165667b1;

/**
 * The xxHash32 of a text (as UTF-8) or of bytes, an unsigned 32-bit integer. O(length).
 *
 * `seed` is an integer, taken modulo 2³²; default 0.
 */
export function xxh32(input: HashInput, seed = 0): number {
  const { length } = input;
  let hash = 0;
  let seen = 0;
  let at = 0;
  if (length < 16) {
    hash = ((seed | 0) + PRIME_5) | 0;
  } else {
    let a = ((seed | 0) + PRIME_1 + PRIME_2) | 0;
    let b = ((seed | 0) + PRIME_2) | 0;
    let c = seed | 0;
    let d = ((seed | 0) - PRIME_1) | 0;
    // The lanes take turns, so that after four words each is back in its place.
    for (const end = length & ~15; at < end; at += 4) {
      const word = wordAt(input, at);
      seen |= word;
      const turned = rotated((a + Math.imul(word, PRIME_2)) | 0, 13);
      a = b;
      b = c;
      c = d;
      d = Math.imul(turned, PRIME_1);
    }
    hash = (rotated(a, 1) + rotated(b, 7) + rotated(c, 12) + rotated(d, 18)) | 0;
  }
  hash = (hash + length) | 0;
  for (; at + 4 <= length; at += 4) {
    const word = wordAt(input, at);
    seen |= word;
    hash = Math.imul(rotated((hash + Math.imul(word, PRIME_3)) | 0, 17), PRIME_4);
  }
  for (; at < length; at++) {
    const byte = byteAt(input, at);
    seen |= byte;
    hash = Math.imul(rotated((hash + Math.imul(byte, PRIME_5)) | 0, 11), PRIME_1);
  }
  if (seen < 0 && typeof input === 'string') return xxh32(utf8(input), seed);
  return avalanched(hash);
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function avalanched(hash: number): number {
  const second = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  const third = Math.imul(second ^ (second >>> 13), PRIME_3);
  return (third ^ (third >>> 16)) >>> 0;
}

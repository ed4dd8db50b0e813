/**
 * MurmurHash3 x86 32-bit, for agreeing with systems that partition by it (Kafka-like partitioners,
 * feature-flag buckets). For new keys prefer xxh32.
 *
 * Source: A. Appleby, smhasher, MurmurHash3_x86_32 (public domain). No deviations.
 */
import { byteAt, type HashInput, utf8, wordAt } from './hash-input.ts';

/**
 * The MurmurHash3 (x86, 32-bit) of a text (as UTF-8) or of bytes, an unsigned 32-bit integer. O(length).
 *
 * `seed` is an integer, taken modulo 2³²; default 0.
 */
export function murmur3(input: HashInput, seed = 0): number {
  const { length } = input;
  let hash = seed | 0;
  let seen = 0;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const word = wordAt(input, at);
    seen |= word;
    hash ^= scrambled(word);
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let shift = 0; at < length; at++, shift += 8) {
    const byte = byteAt(input, at);
    seen |= byte;
    rest |= byte << shift;
  }
  if (seen < 0 && typeof input === 'string') return murmur3(utf8(input), seed);
  return murmurMix(hash ^ scrambled(rest) ^ length);
}

function scrambled(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}

/** The finisher of MurmurHash3: spreads every bit of a 32-bit number over all bits, one to one. */
export function murmurMix(hash: number): number {
  const second = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const third = Math.imul(second ^ (second >>> 13), 0xc2b2ae35);
  return (third ^ (third >>> 16)) >>> 0;
}

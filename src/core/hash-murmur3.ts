/**
 * MurmurHash3 x86 32-bit, for agreeing with systems that partition by it (Kafka-like partitioners,
 * feature-flag buckets). For new keys prefer xxh32.
 *
 * Source: A. Appleby, smhasher, MurmurHash3_x86_32 (public domain). No deviations.
 */
import { type HashInput, utf8, wordAt } from './hash-input.ts';

/**
 * The MurmurHash3 (x86, 32-bit) of a text (as UTF-8) or of bytes, an unsigned 32-bit integer. O(length).
 *
 * `seed` is an integer, taken modulo 2³²; default 0.
 */
export function murmur3(input: HashInput, seed = 0): number {
  return typeof input === 'string' ? ofText(input, seed) : ofBytes(input, seed);
}

/** Reading the characters is nearly all of the cost: no check stands between them. */
function ofText(text: string, seed: number): number {
  const { length } = text;
  let hash = seed | 0;
  let seen = 0;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const a = text.charCodeAt(at);
    const b = text.charCodeAt(at + 1);
    const c = text.charCodeAt(at + 2);
    const d = text.charCodeAt(at + 3);
    seen |= a | b | c | d;
    hash = mixedIn(hash, a | (b << 8) | (c << 16) | (d << 24));
  }
  let rest = 0;
  for (let shift = 0; at < length; at++, shift += 8) {
    const code = text.charCodeAt(at);
    seen |= code;
    rest |= code << shift;
  }
  // Beyond ASCII a character is no byte: start again over the bytes.
  return seen < 128 ? murmurMix(hash ^ scrambled(rest) ^ length) : ofBytes(utf8(text), seed);
}

function ofBytes(bytes: Uint8Array, seed: number): number {
  const { length } = bytes;
  let hash = seed | 0;
  let at = 0;
  for (; at + 4 <= length; at += 4) hash = mixedIn(hash, wordAt(bytes, at));
  let rest = 0;
  for (let shift = 0; at < length; at++, shift += 8) rest |= bytes[at]! << shift;
  return murmurMix(hash ^ scrambled(rest) ^ length);
}

function mixedIn(hash: number, word: number): number {
  const mixed = hash ^ scrambled(word);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
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

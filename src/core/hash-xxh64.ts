/**
 * xxHash64 in two 32-bit halves, for agreeing with systems that place by it (the ring of Envoy and gRPC).
 * Exact, and without BigInt, whose every operation allocates. For keys of our own xxh32 is enough.
 *
 * Source: Y. Collet, "xxHash fast digest algorithm", doc/xxhash_spec.md (XXH64). No deviations.
 */
import { byteAt, type HashInput, utf8, wordAt } from './hash-input.ts';

/** A 64-bit hash: `high` and `low` are unsigned 32-bit integers. */
export interface Hash64 {
  high: number;
  low: number;
}

// The five primes, as high and low halves.
const PRIME_1_HIGH = 0x9e3779b1 | 0;
const PRIME_1_LOW = 0x85ebca87 | 0;
const PRIME_2_HIGH = 0xc2b2ae3d | 0;
const PRIME_2_LOW = 0x27d4eb4f;
const PRIME_3_HIGH = 0x165667b1;
const PRIME_3_LOW = 0x9e3779f9 | 0;
const PRIME_4_HIGH = 0x85ebca77 | 0;
const PRIME_4_LOW = 0xc2b2ae63 | 0;
const PRIME_5_HIGH = 0x27d4eb2f;
const PRIME_5_LOW = 0x165667c5;

/**
 * The xxHash64 of a text (as UTF-8) or of bytes. O(length).
 *
 * `seed` is a non-negative safe integer; default 0. The answer is written into `into` and returned; hand
 * the same object in again and nothing is allocated for inputs below 32 bytes.
 *
 * ```ts
 * import { xxh64 } from 'tenfold/core';
 *
 * const { high, low } = xxh64('10.0.0.1:8080_0');
 * ```
 */
export function xxh64(input: HashInput, seed = 0, into: Hash64 = { high: 0, low: 0 }): Hash64 {
  const { length } = input;
  const stripesEnd = length & ~31;
  let seen = 0;
  let high = Math.floor(seed / 0x1_0000_0000) | 0;
  let low = seed | 0;
  if (length < 32) {
    high = sumHigh(high, low, PRIME_5_HIGH, PRIME_5_LOW);
    low = (low + PRIME_5_LOW) | 0;
  } else {
    seen = hashStripes(input, high, low, into);
    ({ high, low } = into);
  }
  high = sumHigh(high, low, 0, length);
  low = (low + length) | 0;

  let at = stripesEnd;
  for (; at + 8 <= length; at += 8) {
    const wordLow = wordAt(input, at);
    const wordHigh = wordAt(input, at + 4);
    seen |= wordLow | wordHigh;
    // A round over an empty lane, written out: V8 stops inlining when a function grows too large.
    const wideHigh = productHigh(wordHigh, wordLow, PRIME_2_HIGH, PRIME_2_LOW);
    const wideLow = Math.imul(wordLow, PRIME_2_LOW);
    const laneHigh = (wideHigh << 31) | (wideLow >>> 1);
    const laneLow = (wideLow << 31) | (wideHigh >>> 1);
    high ^= productHigh(laneHigh, laneLow, PRIME_1_HIGH, PRIME_1_LOW);
    low ^= Math.imul(laneLow, PRIME_1_LOW);
    const turnedHigh = (high << 27) | (low >>> 5);
    const turnedLow = (low << 27) | (high >>> 5);
    high = productHigh(turnedHigh, turnedLow, PRIME_1_HIGH, PRIME_1_LOW);
    low = Math.imul(turnedLow, PRIME_1_LOW);
    high = sumHigh(high, low, PRIME_4_HIGH, PRIME_4_LOW);
    low = (low + PRIME_4_LOW) | 0;
  }
  if (at + 4 <= length) {
    const word = wordAt(input, at);
    seen |= word;
    high ^= productHigh(0, word, PRIME_1_HIGH, PRIME_1_LOW);
    low ^= Math.imul(word, PRIME_1_LOW);
    const turnedHigh = (high << 23) | (low >>> 9);
    const turnedLow = (low << 23) | (high >>> 9);
    high = productHigh(turnedHigh, turnedLow, PRIME_2_HIGH, PRIME_2_LOW);
    low = Math.imul(turnedLow, PRIME_2_LOW);
    high = sumHigh(high, low, PRIME_3_HIGH, PRIME_3_LOW);
    low = (low + PRIME_3_LOW) | 0;
    at += 4;
  }
  for (; at < length; at++) {
    const byte = byteAt(input, at);
    seen |= byte;
    high ^= productHigh(0, byte, PRIME_5_HIGH, PRIME_5_LOW);
    low ^= Math.imul(byte, PRIME_5_LOW);
    const turnedHigh = (high << 11) | (low >>> 21);
    const turnedLow = (low << 11) | (high >>> 21);
    high = productHigh(turnedHigh, turnedLow, PRIME_1_HIGH, PRIME_1_LOW);
    low = Math.imul(turnedLow, PRIME_1_LOW);
  }
  if (seen < 0 && typeof input === 'string') return xxh64(utf8(input), seed, into);
  return avalanched(high, low, into);
}

/** Hashes the whole 32-byte stripes into `into`; answers the OR of all words read. */
function hashStripes(input: HashInput, seedHigh: number, seedLow: number, into: Hash64): number {
  const lanes = new Int32Array(8);
  startLanes(lanes, seedHigh, seedLow);
  const end = input.length & ~31;
  let seen = 0;
  for (let at = 0; at < end; at += 8) {
    const wordLow = wordAt(input, at);
    const wordHigh = wordAt(input, at + 4);
    seen |= wordLow | wordHigh;
    const lane = (at >> 2) & 6;
    const laneHigh = lanes[lane]!;
    const laneLow = lanes[lane + 1]!;
    lanes[lane] = roundHigh(laneHigh, laneLow, wordHigh, wordLow);
    lanes[lane + 1] = roundLow(laneHigh, laneLow, wordHigh, wordLow);
  }
  mergeLanes(lanes, into);
  return seen;
}

function startLanes(lanes: Int32Array, high: number, low: number): void {
  const bothHigh = sumHigh(PRIME_1_HIGH, PRIME_1_LOW, PRIME_2_HIGH, PRIME_2_LOW);
  const bothLow = (PRIME_1_LOW + PRIME_2_LOW) | 0;
  const minusHigh = sumHigh(~PRIME_1_HIGH, ~PRIME_1_LOW, 0, 1);
  const minusLow = -PRIME_1_LOW | 0;
  lanes[0] = sumHigh(high, low, bothHigh, bothLow);
  lanes[1] = low + bothLow;
  lanes[2] = sumHigh(high, low, PRIME_2_HIGH, PRIME_2_LOW);
  lanes[3] = low + PRIME_2_LOW;
  lanes[4] = high;
  lanes[5] = low;
  lanes[6] = sumHigh(high, low, minusHigh, minusLow);
  lanes[7] = low + minusLow;
}

function mergeLanes(lanes: Int32Array, into: Hash64): void {
  let high = 0;
  let low = 0;
  for (let lane = 0; lane < 8; lane += 2) {
    const bits = lane === 0 ? 1 : lane === 2 ? 7 : lane === 4 ? 12 : 18;
    const laneHigh = lanes[lane]!;
    const laneLow = lanes[lane + 1]!;
    const turnedHigh = (laneHigh << bits) | (laneLow >>> (32 - bits));
    const turnedLow = (laneLow << bits) | (laneHigh >>> (32 - bits));
    high = sumHigh(high, low, turnedHigh, turnedLow);
    low = (low + turnedLow) | 0;
  }
  for (let lane = 0; lane < 8; lane += 2) {
    const mixedHigh = high ^ roundHigh(0, 0, lanes[lane]!, lanes[lane + 1]!);
    const mixedLow = low ^ roundLow(0, 0, lanes[lane]!, lanes[lane + 1]!);
    high = productHigh(mixedHigh, mixedLow, PRIME_1_HIGH, PRIME_1_LOW);
    low = Math.imul(mixedLow, PRIME_1_LOW);
    high = sumHigh(high, low, PRIME_4_HIGH, PRIME_4_LOW);
    low = (low + PRIME_4_LOW) | 0;
  }
  into.high = high;
  into.low = low;
}

function avalanched(high: number, low: number, into: Hash64): Hash64 {
  const firstLow = low ^ (high >>> 1); // hash ^= hash >> 33
  const secondHigh = productHigh(high, firstLow, PRIME_2_HIGH, PRIME_2_LOW);
  const secondLow = Math.imul(firstLow, PRIME_2_LOW);
  const thirdHigh = secondHigh ^ (secondHigh >>> 29); // hash ^= hash >> 29
  const thirdLow = secondLow ^ ((secondLow >>> 29) | (secondHigh << 3));
  const lastHigh = productHigh(thirdHigh, thirdLow, PRIME_3_HIGH, PRIME_3_LOW);
  into.high = lastHigh >>> 0;
  into.low = (Math.imul(thirdLow, PRIME_3_LOW) ^ lastHigh) >>> 0; // hash ^= hash >> 32
  return into;
}

// A function cannot answer with two numbers without allocating, so a pair is computed as two functions
// of the same operands; once inlined, their common parts are computed once.

/** The high half of (lane + word * PRIME_2, turned by 31) * PRIME_1. */
function roundHigh(high: number, low: number, wordHigh: number, wordLow: number): number {
  const productLow = Math.imul(wordLow, PRIME_2_LOW);
  const product = productHigh(wordHigh, wordLow, PRIME_2_HIGH, PRIME_2_LOW);
  const sumOfHigh = sumHigh(high, low, product, productLow);
  const sumOfLow = (low + productLow) | 0;
  const turnedHigh = (sumOfHigh << 31) | (sumOfLow >>> 1);
  const turnedLow = (sumOfLow << 31) | (sumOfHigh >>> 1);
  return productHigh(turnedHigh, turnedLow, PRIME_1_HIGH, PRIME_1_LOW);
}

/** The low half of the same. */
function roundLow(high: number, low: number, wordHigh: number, wordLow: number): number {
  const productLow = Math.imul(wordLow, PRIME_2_LOW);
  const product = productHigh(wordHigh, wordLow, PRIME_2_HIGH, PRIME_2_LOW);
  const sumOfHigh = sumHigh(high, low, product, productLow);
  const sumOfLow = (low + productLow) | 0;
  return Math.imul((sumOfLow << 31) | (sumOfHigh >>> 1), PRIME_1_LOW);
}

/** The high half of a 64-bit sum; its low half is `(aLow + bLow) | 0`. */
export function sumHigh(aHigh: number, aLow: number, bHigh: number, bLow: number): number {
  const low = (aLow + bLow) | 0;
  const carry = low >>> 0 < aLow >>> 0 ? 1 : 0;
  return (aHigh + bHigh + carry) | 0;
}

/** The high half of a 64-bit product; its low half is `Math.imul(aLow, bLow)`. */
export function productHigh(aHigh: number, aLow: number, bHigh: number, bLow: number): number {
  const a0 = aLow & 0xffff;
  const a1 = aLow >>> 16;
  const b0 = bLow & 0xffff;
  const b1 = bLow >>> 16;
  const lowLow = Math.imul(a0, b0);
  const highLow = Math.imul(a1, b0);
  const lowHigh = Math.imul(a0, b1);
  const middle = (lowLow >>> 16) + (highLow & 0xffff) + (lowHigh & 0xffff);
  const carried = Math.imul(a1, b1) + (highLow >>> 16) + (lowHigh >>> 16) + (middle >>> 16);
  return (carried + Math.imul(aHigh, bLow) + Math.imul(aLow, bHigh)) | 0;
}

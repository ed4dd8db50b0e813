/**
 * How often a key was seen lately, in four bits: a count-min sketch that ages.
 *
 * Source: G. Einziger, R. Friedman, B. Manes, TinyLFU, ACM ToS 2017, in the layout of Caffeine's
 * FrequencySketch: a key's four counters lie in one 64-byte block, each in its own 16-byte part, so
 * that one cache line is read. Estimates are never below the true count since the last ageing, up to
 * 15. Deviation: 32-bit words, as JavaScript counts in them.
 */

import { murmurMix } from '../../core/hash-murmur3.ts';

/** The popularity of keys, by hash. */
export interface FrequencySketch {
  /** Estimated uses of the key, 0–15, halved now and then. */
  frequency(hash: number): number;
  /** Counts one use; after 10 × `capacity` counted uses all counters are halved. */
  increment(hash: number): void;
  /** Makes room for more keys; counts are forgotten when the table grows. */
  ensureCapacity(capacity: number): void;
  clear(): void;
}

const WORDS_PER_BLOCK = 16;
const SAMPLES_PER_KEY = 10;
const LEAST_COUNTERS = 256;
/** Below it tables are four times as large: among few keys one unlucky collision weighs much. */
const SMALL = 4_096;
const ODD_BITS = 0x11111111;
const HALVED_BITS = 0x77777777;

/** Makes a sketch for `capacity` keys: eight bytes each (32 where they are few), rounded up to a power of two. */
export function frequencySketch(capacity: number): FrequencySketch {
  return new Sketch(capacity);
}

class Sketch implements FrequencySketch {
  private table = new Int32Array(0);
  private blockMask = 0;
  private sampleSize = 0;
  private counted = 0;

  constructor(capacity: number) {
    this.ensureCapacity(capacity);
  }

  ensureCapacity(capacity: number): void {
    const wanted = capacity < SMALL ? Math.max(LEAST_COUNTERS, 4 * capacity) : capacity;
    const blocks = powerOfTwo(wanted) >>> 3;
    this.sampleSize = SAMPLES_PER_KEY * Math.max(capacity, 1);
    if (blocks * WORDS_PER_BLOCK <= this.table.length) return;
    this.table = new Int32Array(blocks * WORDS_PER_BLOCK);
    this.blockMask = blocks - 1;
    this.counted = 0;
  }

  frequency(hash: number): number {
    const { table } = this;
    const block = (hash & this.blockMask) << 4;
    let bits = murmurMix(hash);
    let least = 15;
    for (let row = 0; row < 4; row++, bits >>>= 8) {
      // Bit 0 chooses one of the two 64-bit halves of the row's part, bits 1–4 a counter in it.
      const word = block + (row << 2) + ((bits & 1) << 1) + ((bits >>> 4) & 1);
      const count = ((table[word] as number) >>> ((bits & 14) << 1)) & 15;
      if (count < least) least = count;
    }
    return least;
  }

  increment(hash: number): void {
    const { table } = this;
    const block = (hash & this.blockMask) << 4;
    let bits = murmurMix(hash);
    let grown = 0;
    for (let row = 0; row < 4; row++, bits >>>= 8) {
      const word = block + (row << 2) + ((bits & 1) << 1) + ((bits >>> 4) & 1);
      const shift = (bits & 14) << 1;
      const before = table[word] as number;
      if (((before >>> shift) & 15) === 15) continue;
      table[word] = before + (1 << shift);
      grown = 1;
    }
    this.counted += grown;
    if (this.counted >= this.sampleSize) this.age();
  }

  clear(): void {
    this.table.fill(0);
    this.counted = 0;
  }

  private age(): void {
    const { table } = this;
    let odd = 0;
    for (let word = 0; word < table.length; word++) {
      const bits = table[word] as number;
      odd += bitCount(bits & ODD_BITS);
      table[word] = (bits >>> 1) & HALVED_BITS;
    }
    // Each use raised up to four counters; halving lost half a count for every odd one.
    this.counted = (this.counted - (odd >>> 2)) >>> 1;
  }
}

/** The least power of two that is not less. */
export function powerOfTwo(value: number): number {
  return value <= 1 ? 1 : 2 ** (32 - Math.clz32(Math.min(value, 2 ** 30) - 1));
}

/** Set bits of a word in which only every fourth bit may be set. */
function bitCount(bits: number): number {
  const pairs = (bits & 0x01010101) + ((bits >>> 4) & 0x01010101);
  return Math.imul(pairs, 0x01010101) >>> 24;
}

import type { Hash64 } from '../../src/core/index.ts';

const MASK = 2n ** 64n - 1n;

/** A 64-bit whole number in two halves. */
export function wide(value: bigint): Hash64 {
  return { high: Number(value >> 32n), low: Number(value & 0xffff_ffffn) };
}

/** Two halves as one whole number. */
export function bigOf({ high, low }: Readonly<Hash64>): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/** MurmurHash2, 64 bits (A. Appleby, MurmurHash64A), as the standard library of C++ hashes text. */
export function murmur2(text: string, seed: bigint): bigint {
  const m = 0xc6a4a7935bd1e995n;
  const bytes = new TextEncoder().encode(text);
  const word = (from: number, to: number): bigint =>
    bytes.slice(from, to).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const whole = bytes.length & ~7;
  let hash = seed ^ ((BigInt(bytes.length) * m) & MASK);
  for (let at = 0; at < whole; at += 8) {
    const mixed = (word(at, at + 8) * m) & MASK;
    hash = ((hash ^ (((mixed ^ (mixed >> 47n)) * m) & MASK)) * m) & MASK;
  }
  if (whole < bytes.length) hash = ((hash ^ word(whole, bytes.length)) * m) & MASK;
  hash = ((hash ^ (hash >> 47n)) * m) & MASK;
  return hash ^ (hash >> 47n);
}

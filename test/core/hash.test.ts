import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc16 } from '../../src/core/hash-crc16.ts';
import { utf8 } from '../../src/core/hash-input.ts';
import { murmur3 } from '../../src/core/hash-murmur3.ts';
import { xxh32 } from '../../src/core/hash-xxh32.ts';
import { xxh64 } from '../../src/core/hash-xxh64.ts';

interface Vectors {
  buffer: { hex: string };
  xxh32: { vectors: [length: number, seed: number, hex: string][] };
  xxh64: { vectors: [length: number, seed: number, hex: string][] };
  murmur3_x86_32: { vectors: [text: string, seed: number, hash: number][] };
  murmur3_x86_32_smhasher_verification: { expected: number };
  utf8: { vectors: [text: string, xxh32: number, xxh64: string, murmur3: number][] };
  crc16_xmodem: Record<string, number>;
}

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/core-hashes.json', import.meta.url), 'utf8'),
) as Vectors;
const buffer = Uint8Array.from(Buffer.from(vectors.buffer.hex, 'hex'));
const encoder = new TextEncoder();

const whole = ({ high, low }: { high: number; low: number }) => (BigInt(high) << 32n) | BigInt(low);

/** Any UTF-16, with half surrogate pairs as often as whole ones. */
const unit = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }),
  fc.integer({ min: 0, max: 0xffff }),
  fc.integer({ min: 0xd800, max: 0xdfff }),
);
const anyText = fc
  .array(unit, { maxLength: 80 })
  .map((units) => units.map((code) => String.fromCharCode(code)).join(''));
const anySeed = fc.integer({ min: 0, max: 0xffffffff });

describe('utf8', () => {
  it('writes what TextEncoder writes, also for half surrogate pairs', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect([...utf8(text)]).toEqual([...encoder.encode(text)]);
      }),
    );
  });
});

describe('xxh32', () => {
  it.each(vectors.xxh32.vectors)('hashes %i bytes with seed %i to %s', (length, seed, hex) => {
    expect(xxh32(buffer.subarray(0, length), seed)).toBe(parseInt(hex, 16));
  });

  it.each(vectors.utf8.vectors)('hashes the text %j to %i', (text, expected) => {
    expect(xxh32(text)).toBe(expected);
  });
});

describe('xxh64', () => {
  it.each(vectors.xxh64.vectors)('hashes %i bytes with seed %i to %s', (length, seed, hex) => {
    expect(whole(xxh64(buffer.subarray(0, length), seed))).toBe(BigInt(`0x${hex}`));
  });

  it.each(vectors.utf8.vectors)('hashes the text %j', (text, _xxh32, expected) => {
    expect(whole(xxh64(text))).toBe(BigInt(expected));
  });

  it('agrees with the specification computed in BigInt, at every length and seed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.maxSafeNat(), (bytes, seed) => {
        expect(whole(xxh64(bytes, seed))).toBe(xxh64InBigInt(bytes, BigInt(seed)));
      }),
    );
  });

  it('writes into the object handed in', () => {
    const into = { high: 0, low: 0 };

    expect(xxh64('abc', 0, into)).toBe(into);
    expect(into).toEqual(xxh64('abc'));
  });
});

describe('murmur3', () => {
  it.each(vectors.murmur3_x86_32.vectors)('hashes %j with seed %i to %i', (text, seed, hash) => {
    expect(murmur3(text, seed)).toBe(hash);
  });

  it.each(vectors.utf8.vectors)('hashes the text %j', (text, _xxh32, _xxh64, expected) => {
    expect(murmur3(text)).toBe(expected);
  });

  it("passes smhasher's verification of every length from 0 to 255", () => {
    const hashes = new Uint32Array(256);
    const key = Uint8Array.from({ length: 256 }, (_, at) => at);

    for (let length = 0; length < 256; length++) {
      hashes[length] = murmur3(key.subarray(0, length), 256 - length);
    }

    const { expected } = vectors.murmur3_x86_32_smhasher_verification;
    expect(murmur3(new Uint8Array(hashes.buffer))).toBe(expected);
  });
});

describe('crc16', () => {
  it.each(Object.entries(vectors.crc16_xmodem))('checks %j to %i', (text, expected) => {
    expect(crc16(text)).toBe(expected);
  });

  it('agrees with the definition, bit by bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        let crc = 0;
        for (const byte of bytes) {
          crc ^= byte << 8;
          for (let bit = 0; bit < 8; bit++) {
            crc = ((crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021) & 0xffff;
          }
        }
        expect(crc16(bytes)).toBe(crc);
      }),
    );
  });
});

describe('every hash', () => {
  it('hashes a text as its UTF-8 bytes, with any seed, rope or flat', () => {
    fc.assert(
      fc.property(anyText, anyText, anySeed, (left, right, seed) => {
        const text = left + right;
        const bytes = encoder.encode(text);

        expect(xxh32(text, seed)).toBe(xxh32(bytes, seed));
        expect(xxh64(text, seed)).toEqual(xxh64(bytes, seed));
        expect(murmur3(text, seed)).toBe(murmur3(bytes, seed));
        expect(crc16(text)).toBe(crc16(bytes));
      }),
      { numRuns: 500 },
    );
  });
});

/** XXH64 as doc/xxhash_spec.md states it. */
function xxh64InBigInt(bytes: Uint8Array, seed: bigint): bigint {
  const [p1, p2, p3, p4, p5] = [
    0x9e3779b185ebca87n,
    0xc2b2ae3d27d4eb4fn,
    0x165667b19e3779f9n,
    0x85ebca77c2b2ae63n,
    0x27d4eb2f165667c5n,
  ] as const;
  const cut = (value: bigint) => BigInt.asUintN(64, value);
  const turn = (value: bigint, bits: bigint) => cut((value << bits) | (value >> (64n - bits)));
  const round = (lane: bigint, word: bigint) => cut(turn(cut(lane + word * p2), 31n) * p1);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let hash: bigint;
  if (bytes.length < 32) {
    hash = cut(seed + p5);
  } else {
    const lanes = [seed + p1 + p2, seed + p2, seed, seed - p1].map(cut);
    for (; at + 32 <= bytes.length; at += 32) {
      for (let lane = 0; lane < 4; lane++) {
        lanes[lane] = round(lanes[lane]!, view.getBigUint64(at + 8 * lane, true));
      }
    }
    hash = cut([1n, 7n, 12n, 18n].reduce((sum, bits, lane) => sum + turn(lanes[lane]!, bits), 0n));
    for (const lane of lanes) hash = cut((hash ^ round(0n, lane)) * p1 + p4);
  }
  hash = cut(hash + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8) {
    hash = cut(turn(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * p1 + p4);
  }
  if (at + 4 <= bytes.length) {
    hash = cut(turn(hash ^ cut(BigInt(view.getUint32(at, true)) * p1), 23n) * p2 + p3);
    at += 4;
  }
  for (; at < bytes.length; at++) hash = cut(turn(hash ^ cut(BigInt(bytes[at]!) * p5), 11n) * p1);
  hash = cut((hash ^ (hash >> 33n)) * p2);
  hash = cut((hash ^ (hash >> 29n)) * p3);
  return hash ^ (hash >> 32n);
}

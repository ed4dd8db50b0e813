/**
 * Compression of large payloads by what Node has built in: deflate at its fastest, or zstd, which pays
 * from about 32 KiB and is there from Node 22.15 on.
 */

import * as zlib from 'node:zlib';

/** How large payloads are made smaller. */
export interface CompressionOptions {
  /** Payloads of more bytes are compressed; 0 or more. @default 4_096 */
  readonly overBytes?: number;
  /** `auto`: zstd from 32 KiB where Node has it, deflate otherwise. @default 'auto' */
  readonly algorithm?: 'auto' | 'deflate' | 'zstd';
}

/** How a payload was compressed, as it is written into an entry. */
export const RAW = 0;
export const DEFLATE = 1;
export const ZSTD = 2;

/** Nothing that is not ours may unpack to more than this. */
const MOST_BYTES = 256 * 1024 * 1024;
const ZSTD_PAYS_FROM = 32_768;

interface Zstd {
  zstdCompressSync?(bytes: Uint8Array): Uint8Array;
  zstdDecompressSync?(bytes: Uint8Array, options: { maxOutputLength: number }): Uint8Array;
}

/** True where this Node has zstd. */
export function hasZstd(): boolean {
  return typeof (zlib as Zstd).zstdCompressSync === 'function';
}

/** Compresses if it pays; the method used, and the bytes. */
export function compress(
  bytes: Uint8Array,
  options: Required<CompressionOptions>,
): { readonly method: number; readonly bytes: Uint8Array } {
  if (bytes.length <= options.overBytes) return { method: RAW, bytes };
  const { algorithm } = options;
  const zstd = algorithm === 'zstd' || (algorithm === 'auto' && bytes.length >= ZSTD_PAYS_FROM);
  const method = zstd && hasZstd() ? ZSTD : DEFLATE;
  const packed =
    method === ZSTD
      ? ((zlib as Zstd).zstdCompressSync?.(bytes) as Uint8Array)
      : zlib.deflateRawSync(bytes, { level: 1 });
  return packed.length < bytes.length ? { method, bytes: packed } : { method: RAW, bytes };
}

/** Undoes `compress`; throws for a method that this Node does not know, and for garbage. */
export function decompress(bytes: Uint8Array, method: number): Uint8Array {
  const bound = { maxOutputLength: MOST_BYTES };
  if (method === RAW) return bytes;
  if (method === DEFLATE) return zlib.inflateRawSync(bytes, bound);
  if (method !== ZSTD || !hasZstd())
    throw new Error(`compression method ${method} is not known here`);
  return (zlib as Zstd).zstdDecompressSync?.(bytes, bound) as Uint8Array;
}

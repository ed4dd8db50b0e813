/**
 * The envelope: a value with everything that a tier has to remember of it, and its form as bytes.
 *
 * No moment is written down, only durations: how old an entry is follows from the time the tier says
 * is left. So the clocks of two hosts are never compared.
 *
 * Bytes, little-endian: 't' 'f' format flags, u32 checksum (xxh32 of all that follows, seeded with the flags), u32 schema
 * version, f64 fresh ms, f64 kept ms, f64 load ms, u32 length of a JSON head (codec, tags), head,
 * payload. Flags: bits 0–1 compression, bit 2 "known to be absent".
 */

import { xxh32 } from '../core/index.ts';
import type { Codec } from './codec.ts';
import { compress, decompress } from './compression.ts';
import type { CompressionOptions } from './compression.ts';

/** A value as it travels to a tier and back. */
export interface Envelope {
  /** Undefined: the source is known to have nothing under this key. */
  readonly value: unknown;
  /** Version of the value's shape, as the writer's options say. */
  readonly version: number;
  /** Ms for which the value is fresh, from when it was written; Infinity: always. */
  readonly freshMs: number;
  /** Ms for which the tier was asked to keep it. */
  readonly keptMs: number;
  /** How long it took to load, ms. */
  readonly loadMs: number;
  /** The tags, each with the tier's counter from before the value was loaded. */
  readonly tags: readonly (readonly [tag: string, version: number])[];
}

/** What is wrong with an entry of a tier. */
export class ForeignEntryError extends Error {}

const MAGIC_0 = 0x74;
const MAGIC_1 = 0x66;
const FORMAT = 1;
const HEAD_AT = 40;
const ABSENT_FLAG = 4;

/** The bytes of an envelope. Throws what the codec throws. */
export function packEnvelope(
  envelope: Envelope,
  codec: Codec,
  compression: Required<CompressionOptions>,
): Uint8Array {
  const absent = envelope.value === undefined;
  const plain = absent ? new Uint8Array(0) : codec.encode(envelope.value);
  const { method, bytes } = compress(plain, compression);
  const head = Buffer.from(JSON.stringify({ codec: codec.name, tags: envelope.tags }), 'utf8');
  const packed = new Uint8Array(HEAD_AT + head.length + bytes.length);
  const view = new DataView(packed.buffer);
  packed[0] = MAGIC_0;
  packed[1] = MAGIC_1;
  packed[2] = FORMAT;
  packed[3] = method | (absent ? ABSENT_FLAG : 0);
  view.setUint32(8, envelope.version, true);
  view.setFloat64(12, envelope.freshMs, true);
  view.setFloat64(20, envelope.keptMs, true);
  view.setFloat64(28, envelope.loadMs, true);
  view.setUint32(36, head.length, true);
  packed.set(head, HEAD_AT);
  packed.set(bytes, HEAD_AT + head.length);
  view.setUint32(4, xxh32(packed.subarray(8), packed[3]), true);
  return packed;
}

/**
 * The envelope in a tier's bytes.
 *
 * @throws ForeignEntryError for what is not ours, damaged, or of another codec; what the codec throws
 */
export function unpackEnvelope(payload: unknown, codec: Codec): Envelope {
  if (!(payload instanceof Uint8Array)) throw new ForeignEntryError('the payload is not bytes');
  const bytes = payload;
  if (bytes.length < HEAD_AT || bytes[0] !== MAGIC_0 || bytes[1] !== MAGIC_1) {
    throw new ForeignEntryError('the entry was not written by this library');
  }
  if (bytes[2] !== FORMAT) throw new ForeignEntryError(`format ${bytes[2]} is not known`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(4, true) !== xxh32(bytes.subarray(8), bytes[3])) {
    throw new ForeignEntryError('the checksum does not match');
  }
  const flags = bytes[3] as number;
  const bodyAt = HEAD_AT + view.getUint32(36, true);
  const head = JSON.parse(Buffer.from(bytes.subarray(HEAD_AT, bodyAt)).toString('utf8')) as {
    codec: string;
    tags: [string, number][];
  };
  if (head.codec !== codec.name) {
    throw new ForeignEntryError(`the codec is ${head.codec}, not ${codec.name}`);
  }
  const absent = (flags & ABSENT_FLAG) !== 0;
  return checkedEnvelope({
    value: absent ? undefined : codec.decode(decompress(bytes.subarray(bodyAt), flags & 3)),
    version: view.getUint32(8, true),
    freshMs: view.getFloat64(12, true),
    keptMs: view.getFloat64(20, true),
    loadMs: view.getFloat64(28, true),
    tags: head.tags,
  });
}

/**
 * What a tier gave back, as an envelope.
 *
 * @throws ForeignEntryError for what has not the shape of one
 */
export function checkedEnvelope(given: unknown): Envelope {
  const envelope = given as Partial<Envelope> | null | undefined;
  const { version, freshMs, keptMs, loadMs, tags } = envelope ?? {};
  const numbers = [version, freshMs, keptMs, loadMs];
  const isWhole =
    numbers.every((number) => typeof number === 'number' && !Number.isNaN(number)) &&
    Array.isArray(tags) &&
    tags.every((pair: unknown) => Array.isArray(pair) && typeof pair[0] === 'string');
  if (!isWhole) throw new ForeignEntryError('the entry was not written by this library');
  return envelope as Envelope;
}

/**
 * How old an entry is, ms, by what the tier says of its time left.
 *
 * @throws ForeignEntryError where that cannot be told
 */
export function ageOf({ keptMs }: Envelope, remainingMs: number): number {
  if (typeof remainingMs === 'number' && !Number.isNaN(remainingMs)) {
    if (keptMs === Infinity) return 0;
    if (remainingMs !== Infinity) return Math.max(0, keptMs - remainingMs);
  }
  throw new ForeignEntryError(`the time left of an entry is ${String(remainingMs)}`);
}

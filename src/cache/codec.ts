/**
 * Codecs: how a value becomes bytes for a tier that holds bytes.
 */

import { deserialize, serialize } from 'node:v8';

/** Turns values into bytes and back. Both ways may throw: the value is then not kept in the tier. */
export interface Codec {
  /** Written into each entry; an entry of another codec is not read. */
  readonly name: string;
  encode(value: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

/**
 * JSON: readable everywhere. Functions, symbols, bigints and cycles are refused; dates come back as
 * text, and maps, sets and class instances as what `JSON.stringify` makes of them.
 */
export function jsonCodec(): Codec {
  return {
    name: 'json',
    encode: (value) => {
      const text = JSON.stringify(value) as string | undefined;
      if (text === undefined) throw new TypeError(`JSON has no form for a ${typeof value}`);
      return Buffer.from(text, 'utf8');
    },
    decode: (bytes) => JSON.parse(textOf(bytes)) as unknown,
  };
}

/** The structured clone of V8: keeps dates, maps, sets, bigints, buffers and cycles; Node only. */
export function v8Codec(): Codec {
  return {
    name: 'v8',
    encode: (value) => serialize(value),
    decode: (bytes) => deserialize(bytes) as unknown,
  };
}

/** What `new Packr()` of the package msgpackr offers, or anything alike. */
export interface Packer {
  pack(value: unknown): Uint8Array;
  unpack(bytes: Uint8Array): unknown;
}

/**
 * MessagePack by a packer of yours, such as `new Packr()` of msgpackr: about half the size and two
 * thirds of the time of JSON. Keep shared structures (`structures`) off, or share them yourself: they
 * live in the process.
 */
export function msgpackCodec(packer: Packer): Codec {
  return {
    name: 'msgpack',
    // A packer may hand out a part of a buffer that it writes over later.
    encode: (value) => Uint8Array.prototype.slice.call(packer.pack(value)),
    decode: (bytes) => packer.unpack(bytes),
  };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/**
 * CRC-16/XMODEM, the checksum that gives a Redis Cluster key its slot.
 *
 * Source: Redis Cluster specification, appendix A (polynomial 0x1021, initial value 0, nothing
 * reflected). Our deviation: four bytes a step ("slicing", M. E. Kounavis and F. L. Berry, ISCC 2005),
 * since a byte a step is one long chain of dependent table reads.
 */
import { byteAt, type HashInput, utf8, wordAt } from './hash-input.ts';

/** At 256n + b: what the byte b leaves behind when n more bytes have followed it. */
const REMAINDERS: Uint16Array = /* @__PURE__ */ remainders();

/** The CRC-16/XMODEM of a text (as UTF-8) or of bytes, 0 … 65535. O(length). */
export function crc16(input: HashInput): number {
  const { length } = input;
  let crc = 0;
  let seen = 0;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const word = wordAt(input, at);
    seen |= word;
    crc =
      REMAINDERS[768 + (((crc >> 8) ^ word) & 0xff)]! ^
      REMAINDERS[512 + ((crc ^ (word >> 8)) & 0xff)]! ^
      REMAINDERS[256 + ((word >> 16) & 0xff)]! ^
      REMAINDERS[word >>> 24]!;
  }
  for (; at < length; at++) {
    const byte = byteAt(input, at);
    seen |= byte;
    crc = ((crc << 8) & 0xffff) ^ REMAINDERS[((crc >> 8) ^ byte) & 0xff]!;
  }
  return seen < 0 && typeof input === 'string' ? crc16(utf8(input)) : crc;
}

function remainders(): Uint16Array {
  const table = new Uint16Array(1024);
  for (let at = 0; at < table.length; at++) {
    let remainder = at < 256 ? at << 8 : table[at - 256]!;
    for (let bit = 0; bit < 8; bit++) {
      remainder = (remainder & 0x8000) === 0 ? remainder << 1 : (remainder << 1) ^ 0x1021;
    }
    table[at] = remainder;
  }
  return table;
}

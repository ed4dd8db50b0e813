/**
 * How the hash functions read their input: text as its UTF-8 bytes, exactly as TextEncoder writes them
 * (a lone surrogate becomes U+FFFD), without encoding it first where it is ASCII.
 *
 * Reading a text in 32-bit words, a word with any character beyond ASCII reads as -1, and no ASCII word
 * is negative. A hash therefore ORs its words together, and when the result is negative it starts again
 * over `utf8(text)`: keys are nearly always ASCII, and a scan ahead would cost as much as the hash.
 *
 * A text built with + or a template is a rope: V8 flattens it, once, at the first character read. Time
 * hashes on flat texts, or that is what is measured.
 */

/** Text, hashed as its UTF-8 bytes, or bytes. */
export type HashInput = string | Uint8Array;

/** The little-endian word of four bytes at `at`; -1 where text is not ASCII. */
export function wordAt(input: HashInput, at: number): number {
  if (typeof input !== 'string') {
    return input[at]! | (input[at + 1]! << 8) | (input[at + 2]! << 16) | (input[at + 3]! << 24);
  }
  const a = input.charCodeAt(at);
  const b = input.charCodeAt(at + 1);
  const c = input.charCodeAt(at + 2);
  const d = input.charCodeAt(at + 3);
  return (a | b | c | d) < 128 ? a | (b << 8) | (c << 16) | (d << 24) : -1;
}

/** The byte at `at`; -1 where text is not ASCII. */
export function byteAt(input: HashInput, at: number): number {
  if (typeof input !== 'string') return input[at]!;
  const code = input.charCodeAt(at);
  return code < 128 ? code : -1;
}

/** The UTF-8 bytes of a text, as TextEncoder gives them. */
export function utf8(text: string): Uint8Array {
  // Two passes: an exact array is cheaper than a view on one too long.
  const bytes = new Uint8Array(sizeInUtf8(text));
  let size = 0;
  for (let at = 0; at < text.length; at++) {
    const code = scalarAt(text, at);
    if (code < 0x80) {
      bytes[size++] = code;
      continue;
    }
    if (code < 0x800) {
      bytes[size++] = 0xc0 | (code >> 6);
    } else {
      if (code < 0x10000) {
        bytes[size++] = 0xe0 | (code >> 12);
      } else {
        at++;
        bytes[size++] = 0xf0 | (code >> 18);
        bytes[size++] = 0x80 | ((code >> 12) & 63);
      }
      bytes[size++] = 0x80 | ((code >> 6) & 63);
    }
    bytes[size++] = 0x80 | (code & 63);
  }
  return bytes;
}

function sizeInUtf8(text: string): number {
  let size = text.length;
  for (let at = 0; at < text.length; at++) {
    const code = scalarAt(text, at);
    if (code < 0x80) continue;
    size += code < 0x800 ? 1 : 2;
    if (code >= 0x10000) at++;
  }
  return size;
}

/** The Unicode scalar value that begins at `at`; U+FFFD for half of a surrogate pair. */
function scalarAt(text: string, at: number): number {
  const code = text.codePointAt(at)!;
  return code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
}

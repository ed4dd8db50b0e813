/**
 * Keys as bytes, one after the other in one buffer: a string object costs 24 bytes before its first
 * character, and a million of them keep the garbage collector busy.
 *
 * A key is its number of UTF-16 units and the units, each as one byte below 128, two below 16,384, three
 * above: ASCII keys take a byte a character, and every string, well-formed or not, comes back as it was.
 */

const FIRST_BYTES = 1024;
const ONE_BYTE = 0x80;
const TWO_BYTES = 0x4000;
const MARK_TWO = 0x80;
const MARK_THREE = 0xc0;
const BYTES_PER_UNIT = 3;

export class KeyBytes {
  private bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  private end = 0;
  private garbage = 0;

  /** Writes `key`, which is shorter than 2²² units, and answers where it lies. */
  add(key: string): number {
    this.reserve((key.length + 1) * BYTES_PER_UNIT);
    const at = this.end;
    this.write(key.length);
    for (let i = 0; i < key.length; i++) this.write(key.charCodeAt(i));
    return at;
  }

  /** Whether the key that lies at `at` is `key`. */
  holds(key: string, at: number): boolean {
    const { bytes } = this;
    const { length } = key;
    let from = at;
    let first = bytes[from++] as number;
    if (first < ONE_BYTE) {
      if (first !== length) return false;
    } else {
      if (this.read(at) !== length) return false;
      from = at + sizeOf(first);
    }
    for (let i = 0; i < length; i++) {
      const unit = key.charCodeAt(i);
      first = bytes[from] as number;
      if (first < ONE_BYTE) {
        if (first !== unit) return false;
        from++;
      } else {
        if (this.read(from) !== unit) return false;
        from += sizeOf(first);
      }
    }
    return true;
  }

  /** The key that lies at `at`. */
  keyAt(at: number): string {
    const length = this.read(at);
    let from = at + sizeOf(this.bytes[at] as number);
    const units: string[] = [];
    for (let i = 0; i < length; i++) {
      units.push(String.fromCharCode(this.read(from)));
      from += sizeOf(this.bytes[from] as number);
    }
    return units.join('');
  }

  /** The key at `at` is not needed any more. */
  drop(at: number): void {
    this.garbage += this.lengthOf(at);
  }

  /** True when more than half of the bytes are garbage. */
  get isWasteful(): boolean {
    return this.garbage * 2 > this.end && this.end > FIRST_BYTES;
  }

  /** Moves the keys that lie at the first `count` of `offsets` together, and corrects the offsets. */
  compact(offsets: Uint32Array, count: number): void {
    const old = this.bytes;
    const lengths = offsets.subarray(0, count).map((at) => this.lengthOf(at));
    this.bytes = new Uint8Array(FIRST_BYTES + Math.ceil((this.end - this.garbage) * GROWTH));
    this.end = 0;
    this.garbage = 0;
    for (let i = 0; i < count; i++) {
      const from = offsets[i] as number;
      const length = lengths[i] as number;
      this.bytes.set(old.subarray(from, from + length), this.end);
      offsets[i] = this.end;
      this.end += length;
    }
  }

  private lengthOf(at: number): number {
    const units = this.read(at);
    let from = at + sizeOf(this.bytes[at] as number);
    for (let i = 0; i < units; i++) from += sizeOf(this.bytes[from] as number);
    return from - at;
  }

  private reserve(size: number): void {
    if (this.end + size <= this.bytes.length) return;
    const longer = new Uint8Array(Math.ceil((this.end + size) * GROWTH));
    longer.set(this.bytes.subarray(0, this.end));
    this.bytes = longer;
  }

  private write(unit: number): void {
    const { bytes } = this;
    if (unit < ONE_BYTE) {
      bytes[this.end++] = unit;
      return;
    }
    if (unit < TWO_BYTES) {
      bytes[this.end++] = MARK_TWO | (unit >> 8);
    } else {
      bytes[this.end++] = MARK_THREE | (unit >> 16);
      bytes[this.end++] = unit >> 8;
    }
    bytes[this.end++] = unit;
  }

  private read(at: number): number {
    const { bytes } = this;
    const first = bytes[at] as number;
    if (first < ONE_BYTE) return first;
    const second = bytes[at + 1] as number;
    if (first < MARK_THREE) return ((first & 0x3f) << 8) | second;
    return ((first & 0x3f) << 16) | (second << 8) | (bytes[at + 2] as number);
  }
}

/** How much longer a buffer is made than it must be. */
const GROWTH = 1.25;

/** Bytes of a unit that begins with `first`. */
function sizeOf(first: number): number {
  if (first < ONE_BYTE) return 1;
  return first < MARK_THREE ? 2 : BYTES_PER_UNIT;
}

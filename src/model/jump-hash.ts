/**
 * Consistent hashing to numbered buckets without any table: each key has one bucket of `count`, and
 * one bucket more takes its share evenly from all the others and moves nothing else.
 *
 * Sources: J. Lamping and E. Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm" (2014);
 * O. Ertl, "JumpBackHash" (2024), over SplitMix64 as in hash4j. Our deviation: 64-bit arithmetic in
 * two 32-bit halves, exact, since BigInt costs 4 to 8 times as much.
 */
import { type Hash64, productHigh, sumHigh } from '../core/hash-xxh64.ts';
import { optionChecks } from '../core/options.ts';

// 2862933555777941757, the multiplier of the generator of the paper.
const STEP_HIGH = 0x27bb2ee6;
const STEP_LOW = 0x87b0b0fd | 0;

/**
 * The bucket, 0 … count − 1, of a 64-bit hash: jump consistent hash, the same in every language.
 * O(log count).
 *
 * @throws OptionError (`ERR_OPTION`) unless `count` is a whole number from 1 to 2³¹
 */
export function jumpHash({ high, low }: Readonly<Hash64>, count: number): number {
  checkCount('jumpHash', count);
  let bucket = 0;
  for (let next = 0; next < count;) {
    bucket = next;
    const upper = productHigh(high, low, STEP_HIGH, STEP_LOW);
    const lower = Math.imul(low, STEP_LOW);
    high = sumHigh(upper, lower, 0, 1);
    low = (lower + 1) | 0;
    next = Math.floor((bucket + 1) * (2 ** 31 / ((high >>> 1) + 1)));
  }
  return bucket;
}

/**
 * The bucket, 0 … count − 1, of a 64-bit hash by JumpBackHash: the same promise as {@link jumpHash},
 * in constant time on average.
 *
 * @throws OptionError (`ERR_OPTION`) unless `count` is a whole number from 1 to 2³¹
 */
export function jumpBackHash(hash: Readonly<Hash64>, count: number): number {
  checkCount('jumpBackHash', count);
  if (count === 1) return 0;
  const state = { high: hash.high | 0, low: hash.low | 0 };
  const draw = { high: 0, low: 0 };
  splitMix(state, draw);
  const { high, low } = draw;
  // Each set bit says that a bucket of that octave was once the last one taken; the highest counts.
  let octaves = (high ^ low) & (-1 >>> Math.clz32(count - 1));
  while (octaves !== 0) {
    const first = 2 ** (31 - Math.clz32(octaves));
    const half = bitCount(octaves) % 2 === 0 ? low : high;
    let bucket = first + (half & (first - 1));
    if (bucket < count) return bucket;
    bucket = redraw(state, draw, first, count);
    if (bucket >= 0) return bucket;
    octaves ^= first;
  }
  return 0;
}

/** A bucket of the octave from `first` that is below `count`, or -1 when the walk leaves the octave. */
function redraw(state: Hash64, draw: Hash64, first: number, count: number): number {
  const mask = first * 2 - 1;
  for (;;) {
    splitMix(state, draw);
    for (const half of [draw.low, draw.high]) {
      const bucket = half & mask;
      if (bucket < first) return -1;
      if (bucket < count) return bucket;
    }
  }
}

function bitCount(value: number): number {
  let count = 0;
  for (let left = value; left !== 0; left &= left - 1) count++;
  return count;
}

/** One step of SplitMix64 (G. Steele et al., 2014). */
function splitMix(state: Hash64, into: Hash64): void {
  state.high = sumHigh(state.high, state.low, 0x9e3779b9 | 0, 0x7f4a7c15);
  state.low = (state.low + 0x7f4a7c15) | 0;
  let { high, low } = state;
  let mixedLow = low ^ ((low >>> 30) | (high << 2));
  let mixedHigh = high ^ (high >>> 30);
  high = productHigh(mixedHigh, mixedLow, 0xbf58476d | 0, 0x1ce4e5b9);
  low = Math.imul(mixedLow, 0x1ce4e5b9);
  mixedLow = low ^ ((low >>> 27) | (high << 5));
  mixedHigh = high ^ (high >>> 27);
  high = productHigh(mixedHigh, mixedLow, 0x94d049bb | 0, 0x133111eb);
  low = Math.imul(mixedLow, 0x133111eb);
  into.low = low ^ ((low >>> 31) | (high << 1));
  into.high = high ^ (high >>> 31);
}

function checkCount(subject: string, count: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= 2 ** 31) return;
  optionChecks(subject).number('count', count, { min: 1, max: 2 ** 31, integer: true });
}

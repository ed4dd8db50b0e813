// The G-test of evenness, and the counts it judges.
import { seededRandom } from '../../src/core/index.ts';
import type { Hash64 } from '../../src/core/index.ts';

type BucketOf = (hash: Readonly<Hash64>, count: number) => number;

/**
 * How many of so many random hashes fall into each bucket, for every number of buckets up to `most`.
 * A hash stays in its bucket b from b + 1 buckets on until it moves, so that a walk from `most` down
 * the buckets it had finds all of them in some six look-ups.
 */
export function bucketCounts(bucketOf: BucketOf, hashes: number, most: number): Uint32Array[] {
  const counts = Array.from({ length: most + 1 }, (_, buckets) => new Uint32Array(buckets));
  const random = seededRandom('uniformity');
  const hash = { high: 0, low: 0 };
  for (let drawn = 0; drawn < hashes; drawn++) {
    hash.high = (random() * 2 ** 32) | 0;
    hash.low = (random() * 2 ** 32) | 0;
    for (let last = most; last > 0;) {
      const bucket = bucketOf(hash, last);
      for (let buckets = bucket + 1; buckets <= last; buckets++) counts[buckets]![bucket]!++;
      last = bucket;
    }
  }
  return counts;
}

/** The probability that chance alone makes counts at least as uneven. */
export function gTest(counts: ArrayLike<number>, expected: number): number {
  const g =
    2 * Array.from(counts).reduce((sum, n) => sum + (n === 0 ? 0 : n * Math.log(n / expected)), 0);
  return upperGamma((counts.length - 1) / 2, Math.max(0, g) / 2);
}

/** The regularised upper incomplete gamma function (Press et al., Numerical Recipes, 6.2). */
function upperGamma(a: number, x: number): number {
  if (x === 0) return 1;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = a + 1; term > sum * 1e-15; n++) {
      term *= x / n;
      sum += term;
    }
    return 1 - scale * sum;
  }
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < 10_000; n++) {
    const factor = -n * (n - a);
    b += 2;
    d = 1 / (factor * d + b);
    c = b + factor / c;
    fraction *= c * d;
    if (Math.abs(c * d - 1) < 1e-14) break;
  }
  return scale * fraction;
}

/** Lanczos, with the coefficients of Numerical Recipes 6.1. */
function logGamma(x: number): number {
  const coefficients = [
    76.18009172947146, -86.50532032941677, 24.01409824083091, -1.231739572450155,
    0.1208650973866179e-2, -0.5395239384953e-5,
  ];
  const series = coefficients.reduce(
    (sum, value, at) => sum + value / (x + at + 1),
    1.000000000190015,
  );
  const base = x + 5.5;
  return (x + 0.5) * Math.log(base) - base + Math.log((2.5066282746310005 * series) / x);
}

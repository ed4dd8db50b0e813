/**
 * A ring of points: each owner stands at many places of the 64-bit circle, and a hash belongs to the
 * first point at or after it.
 *
 * Sources: D. Karger et al., "Consistent Hashing and Random Trees" (1997); the points and the sizing of
 * Envoy's and gRPC's ring_hash (xxh64 of `name_index`). Our deviation: a look-up goes through an index
 * of as many buckets as there are points, so it takes a step or two, not a binary search.
 */
import { type Hash64, xxh64 } from '../core/hash-xxh64.ts';
import { optionChecks } from '../core/options.ts';

/** Where an owner stands; `high` and `low` are unsigned 32-bit integers. */
export interface RingPoint extends Readonly<Hash64> {
  /** Index of the owner. */
  readonly owner: number;
}

/** A ring made of points, sorted. */
export interface HashRing {
  /** How many points there are. */
  readonly size: number;
  /** The position of the first point at or after the hash; 0 past the last one. O(1) on average. */
  find(high: number, low: number): number;
  /** The owner at a position, 0 … size − 1. */
  ownerAt(position: number): number;
  /** The point at a position. */
  pointAt(position: number): RingPoint;
}

/**
 * Builds a ring. Points that coincide are ordered by owner, so that every process agrees. A ring
 * without points finds position 0 and owns nothing.
 */
export function hashRing(points: readonly RingPoint[]): HashRing {
  return new IndexedRing(points);
}

/** Makes the points of named owners: xxh64 of `name_0`, `name_1`, … */
export function namedPoints(
  names: readonly string[],
  counts: readonly number[],
  hash: (text: string) => Readonly<Hash64> = xxh64,
): RingPoint[] {
  // The index comes last and after a separator: name and index never run into one another, as
  // "member" + 10 and "member1" + 0 do.
  return names.flatMap((name, owner) =>
    Array.from({ length: counts[owner]! }, (_, index) => {
      const { high, low } = hash(`${name}_${index}`);
      return { high: high >>> 0, low: low >>> 0, owner };
    }),
  );
}

/** Bounds of a ring as Envoy sizes it. */
export interface RingSizing {
  readonly minSize: number;
  readonly maxSize: number;
}

/**
 * How many points each owner gets by Envoy's rule: so many that the lightest gets a whole number and
 * there are at least `minSize`, but at most about `maxSize` altogether.
 *
 * @param weights above 0, in the order of the owners
 * @throws OptionError (`ERR_OPTION`) when `minSize` exceeds `maxSize`
 */
export function sizedPoints(
  weights: readonly number[],
  { minSize, maxSize }: RingSizing,
): number[] {
  const check = optionChecks('sizedPoints');
  check.count('minSize', minSize);
  check.number('maxSize', maxSize, { min: minSize, integer: true });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const least = Math.min(...weights) / total;
  const scale = Math.min(Math.ceil(least * minSize) / least, maxSize);
  let emitted = 0;
  let target = 0;
  return weights.map((weight) => {
    target += (weight / total) * scale;
    const count = Math.max(0, Math.ceil(target - emitted));
    emitted += count;
    return count;
  });
}

class IndexedRing implements HashRing {
  readonly size: number;
  private readonly highs: Uint32Array;
  private readonly lows: Uint32Array;
  private readonly owners: Uint32Array;
  /** By the top bits of a hash: the first position that can hold its point. */
  private readonly starts: Uint32Array;
  private readonly shift: number;

  constructor(points: readonly RingPoint[]) {
    const sorted = [...points].sort(
      (a, b) => a.high - b.high || a.low - b.low || a.owner - b.owner,
    );
    this.size = sorted.length;
    this.highs = Uint32Array.from(sorted, (point) => point.high);
    this.lows = Uint32Array.from(sorted, (point) => point.low);
    this.owners = Uint32Array.from(sorted, (point) => point.owner);
    const bits = Math.min(24, Math.max(1, Math.ceil(Math.log2(this.size + 1))));
    this.shift = 32 - bits;
    this.starts = new Uint32Array(2 ** bits);
    for (let bucket = 0, position = 0; bucket < this.starts.length; bucket++) {
      while (position < this.size && this.highs[position]! >>> this.shift < bucket) position++;
      this.starts[bucket] = position;
    }
  }

  find(high: number, low: number): number {
    const { highs, lows, size } = this;
    let position = this.starts[high >>> this.shift]!;
    while (
      position < size &&
      (highs[position]! < high || (highs[position] === high && lows[position]! < low))
    ) {
      position++;
    }
    return position === size ? 0 : position;
  }

  ownerAt(position: number): number {
    return this.owners[position]!;
  }

  pointAt(position: number): RingPoint {
    return {
      high: this.highs[position]!,
      low: this.lows[position]!,
      owner: this.owners[position]!,
    };
  }
}

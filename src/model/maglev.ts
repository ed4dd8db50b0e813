/**
 * Maglev's table: every host lists all places of a prime-sized table in an order of its own, and the
 * hosts take turns at claiming the next free place of their list. A look-up is one array read; a
 * change of hosts moves little beyond their share, but not nothing.
 *
 * Source: D. Eisenbud et al., "Maglev", NSDI 2016, §3.4. Weights as in Envoy's maglev_lb: a host takes
 * a turn in a round when round × weight has reached its target, which then grows by the greatest
 * weight. No modulo in the inner loop (envoy#44167): a place advances by its skip and wraps.
 */
import { type Hash64, xxh64 } from '../core/hash-xxh64.ts';
import { optionChecks } from '../core/options.ts';

/** The lists of places, one entry a host. */
export interface MaglevTurns {
  /** First place of each host's list, 0 … size − 1. */
  readonly offsets: readonly number[];
  /** From one place of the list to the next, 1 … size − 1. */
  readonly skips: readonly number[];
  /** Share of the turns; 0 takes none. @default equal */
  readonly weights?: readonly number[];
  /** Places; a prime below 2²¹, 100 times the hosts or more. */
  readonly size: number;
}

/**
 * The index of the host at each place. O(size × log size) on average.
 *
 * @throws OptionError (`ERR_OPTION`) when `size` is no prime or no host takes turns
 */
export function maglevTable({ offsets, skips, weights, size }: MaglevTurns): Uint32Array {
  const check = optionChecks('maglevTable');
  if (!isPrime(size) || size > LARGEST) check.refuse('size', 'a prime below 2,097,152', size);
  const shares = offsets.map((_, host) => check.nonNegative('weights', weights?.[host] ?? 1));
  const greatest = Math.max(0, ...shares);
  if (greatest === 0) check.refuse('weights', 'above 0 for one host at least', weights);
  const table = new Uint32Array(size).fill(FREE);
  const places = Uint32Array.from(offsets);
  const targets = new Float64Array(offsets.length);
  for (let round = 1, filled = 0; ; round++) {
    for (let host = 0; host < places.length; host++) {
      const share = shares[host]!;
      if (share === 0 || round * share < targets[host]!) continue;
      targets[host]! += greatest;
      const skip = skips[host]!;
      let place = places[host]!;
      while (table[place] !== FREE)
        place = place + skip >= size ? place + skip - size : place + skip;
      table[place] = host;
      places[host] = place;
      if (++filled === size) return table;
    }
  }
}

/**
 * The turns of named hosts as Envoy draws them: offset from xxh64 of the name, skip from xxh64 with
 * seed 1. Envoy lets hosts take turns in ascending order of their names.
 */
export function maglevTurns(
  names: readonly string[],
  size: number,
): Pick<MaglevTurns, 'offsets' | 'skips'> {
  return {
    offsets: names.map((name) => remainder(xxh64(name), size)),
    skips: names.map((name) => remainder(xxh64(name, 1), size - 1) + 1),
  };
}

/** The place of a 64-bit hash in a table of `size`, which is at most 2²¹ so that every step is exact. */
export function maglevPlace(hash: Readonly<Hash64>, size: number): number {
  return remainder(hash, size);
}

/** The hash under which Envoy looks again when the host found before will not do; attempt 0 is the first. */
export function retryHash({ high, low }: Readonly<Hash64>, attempt: number): Hash64 {
  // hash ^ (2⁶⁴ − attempt): the two's complement of the attempt
  return attempt === 0 ? { high, low } : { high: ~high >>> 0, low: (low ^ -attempt) >>> 0 };
}

function remainder({ high, low }: Readonly<Hash64>, divisor: number): number {
  return (((high >>> 0) % divisor) * 2 ** 32 + (low >>> 0)) % divisor;
}

const LARGEST = 2 ** 21;
const FREE = 0xffff_ffff;

function isPrime(value: number): boolean {
  if (!Number.isInteger(value) || value < 2) return false;
  for (let divisor = 2; divisor * divisor <= value; divisor++) {
    if (value % divisor === 0) return false;
  }
  return true;
}

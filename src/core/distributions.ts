/**
 * Draws from the distributions that loads and services follow, as functions of a source of uniform
 * numbers in [0, 1): a seeded stream in a test or a simulation, `runtime.random(name)` elsewhere.
 */
import { optionChecks } from './options.ts';

/** A source of uniform numbers in [0, 1). */
export type Random = () => number;

/** The time to the next event when events come independently, `mean` apart on average. */
export function exponential(random: Random, mean: number): number {
  // 1 - u, because u can be 0 and its logarithm is not a time.
  return -mean * Math.log(1 - random());
}

/** A normal variable of mean 0 and deviation 1 (Box and Muller, 1958, one of the pair). */
export function standardNormal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
}

/** A lognormal variable: half the draws lie below `median`; `sigma` is the deviation of the logarithm. */
export function lognormal(random: Random, median: number, sigma: number): number {
  return median * Math.exp(sigma * standardNormal(random));
}

/**
 * Returns a function that draws an index with probability in proportion to its weight. O(n) to make,
 * O(log n) to draw.
 * @throws OptionError (`ERR_OPTION`) unless every weight is finite and not negative, and one is above 0.
 */
export function weightedIndex(weights: readonly number[]): (random: Random) => number {
  const checks = optionChecks('weightedIndex');
  const ends = new Float64Array(weights.length);
  let total = 0;
  weights.forEach((weight, index) => {
    total += checks.nonNegative(`weights[${index}]`, weight);
    ends[index] = total;
  });
  if (!(total > 0 && total < Infinity)) checks.refuse('weights', 'sum to a positive number', total);
  return (random) => firstAbove(ends, random() * total);
}

/**
 * Returns a function that draws a rank 0 … count - 1 by Zipf's law: rank r has weight
 * (r + 1)^-exponent. Exponent 0 is uniform, around 1 is what keys and tenants show.
 * @throws OptionError (`ERR_OPTION`) for a count that is not a positive integer or an exponent below 0.
 */
export function zipf(count: number, exponent: number): (random: Random) => number {
  const checks = optionChecks('zipf');
  checks.count('count', count);
  checks.nonNegative('exponent', exponent);
  return weightedIndex(Array.from({ length: count }, (_, rank) => (rank + 1) ** -exponent));
}

/** A copy of the items in random order, every order equally likely (Fisher and Yates). */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const copy = items.slice();
  for (let left = copy.length; left > 1; left--) {
    const picked = Math.floor(random() * left);
    const item = copy[picked]!;
    copy[picked] = copy[left - 1]!;
    copy[left - 1] = item;
  }
  return copy;
}

/** The first index whose entry is above the value, in ascending entries, the last of which is. */
function firstAbove(ends: Float64Array, value: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ends[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
